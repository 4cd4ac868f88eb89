"""After a rating: why, if the visitor likes. The same screen whatever the rating was."""

from huiyin_kiosk.ui.frame import Screen, primary, secondary
from huiyin_kiosk.ui.palette import QUIET
from huiyin_kiosk.ui.stage import GAP, LEAD, MARGIN, TITLE
from huiyin_kiosk.ui.touchable import PLAIN, PushButton
from huiyin_kiosk.visit.happenings import NextTapped, ReasonTapped, WriteTapped
from huiyin_kiosk.visit.state import Reasons, State
from huiyin_shared.survey import REASONS, tone


class ReasonsScreen(Screen):
    """Six touchpoints, worded to fit the rating."""

    def build(self, state: State) -> None:
        """Lay out title, reasons and the two ways on."""
        stage, px = self.stage, self.stage.px
        portrait = stage.measure.portrait
        reasons = state.screen
        assert isinstance(reasons, Reasons)  # noqa: S101 - the front shows this screen for no other state
        rest = self.band(state, leave=True).inset(px(MARGIN), px(GAP * 1.5))
        title, rest = rest.cut_top(px(24 if not portrait else 34), px(GAP))
        upper, lower = title.cut_top(px(15))
        self.write(upper, stage.texts("reasons-title"), size=TITLE * 1.15, least=LEAD)
        self.write(lower, stage.texts("reasons-hint"), colour=QUIET, height="top")
        buttons, rest = rest.cut_bottom(px(22), px(GAP * 1.5))
        write, done = buttons.columns(2, px(GAP))
        self._write = secondary(self, write, "", name="write", on_touched=WriteTapped, sign="pencil")
        primary(self, done, stage.texts("done"), name="done", on_touched=NextTapped)
        grid = rest.grid(2, 3, px(GAP)) if portrait else rest.grid(3, 2, px(GAP))
        self._chips: dict[str, PushButton] = {}
        for reason, cell in zip(REASONS, grid, strict=True):
            text = stage.texts(f"reason-{reason}-{tone(reasons.level)}")
            chip = PushButton(
                stage,
                cell,
                text,
                name=f"reason-{reason}",
                on_touched=lambda reason=reason: ReasonTapped(reason),  # type: ignore[misc]
                look=PLAIN,
                size=LEAD,
                checks=True,
            )
            self._chips[reason] = chip
            self.add_widget(chip)
        self.show(state)

    def show(self, state: State) -> None:
        """Mark what is picked."""
        reasons = state.screen
        assert isinstance(reasons, Reasons)  # noqa: S101 - as above
        for reason, chip in self._chips.items():
            chip.set_chosen(reason in reasons.picked)
        texts = self.stage.texts
        written = len(reasons.words.strip())
        self._write.say(texts("reasons-written", n=written) if written else texts("reasons-write"))
