"""What lies over a screen for a moment: the idle warning, and the word that saving takes longer than usual."""

from kivy.input import MotionEvent

from huiyin_kiosk.ui.frame import primary, secondary
from huiyin_kiosk.ui.palette import CARD, QUIET, SHADE
from huiyin_kiosk.ui.stage import GAP, LEAD, TITLE, Panel, Stage
from huiyin_kiosk.visit.happenings import ContinueTapped, LeaveTapped


class _Overlay(Panel):
    """Dims the screen and keeps touches from it."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, stage.whole)
        self.paint(self.area, SHADE)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Let nothing through."""
        super().on_touch_down(touch)
        return True


class IdleWarning(_Overlay):
    """Counts down to the moment when everything typed is gone."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        px = stage.px
        card = self.area.middle(min(self.area.width - px(16), px(200)), px(100))
        self.card(card, CARD)
        inner = card.inset(px(8), px(7))
        buttons, inner = inner.cut_bottom(px(22), px(GAP))
        left, right = buttons.columns(2, px(GAP))
        secondary(self, left, stage.texts("leave"), name="leave", on_touched=LeaveTapped)
        primary(self, right, stage.texts("idle-continue"), name="continue", on_touched=ContinueTapped)
        title, text = inner.cut_top(px(18))
        self.write(title, stage.texts("idle-title"), size=TITLE * 1.2, least=LEAD)
        self._text = self.write(text, "", size=LEAD * 0.9, colour=QUIET)

    def count(self, seconds: int) -> None:
        """Show how many seconds are left."""
        self._text.say(self.stage.texts("idle-text", seconds=seconds))


class SavingNotice(_Overlay):
    """The disk takes its time; nothing is thanked before it has answered."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        card = self.area.middle(stage.px(110), stage.px(40))
        self.card(card, CARD)
        self.write(card, stage.texts("saving"), size=TITLE)
