"""What all screens share: the band on top with the way out and the language, and the bar with the way back."""

from collections.abc import Callable

from kivy.graphics import Color, Rectangle

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.icon import icon
from huiyin_kiosk.ui.lettering import Lettering, width_of
from huiyin_kiosk.ui.palette import BRAND, INK, ON_BRAND, ON_BRAND_QUIET, PAPER, QUIET
from huiyin_kiosk.ui.stage import GAP, LEAD, MARGIN, TITLE, Panel, Stage
from huiyin_kiosk.ui.touchable import ON_BAND, PLAIN, PRIMARY, PushButton
from huiyin_kiosk.visit.happenings import BackTapped, Happening, LanguageChosen, LeaveTapped, NextTapped
from huiyin_kiosk.visit.state import State
from huiyin_shared.survey import LANGUAGES

BAND_UNITS = 22.0
BAR_UNITS = 20.0
TIGHT_BAND_UNITS = 17.0
TIGHT_BAR_UNITS = 18.5
TITLE_UNITS = 20.0
PILL_UNITS = 14.0
NARROW_UNITS = 150.0
SIDE_UNITS = 40.0
STEPS = 4


class Screen(Panel):
    """A whole screen. It is built once for a state and then shows newer states of the same kind."""

    def __init__(self, stage: Stage, state: State) -> None:
        super().__init__(stage, stage.whole)
        self.below_title: Lettering | None = None
        self.paint(self.area, PAPER)
        self.build(state)

    def build(self, state: State) -> None:
        """Make everything that stands on the screen."""
        raise NotImplementedError

    def show(self, state: State) -> None:
        """Show a newer state of the same kind of screen."""

    def band(self, state: State, *, leave: bool) -> Area:
        """Draw the band on top; return the area below it."""
        stage, px = self.stage, self.stage.px
        band, rest = self.area.cut_top(stage.closer(BAND_UNITS, TIGHT_BAND_UNITS))
        self.paint(band, BRAND)
        room = band.inset(px(MARGIN), 0)
        side = px(12)
        if stage.measure.width > px(NARROW_UNITS):
            with self.canvas.before:
                Color(1, 1, 1, 1)
                texture = icon("echo", side, ON_BRAND)
                Rectangle(texture=texture, pos=room.middle(room.width, side).pos, size=texture.size)
            _, room = room.cut_left(side, px(3))
        room = self._band_buttons(room, leave=leave)
        desired = state.desired
        if desired is not None:
            organisation, hall = desired.organisation.pick(stage.language), desired.hall.pick(stage.language)
            if stage.measure.tight or width_of(organisation, stage.body) > room.width:
                self.write(room, hall, size=LEAD, colour=ON_BRAND, side="left")
                return rest
            upper, lower = room.inset(0, px(1)).cut_top(px(9))
            self.write(upper, organisation, colour=ON_BRAND_QUIET, side="left")
            self.write(lower, hall, size=LEAD, colour=ON_BRAND, side="left")
        return rest

    def _band_buttons(self, room: Area, *, leave: bool) -> Area:
        stage, px = self.stage, self.stage.px
        other = next(language for language in LANGUAGES if language != stage.language)
        wanted: list[tuple[str, str, str, Callable[[], Happening]]] = [
            ("language", stage.other_texts("language-name"), "", lambda: LanguageChosen(other))
        ]
        if leave:
            wanted.append(("leave", stage.texts("leave"), "cross", LeaveTapped))
        for name, text, sign, on_touched in wanted:
            area, room = room.cut_right(px(34), px(GAP))
            # The finger may miss the pill a little: the whole height of the band feels it.
            pill = area.middle(area.width, px(PILL_UNITS))
            self.add_widget(
                PushButton(stage, area, text, name=name, on_touched=on_touched, look=ON_BAND, sign=sign, drawn=pill)
            )
        return room

    def bar(
        self, room: Area, title: str, *, step: int = 0, forward: str = "", back: bool = True, counted: bool = False
    ) -> tuple[Area, PushButton | None]:
        """Draw the bar with the way back, the title and the way on; return the area below and the way on."""
        stage, px = self.stage, self.stage.px
        inner = room.inset(px(MARGIN), stage.closer(GAP, 2.5))
        bar, rest = inner.cut_top(stage.closer(BAR_UNITS, TIGHT_BAR_UNITS), stage.closer(GAP, 2.5))
        wide = px(SIDE_UNITS)
        left, bar = bar.cut_left(wide, px(GAP))
        right, bar = bar.cut_right(wide, px(GAP))
        if stage.measure.portrait:
            # Too narrow for a title between two buttons: it gets a line of its own.
            bar, rest = rest.cut_top(px(TITLE_UNITS if step or counted else TITLE_UNITS * 0.7), stage.closer(GAP, 2.5))
        button = None
        if back:
            self.add_widget(
                PushButton(stage, left, stage.texts("back"), name="back", on_touched=BackTapped, sign="back")
            )
        if forward:
            button = PushButton(
                stage,
                right,
                forward,
                name="next",
                on_touched=NextTapped,
                look=PRIMARY,
                size=LEAD,
                sign="forward",
                sign_after=True,
            )
            self.add_widget(button)
        if step:
            upper, lower = bar.cut_top(bar.height * 0.58)
            self.write(upper, title, size=LEAD * 1.1, colour=INK)
            self.below_title = self.write(lower, stage.texts("step", step=step, steps=STEPS), colour=QUIET)
        else:
            upper, lower = bar.cut_top(bar.height * (0.58 if counted else 1.0))
            self.write(upper, title, size=TITLE if not counted else LEAD * 1.1)
            self.below_title = self.write(lower, "", colour=QUIET) if counted else None
        return rest, button


def secondary(
    panel: Panel, area: Area, text: str, *, name: str, on_touched: Callable[[], Happening | None], sign: str = ""
) -> PushButton:
    """Put a plain button on a panel."""
    button = PushButton(panel.stage, area, text, name=name, on_touched=on_touched, look=PLAIN, size=LEAD, sign=sign)
    panel.add_widget(button)
    return button


def primary(
    panel: Panel, area: Area, text: str, *, name: str, on_touched: Callable[[], Happening | None]
) -> PushButton:
    """Put the main button of a screen on a panel."""
    button = PushButton(panel.stage, area, text, name=name, on_touched=on_touched, look=PRIMARY, size=LEAD)
    panel.add_widget(button)
    return button
