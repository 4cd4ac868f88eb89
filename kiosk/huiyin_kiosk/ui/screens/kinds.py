"""Behind the second door: complaint, suggestion, praise or enquiry."""

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.frame import Screen
from huiyin_kiosk.ui.icon import icon
from huiyin_kiosk.ui.lettering import Side, width_of
from huiyin_kiosk.ui.lines import LINE_HEIGHT, break_lines
from huiyin_kiosk.ui.measure import BODY
from huiyin_kiosk.ui.palette import KIND_SKINS, ON_BRAND, QUIET
from huiyin_kiosk.ui.stage import GAP, LEAD, TITLE, Stage
from huiyin_kiosk.ui.touchable import LIFTED, Touchable, draw_sign
from huiyin_kiosk.visit.happenings import KindChosen
from huiyin_kiosk.visit.state import State
from huiyin_shared.survey import FEEDBACK_KINDS, FeedbackKind

NAME_UNITS = 12.5
NARROW_UNITS = 240.0
"""Below this width four cards do not stand side by side."""


class KindsScreen(Screen):
    """Four cards."""

    def build(self, state: State) -> None:
        """Lay the cards out: in a row, or one above the other."""
        px = self.stage.px
        room, _ = self.bar(self.band(state, leave=True), self.stage.texts("kinds-title"), step=1)
        narrow = self.stage.measure.width < px(NARROW_UNITS)
        if self.stage.measure.portrait:
            cells = room.rows(4, px(GAP))
        elif narrow:
            cells = room.grid(2, 2, px(GAP))
        else:
            cells = room.middle(room.width, px(104)).columns(4, px(GAP))
        for kind, cell in zip(FEEDBACK_KINDS, cells, strict=True):
            self.add_widget(_KindCard(self.stage, cell, kind, beside=narrow or self.stage.measure.portrait))


class _KindCard(Touchable):
    """One of the four kinds with its sign."""

    def __init__(self, stage: Stage, area: Area, kind: FeedbackKind, *, beside: bool) -> None:
        px = stage.px
        inner = area.inset(px(3), px(0.8))
        self._kind = kind
        if beside:
            self._side = min(inner.height * 0.9, inner.width * 0.28, px(36))
            self._spot, words = inner.inset(px(2), 0).cut_left(self._side, px(5))
        else:
            self._side = min(inner.width * 0.8, px(40))
            words = inner
        text = stage.texts(f"kind-{kind}-hint")
        lines = len(break_lines(text, stage.body, words.width, width_of))
        tall = px(NAME_UNITS + lines * BODY * LINE_HEIGHT)
        if beside:
            words = words.middle(words.width, tall)
        else:
            group = inner.middle(inner.width, self._side + px(GAP) + max(tall, px(NAME_UNITS + 3 * BODY * LINE_HEIGHT)))
            self._spot, words = group.cut_top(self._side, px(GAP))
        name, hint = words.cut_top(px(NAME_UNITS))
        super().__init__(stage, area, name=f"kind-{kind}", look=LIFTED, on_touched=lambda: KindChosen(kind))
        side: Side = "left" if beside else "center"
        self.write(name, stage.texts(f"kind-{kind}"), size=TITLE, least=LEAD * 0.9, side=side)
        self.write(hint, text, colour=QUIET, side=side, height="top")

    def draw(self) -> None:
        """Draw the card and its sign."""
        super().draw()
        draw_sign(self, icon(self._kind, self._side, ON_BRAND, ground=KIND_SKINS[self._kind]), self._spot)
