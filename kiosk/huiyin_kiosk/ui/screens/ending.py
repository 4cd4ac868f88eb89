"""How a visit ends: thanks after COMMIT, or the honest word that nothing was kept. And the screen before the first."""

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
        side = px(28 if thanks.receipt and not stage.measure.portrait else 46)
        tall = (
            side + px(GAP + 20 + 12) + (px(GAP + 50 + (10 if stage.measure.portrait else 0)) if thanks.receipt else 0)
        )
        block = rest.middle(rest.width, tall)
        spot, block = block.cut_top(side, px(GAP))
        self.show_picture(spot, icon("check", side, ON_BRAND, ground=BRAND))
        title, block = block.cut_top(px(20))
        self.write(title, stage.texts("thanks-title"), size=HUGE * 0.85, least=TITLE)
        text, block = block.cut_top(px(12), px(GAP))
        self.write(text, stage.texts("thanks-feedback" if thanks.receipt else "thanks-rating"), size=LEAD, colour=INK)
        if thanks.receipt:
            hint, plate = block.cut_bottom(px(10 if not stage.measure.portrait else 20), px(2))
            plate = plate.middle(px(150), plate.height)
            self.card(plate, CARD, edge=LINE)
            label, number = plate.inset(px(3), px(2)).cut_top(px(10))
            self.write(label, stage.texts("thanks-receipt"), colour=QUIET)
            self.write(number, thanks.receipt, size=HUGE * 0.9, least=TITLE, colour=BRAND)
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
        side = px(40)
        block = rest.middle(rest.width, side + px(GAP + 20 + 30))
        spot, block = block.cut_top(side, px(GAP))
        self.show_picture(spot, icon("alarm", side, ON_BRAND, ground=ALARM))
        title, text = block.cut_top(px(20))
        self.write(title, stage.texts("not-kept-title"), size=TITLE * 1.2, least=LEAD)
        self.write(text, stage.texts(f"not-kept-{trouble.why}"), size=LEAD, height="top", colour=INK)


class SettingUpScreen(Screen):
    """Before the hub has told the device where it stands. Both languages: nobody can choose one yet."""

    def build(self, state: State) -> None:
        """Lay out the sign, the words and the device's id for the installer."""
        stage, px = self.stage, self.stage.px
        self.paint(self.area, PAPER)
        side = px(44)
        rest = self.area.inset(px(MARGIN * 2), px(MARGIN))
        foot, rest = rest.cut_bottom(px(10), px(GAP))
        self.write(foot, stage.device, colour=QUIET)
        block = rest.middle(rest.width, side + px(GAP * 2 + 18 + 24 + 18 + 24))
        spot, block = block.cut_top(side, px(GAP * 2))
        self.show_picture(spot, icon("echo", side, ON_BRAND, ground=BRAND))
        for texts in (stage.texts, stage.other_texts):
            title, block = block.cut_top(px(18))
            self.write(title, texts("setting-up-title"), size=TITLE * 1.2, least=LEAD)
            text, block = block.cut_top(px(24))
            self.write(text, texts("setting-up-text"), colour=QUIET, height="top")
