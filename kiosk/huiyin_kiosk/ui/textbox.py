"""Where typed text appears: its last lines, and a caret after the last letter."""

from kivy.core.text import Label as CoreLabel
from kivy.graphics import Color, Rectangle

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.lettering import FONT, width_of
from huiyin_kiosk.ui.lines import LINE_HEIGHT, break_lines
from huiyin_kiosk.ui.palette import BRAND, CARD, HINT, INK, LINE
from huiyin_kiosk.ui.stage import LEAD, ROUND, Panel, Stage, draw_card


class TextBox(Panel):
    """Draws the end of a text; a hint while there is none. `focused` draws the edge and the caret."""

    def __init__(self, stage: Stage, area: Area, *, hint: str, one_line: bool = False) -> None:
        super().__init__(stage, area)
        self._hint = hint
        self._one_line = one_line
        self._shown: tuple[str, bool] | None = None

    def say(self, text: str, *, focused: bool = True) -> None:
        """Show the end of `text`."""
        if self._shown == (text, focused):
            return
        self._shown = (text, focused)
        px = self.stage.px
        size = self.stage.letters(LEAD)[0]
        room = self.area.inset(px(4), px(2.5))
        lines = break_lines(text or self._hint, size, room.width - px(2), width_of)
        fits = max(1, int(room.height // (size * LINE_HEIGHT)))
        lines = lines[-fits:]
        self.canvas.clear()
        with self.canvas:
            edge = BRAND if focused else LINE
            draw_card(self.area, CARD, px(ROUND), edge=edge, edge_width=px(0.7 if focused else 0.3))
            self._draw(lines, room, size, text, focused)

    def _draw(self, lines: list[str], room: Area, size: int, text: str, focused: bool) -> None:
        step = size * LINE_HEIGHT
        top = room.y + (room.height + step) / 2 if self._one_line else room.y + room.height
        for i, line in enumerate(lines):
            label = CoreLabel(text=line or " ", font_name=FONT, font_size=size)
            label.refresh()
            wide, tall = label.texture.size
            bottom = top - (i + 1) * step
            Color(*(INK if text else HINT))
            Rectangle(texture=label.texture, pos=(round(room.x), round(bottom + (step - tall) / 2)), size=(wide, tall))
        if focused:
            last = lines[-1] if text else ""
            row = len(lines) if text else 1
            Color(*BRAND)
            x = room.x + width_of(last, size) + (self.stage.px(0.6) if last else -self.stage.px(1.2))
            Rectangle(
                pos=(round(x), round(top - row * step + step * 0.1)),
                size=(max(2, round(size * 0.07)), step * 0.8),
            )
