"""Texts on the screen: the font, how wide a text is, and the label that always fits its area."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from kivy.core.text import Label as CoreLabel
from kivy.core.text import LabelBase
from kivy.graphics import Color, Rectangle
from kivy.uix.widget import Widget
from pylopdf_fonts_zh_cn import sans_path

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.lines import LINE_HEIGHT, balanced, fit
from huiyin_kiosk.ui.palette import INK, Colour

FONT = "Huiyin"
BALANCED_LINES = 3
Side = Literal["left", "center", "right"]
Height = Literal["top", "middle", "bottom"]


def load_font() -> None:
    """Make the font known to Kivy; call once, before the first text."""
    LabelBase.register(FONT, str(sans_path()))


def width_of(text: str, size: int) -> float:
    """Return how wide a text is at a letter size, in pixels.

    Only single letters are remembered: nothing a visitor wrote may stay in memory.
    """
    return sum(_letter_width(letter, size) for letter in text)


@lru_cache(maxsize=20_000)
def _letter_width(letter: str, size: int) -> float:
    # A letter alone may be measured wider than the step to the next one.
    return float(_ruler(size).get_extents(letter * 8)[0]) / 8


@lru_cache(maxsize=32)
def _ruler(size: int) -> CoreLabel:
    return CoreLabel(font_name=FONT, font_size=size)


class Lettering(Widget):
    """A text in an area. It takes the smaller of `sizes` before anything is cut off; `cut` tells that it was."""

    def __init__(
        self,
        area: Area,
        text: str = "",
        *,
        sizes: Sequence[int],
        colour: Colour = INK,
        side: Side = "center",
        height: Height = "middle",
        together: bool = False,
    ) -> None:
        super().__init__(size_hint=(None, None), pos=area.pos, size=area.size)
        self._area = area
        self._sizes = sizes
        self._side = side
        self._height = height
        self._together = together
        self._colour = colour
        self.text = ""
        self.cut = False
        self.letter_size = sizes[0]
        self.say(text)

    def say(self, text: str, *, colour: Colour | None = None) -> None:
        """Show another text, or the same in another colour."""
        if text == self.text and (colour is None or colour == self._colour):
            return
        self.text = text
        self._colour = colour or self._colour
        room = (self._area.width, self._area.height)
        fitted = fit(text, sizes=self._sizes, room=room, width=width_of, together=self._together)
        self.cut = fitted.cut
        self.letter_size = fitted.size
        self.canvas.clear()
        lines = fitted.lines
        if not fitted.cut and len(lines) <= BALANCED_LINES:
            lines = balanced(lines, text, fitted.size, self._area.width, width_of)
        step = fitted.size * LINE_HEIGHT
        bottom = self._first_line(len(lines) * step) - step
        with self.canvas:
            Color(*self._colour)
            for line in lines:
                self._draw(line, fitted.size, bottom, step)
                bottom -= step

    def _first_line(self, tall: float) -> float:
        """Return the top edge of the first line."""
        area = self._area
        match self._height:
            case "top":
                return area.y + area.height
            case "middle":
                return area.y + (area.height + tall) / 2
        return area.y + tall

    def _draw(self, line: str, size: int, bottom: float, step: float) -> None:
        if not line.strip():
            return
        label = CoreLabel(text=line, font_name=FONT, font_size=size)
        label.refresh()
        texture = label.texture
        wide, tall = texture.size
        area = self._area
        slack = {"left": 0.0, "center": (area.width - wide) / 2, "right": area.width - wide}[self._side]
        Rectangle(texture=texture, pos=(round(area.x + slack), round(bottom + (step - tall) / 2)), size=(wide, tall))
