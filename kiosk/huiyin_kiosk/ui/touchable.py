"""Everything that can be touched: it acts when the finger is lifted inside, and shows that it feels the finger."""

from collections.abc import Callable
from typing import Any, NamedTuple

from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.input import MotionEvent

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.icon import icon
from huiyin_kiosk.ui.lettering import Lettering, width_of
from huiyin_kiosk.ui.measure import BODY
from huiyin_kiosk.ui.palette import (
    BRAND,
    BRAND_DEEP,
    BRAND_SOFT,
    CARD,
    DISABLED,
    INK,
    LINE,
    ON_BRAND,
    ON_DISABLED,
    Colour,
)
from huiyin_kiosk.ui.stage import ROUND, Panel, Stage, draw_card
from huiyin_kiosk.visit.happenings import Happening


class Look(NamedTuple):
    """Ground, text and edge of a button, and its ground while a finger is on it."""

    ground: Colour
    ink: Colour
    edge: Colour | None
    pressed: Colour
    lifted: bool = False


PRIMARY = Look(BRAND, ON_BRAND, None, BRAND_DEEP)
PLAIN = Look(CARD, INK, LINE, BRAND_SOFT)
LIFTED = Look(CARD, INK, None, BRAND_SOFT, lifted=True)
SOFT = Look(BRAND_SOFT, BRAND_DEEP, None, LINE)
ON_BAND = Look(BRAND_DEEP, ON_BRAND, None, BRAND)
CHOSEN = Look(BRAND, ON_BRAND, None, BRAND_DEEP)
OFF = Look(DISABLED, ON_DISABLED, None, DISABLED)


class Touchable(Panel):
    """A button. `name` is what tests and the pretend visitor find it by; `on_touched` says what happened."""

    def __init__(
        self, stage: Stage, area: Area, *, name: str, look: Look, on_touched: Callable[[], Happening | None]
    ) -> None:
        super().__init__(stage, area)
        self.name = name
        self._normal = look
        self._on_touched = on_touched
        self.pressed = False
        self.chosen = False
        self.off = False
        self.drawn_area = area
        self.draw()

    @property
    def look(self) -> Look:
        """Return how the button looks at this moment."""
        return OFF if self.off else CHOSEN if self.chosen else self._normal

    def set_chosen(self, chosen: bool) -> None:
        """Show the button as picked, or not."""
        if chosen != self.chosen:
            self.chosen = chosen
            self.draw()

    def set_off(self, off: bool) -> None:
        """Let the button not be touched for now."""
        if off != self.off:
            self.off = off
            self.draw()

    def draw(self) -> None:
        """Draw the ground anew; what stands on it is the concern of those who inherit."""
        look = self.look
        self.canvas.before.clear()
        with self.canvas.before:
            draw_card(
                self.drawn_area,
                look.pressed if self.pressed else look.ground,
                self.stage.px(ROUND),
                edge=look.edge,
                edge_width=self.stage.px(0.3),
                lifted=look.lifted and not self.pressed,
            )

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Take the finger when it came down here."""
        if not self.collide_point(*touch.pos):
            return False
        if not self.off:
            touch.grab(self)
            self._press(True)
        return True

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """Show whether lifting the finger now would act."""
        if touch.grab_current is not self:
            return False
        self._press(self.collide_point(*touch.pos))
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Act when the finger is lifted inside."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        self._press(False)
        if self.collide_point(*touch.pos) and not self.off:
            happening = self._on_touched()
            if happening is not None:
                self.stage.send(happening)
        return True

    def _press(self, pressed: bool) -> None:
        if pressed != self.pressed:
            self.pressed = pressed
            self.draw()


class PushButton(Touchable):
    """A button with a text, and a sign before or after it. With `checks` a picked one shows a tick, not only colour."""

    def __init__(
        self,
        stage: Stage,
        area: Area,
        text: str,
        *,
        name: str,
        on_touched: Callable[[], Happening | None],
        look: Look = PLAIN,
        size: float = BODY,
        sign: str = "",
        sign_after: bool = False,
        checks: bool = False,
        drawn: Area | None = None,
    ) -> None:
        self._sign = sign
        self._sign_after = sign_after
        self._checks = checks
        self._text_size = size
        self._letters: Lettering | None = None
        super().__init__(stage, area, name=name, look=look, on_touched=on_touched)
        self.drawn_area = drawn or area
        self.say(text)

    def say(self, text: str) -> None:
        """Change the text."""
        px = self.stage.px
        if self._letters is not None:
            self.remove_widget(self._letters)
            self._letters = None
        room = self.drawn_area.inset(min(px(2), self.drawn_area.width * 0.08), 0)
        self._sign_area = room
        self._sign_side = px(self._text_size * (0.95 if text else 1.15))
        if self._sign and text:
            self._sign_area, room = self._side_by_side(text, room)
        if text:
            sizes = self.stage.letters(self._text_size, BODY)
            self._letters = Lettering(room, text, sizes=sizes, colour=self.look.ink)
            self.add_widget(self._letters)
        self.draw()

    def _side_by_side(self, text: str, room: Area) -> tuple[Area, Area]:
        """Return the places of sign and text: together in the middle when there is room."""
        px = self.stage.px
        gap = px(self._text_size * 0.4)
        wide = min(
            room.width, self._sign_side + gap + width_of(text, self.stage.letters(self._text_size, BODY)[0]) + px(1)
        )
        group = room.middle(wide, room.height)
        return (group.cut_right if self._sign_after else group.cut_left)(self._sign_side, gap)

    def draw(self) -> None:
        """Draw the ground, the sign and the tick in the colours of the moment."""
        super().draw()
        px = self.stage.px
        if self._letters:
            self._letters.say(self._letters.text, colour=self.look.ink)
        if self._sign and getattr(self, "_sign_area", None):
            draw_sign(self, icon(self._sign, self._sign_side, self.look.ink), self._sign_area)
        if self._checks and self.chosen:
            corner = self.drawn_area.inset(px(2)).cut_top(px(5))[0].cut_right(px(5))[0]
            draw_sign(self, icon("check", px(5), self.look.ink), corner)


def draw_sign(panel: Any, texture: Texture, area: Area) -> None:
    """Put a picture in the middle of an area, over the ground of a button."""
    middle = area.middle(*texture.size)
    with panel.canvas.before:
        Color(1, 1, 1, 1)
        Rectangle(texture=texture, pos=middle.pos, size=texture.size)
