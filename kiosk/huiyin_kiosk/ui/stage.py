"""What every screen gets to draw with: sizes, texts, and the way to say what was touched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kivy.graphics import BorderImage, Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.uix.widget import Widget

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.drawing import Pen, picture
from huiyin_kiosk.ui.lettering import Height, Lettering, Side, width_of
from huiyin_kiosk.ui.lines import fit
from huiyin_kiosk.ui.measure import BODY, Measure
from huiyin_kiosk.ui.palette import INK, SHADOW, WHITE, Colour
from huiyin_kiosk.visit.happenings import Happening
from huiyin_shared.catalogue import Catalogue
from huiyin_shared.survey import Language

LEAD = 8.3
TITLE = 10.4
HUGE = 18.3
MARGIN = 7.0
GAP = 4.0
ROUND = 3.5


@dataclass(frozen=True)
class Stage:
    """A screen's surroundings; a new one is made when the window or the language changes."""

    measure: Measure
    language: Language
    texts: Catalogue
    other_texts: Catalogue
    send: Callable[[Happening], None]
    visit_code: Callable[[], str]
    device: str

    def px(self, units: float) -> float:
        """Return units as pixels."""
        return units * self.measure.unit

    def letters(self, size: float, least: float | None = None) -> tuple[int, ...]:
        """Return letter sizes in pixels, from `size` units down to `least` (by default `size` alone)."""
        return self.measure.letter_sizes(size, size if least is None else min(least, size))

    @property
    def body(self) -> int:
        """Return the size of ordinary letters in pixels."""
        return self.letters(BODY)[0]

    def closer(self, units: float, tight_units: float) -> float:
        """Return `units` as pixels, or `tight_units` where there is little height."""
        return self.px(tight_units if self.measure.tight else units)

    @property
    def whole(self) -> Area:
        """Return the whole screen."""
        return Area(0, 0, self.measure.width, self.measure.height)


class Panel(Widget):
    """An area that holds others, with a few ways of drawing on it."""

    def __init__(self, stage: Stage, area: Area) -> None:
        super().__init__(size_hint=(None, None), pos=area.pos, size=area.size)
        self.stage = stage
        self.area = area

    def write(
        self,
        area: Area,
        text: str,
        *,
        size: float = BODY,
        least: float = BODY,
        colour: Colour = INK,
        side: Side = "center",
        height: Height = "middle",
        together: bool = False,
    ) -> Lettering:
        """Put a text on the panel; sizes in units."""
        sizes = self.stage.letters(size, least)
        letters = Lettering(area, text, sizes=sizes, colour=colour, side=side, height=height, together=together)
        self.add_widget(letters)
        return letters

    def write_first_fitting(
        self,
        area: Area,
        texts: Sequence[str],
        *,
        size: float = BODY,
        least: float = BODY,
        colour: Colour = INK,
        side: Side = "center",
    ) -> Lettering:
        """Put the first of the texts on the panel that needs no cutting; the last one when none does."""
        room = (area.width, area.height)
        sizes = self.stage.letters(size, least)
        fits = (t for t in texts if not fit(t, sizes=sizes, room=room, width=width_of).cut)
        return self.write(area, next(fits, texts[-1]), size=size, least=least, colour=colour, side=side, together=True)

    def paint(self, area: Area, colour: Colour) -> None:
        """Fill an area."""
        with self.canvas.before:
            Color(*colour)
            Rectangle(pos=area.pos, size=area.size)

    def card(self, area: Area, colour: Colour, *, edge: Colour | None = None, lifted: bool = False) -> None:
        """Draw a card with round corners."""
        with self.canvas.before:
            draw_card(area, colour, self.stage.px(ROUND), edge=edge, edge_width=self.stage.px(0.3), lifted=lifted)

    def show_picture(self, area: Area, texture: Texture) -> None:
        """Put a square picture in the middle of an area."""
        middle = area.middle(texture.width, texture.height)
        with self.canvas.before:
            Color(1, 1, 1, 1)
            Rectangle(texture=texture, pos=middle.pos, size=texture.size)


def draw_card(
    area: Area, colour: Colour, radius: float, *, edge: Colour | None, edge_width: float, lifted: bool = False
) -> None:
    """Draw a card into the canvas that is open now."""
    x, y = area.pos
    width, height = area.size
    radius = min(radius, width / 2, height / 2)
    if lifted:
        _round_corners(x, y - max(1, round(radius * 0.22)), width, height, radius, SHADOW)
    if edge is not None:
        _round_corners(x, y, width, height, radius, edge)
        line = max(1, round(edge_width))
        x, y, width, height, radius = x + line, y + line, width - 2 * line, height - 2 * line, radius - line
    _round_corners(x, y, width, height, radius, colour)


def _round_corners(x: float, y: float, width: float, height: float, radius: float, colour: Colour) -> None:
    """Fill a rectangle with round corners.

    It is a disc stretched in the middle: Kivy's own rounded rectangle takes 80 kB of memory each, and a keyboard has
    many keys.
    """
    corner = max(2, round(radius))
    disc = picture("disc", 2 * corner + 2, _draw_disc, rim=WHITE)
    Color(*colour)
    BorderImage(texture=disc, border=(corner,) * 4, pos=(x, y), size=(width, height))


def _draw_disc(pen: Pen) -> None:
    pen.colour(WHITE)
    pen.disc(0, 0, 1)
