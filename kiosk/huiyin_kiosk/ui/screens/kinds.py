"""Behind the second door: complaint, suggestion, praise or enquiry."""

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.frame import Screen
from huiyin_kiosk.ui.icon import icon
from huiyin_kiosk.ui.palette import KIND_SKINS, ON_BRAND, QUIET
from huiyin_kiosk.ui.stage import BODY, GAP, LEAD, TITLE, Stage
from huiyin_kiosk.ui.touchable import LIFTED, Touchable, draw_sign
from huiyin_kiosk.visit.happenings import KindChosen
from huiyin_kiosk.visit.state import State
from huiyin_shared.survey import FEEDBACK_KINDS, FeedbackKind


class KindsScreen(Screen):
    """Four cards."""

    def build(self, state: State) -> None:
        """Lay the cards out: in a row, or one above the other."""
        px = self.stage.px
        room, _ = self.bar(self.band(state, leave=True), self.stage.texts("kinds-title"), step=1)
        if self.stage.measure.portrait:
            cells = room.rows(4, px(GAP))
        else:
            cells = room.middle(room.width, px(104)).columns(4, px(GAP))
        for kind, cell in zip(FEEDBACK_KINDS, cells, strict=True):
            self.add_widget(_KindCard(self.stage, cell, kind))


class _KindCard(Touchable):
    """One of the four kinds with its sign."""

    def __init__(self, stage: Stage, area: Area, kind: FeedbackKind) -> None:
        px = stage.px
        inner = area.inset(px(4), px(4))
        self._kind = kind
        upright = stage.measure.portrait
        if upright:
            self._side = min(inner.height, px(36))
            self._spot, words = inner.inset(px(2), 0).cut_left(self._side, px(7))
            name, hint = words.cut_top(words.height * 0.48)
        else:
            words, self._spot = inner.cut_bottom(px(15 + 1 + 3 * BODY * 1.36))
            self._side = min(self._spot.width * 0.8, self._spot.height - px(5), px(40))
            name, hint = words.cut_top(px(15), px(1))
        super().__init__(stage, area, name=f"kind-{kind}", look=LIFTED, on_touched=lambda: KindChosen(kind))
        side = "left" if upright else "center"
        heights = ("middle", "middle") if upright else ("middle", "top")
        self.write(name, stage.texts(f"kind-{kind}"), size=TITLE, least=LEAD * 0.9, side=side, height=heights[0])  # type: ignore[arg-type]
        self.write(hint, stage.texts(f"kind-{kind}-hint"), size=BODY, colour=QUIET, side=side, height=heights[1])  # type: ignore[arg-type]

    def draw(self) -> None:
        """Draw the card and its sign."""
        super().draw()
        draw_sign(self, icon(self._kind, self._side, ON_BRAND, ground=KIND_SKINS[self._kind]), self._spot)
