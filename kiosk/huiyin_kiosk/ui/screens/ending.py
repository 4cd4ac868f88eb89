"""How a visit ends: thanks after COMMIT, or the honest word that nothing was kept. And the screen before the first."""

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.frame import Screen, primary, secondary
from huiyin_kiosk.ui.icon import icon
from huiyin_kiosk.ui.palette import ALARM, BRAND, CARD, INK, LINE, ON_BRAND, PAPER, QUIET
from huiyin_kiosk.ui.stage import GAP, HUGE, LEAD, MARGIN, TITLE
from huiyin_kiosk.visit.happenings import LeaveTapped, NextTapped, RetryTapped
from huiyin_kiosk.visit.state import NotKept, State, Thanks


class ThanksScreen(Screen):
    """谢谢, and the receipt number of what was said in words."""

    def build(self, state: State) -> None:
        """Lay out the thanks; the receipt number large enough to be photographed."""
        stage, px = self.stage, self.stage.px
        thanks = state.screen
        assert isinstance(thanks, Thanks)  # noqa: S101 - the front shows this screen for no other state
        rest = self.band(state, leave=False).inset(px(MARGIN), px(GAP * 1.5))
        button, rest = rest.cut_bottom(px(22), px(GAP))
        primary(self, button.middle(px(90), button.height), stage.texts("done"), name="done", on_touched=NextTapped)
        if not thanks.receipt:
            self._thank(rest, "thanks-rating")
            return
        if stage.measure.portrait:
            upper, lower = rest.cut_top(rest.height * 0.52, px(GAP))
            self._thank(upper, "thanks-feedback")
            self._receipt(lower.cut_top(min(px(82), lower.height))[0], thanks.receipt)
        else:
            left, right = rest.columns(2, px(GAP))
            self._thank(left, "thanks-feedback")
            self._receipt(right.middle(right.width, px(84)), thanks.receipt)

    def _thank(self, area: Area, text_id: str) -> None:
        stage, px = self.stage, self.stage.px
        side = min(px(46), area.height * 0.34)
        block = area.middle(area.width, side + px(GAP + 20 + 24))
        spot, block = block.cut_top(side, px(GAP))
        self.show_picture(spot, icon("check", side, ON_BRAND, ground=BRAND))
        title, block = block.cut_top(px(20))
        self.write(title, stage.texts("thanks-title"), size=HUGE * 0.85, least=TITLE)
        self.write(block, stage.texts(text_id), size=LEAD, height="top", colour=INK)

    def _receipt(self, area: Area, receipt: str) -> None:
        stage, px = self.stage, self.stage.px
        self.card(area, CARD, edge=LINE)
        label, rest = area.inset(px(5), min(px(6), area.height * 0.07)).cut_top(px(10))
        self.write(label, stage.texts("thanks-receipt"), colour=QUIET)
        hint, number = rest.cut_bottom(px(28), px(1))
        self.write(number, receipt, size=HUGE * 0.8, least=LEAD, colour=BRAND, together=True)
        self.write(hint, stage.texts("thanks-receipt-hint"), colour=QUIET)


class NotKeptScreen(Screen):
    """Nothing was kept, and the visitor is told so."""

    def build(self, state: State) -> None:
        """Lay out what happened and the two ways on."""
        stage, px = self.stage, self.stage.px
        trouble = state.screen
        assert isinstance(trouble, NotKept)  # noqa: S101 - as above
        rest = self.band(state, leave=False).inset(px(MARGIN), px(GAP * 1.5))
        buttons, rest = rest.cut_bottom(px(22), px(GAP))
        left, right = buttons.middle(px(190), buttons.height).columns(2, px(GAP))
        secondary(self, left, stage.texts("leave"), name="leave", on_touched=LeaveTapped)
        primary(self, right, stage.texts("not-kept-retry"), name="retry", on_touched=RetryTapped)
        side = min(px(40), rest.height * 0.34)
        block = rest.middle(rest.width, side + px(GAP + 18 + 26))
        spot, block = block.cut_top(side, px(GAP))
        self.show_picture(spot, icon("alarm", side, ON_BRAND, ground=ALARM))
        title, text = block.cut_top(px(18))
        self.write(title, stage.texts("not-kept-title"), size=TITLE * 1.2, least=LEAD)
        self.write(text, stage.texts(f"not-kept-{trouble.why}"), size=LEAD, height="top", colour=INK)


class SettingUpScreen(Screen):
    """Before the hub has told the device where it stands. Both languages: nobody can choose one yet."""

    def build(self, state: State) -> None:
        """Lay out the sign, the words and the device's id for the installer."""
        stage, px = self.stage, self.stage.px
        self.paint(self.area, PAPER)
        rest = self.area.inset(px(MARGIN * 2), px(MARGIN))
        foot, rest = rest.cut_bottom(px(10), px(GAP))
        self.write(foot, stage.device, colour=QUIET)
        title_units, text_units = (14.0, 10.0) if stage.measure.tight and not stage.measure.portrait else (18.0, 24.0)
        side = stage.closer(44, 32)
        block = rest.middle(rest.width, side + px(GAP + 2 * (title_units + text_units)))
        spot, block = block.cut_top(side, px(GAP))
        self.show_picture(spot, icon("echo", side, ON_BRAND, ground=BRAND))
        for texts in (stage.texts, stage.other_texts):
            title, block = block.cut_top(px(title_units))
            self.write(title, texts("setting-up-title"), size=TITLE * 1.2, least=LEAD)
            text, block = block.cut_top(px(text_units))
            self.write(text, texts("setting-up-text"), colour=QUIET, height="top")
