"""Between visits: where this is, who serves, five faces, the second door, the service promise."""

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.face import face
from huiyin_kiosk.ui.frame import Screen
from huiyin_kiosk.ui.icon import icon
from huiyin_kiosk.ui.lettering import width_of
from huiyin_kiosk.ui.lines import LINE_HEIGHT, break_lines
from huiyin_kiosk.ui.palette import BRAND, BRAND_SOFT, INK, QUIET
from huiyin_kiosk.ui.stage import BODY, GAP, LEAD, MARGIN, TITLE, Stage
from huiyin_kiosk.ui.touchable import LIFTED, PLAIN, Touchable, draw_sign
from huiyin_kiosk.visit.happenings import DoorOpened, FaceTapped
from huiyin_kiosk.visit.state import State
from huiyin_shared.survey import LEVELS, Level

MAX_PROMISE_LINES = 3


class AttractScreen(Screen):
    """Drawn most of the day."""

    def build(self, state: State) -> None:
        """Lay the screen out for its shape: faces side by side, or one above the other."""
        px = self.stage.px
        rest = self.band(state, leave=False).inset(px(MARGIN), px(GAP * 1.25))
        promise = state.desired.promise if state.desired else ""
        if promise:
            lines = min(MAX_PROMISE_LINES, len(break_lines(promise, px(BODY), rest.width, width_of)))
            area, rest = rest.cut_bottom(px(9.2 * lines), px(GAP))
            self.write(area, promise, colour=QUIET)
        area, rest = rest.cut_bottom(px(22), px(GAP * 1.25))
        self.add_widget(_Door(self.stage, area))
        if self.stage.measure.portrait:
            self._upright(state, rest)
        else:
            self._lying(state, rest)

    def _lying(self, state: State, rest: Area) -> None:
        px = self.stage.px
        top, rest = rest.cut_top(min(px(30), rest.height * 0.32), px(GAP))
        plate, question = top.cut_left(top.width * 0.46, px(GAP * 2))
        self._plate(state, plate)
        self._question(question, side="left")
        for level, cell in zip(LEVELS, rest.columns(5, px(GAP)), strict=True):
            self.add_widget(_Face(self.stage, cell, level, upright=False))

    def _upright(self, state: State, rest: Area) -> None:
        px = self.stage.px
        plate, rest = rest.cut_top(px(30), px(GAP * 1.5))
        self._plate(state, plate)
        question, rest = rest.cut_top(px(24), px(GAP))
        self._question(question, side="center")
        for level, cell in zip(LEVELS, rest.rows(5, px(GAP)), strict=True):
            self.add_widget(_Face(self.stage, cell, level, upright=True))

    def _question(self, area: Area, *, side: str) -> None:
        upper, lower = area.cut_top(area.height * 0.60)
        texts = self.stage.texts
        self.write(upper, texts("attract-question"), size=TITLE * 1.15, least=LEAD, side=side)  # type: ignore[arg-type]
        self.write(lower, texts("attract-hint"), colour=QUIET, side=side, height="top")  # type: ignore[arg-type]

    def _plate(self, state: State, area: Area) -> None:
        """Draw who serves here."""
        stage, px = self.stage, self.stage.px
        if state.desired is None:
            return
        own = state.desired.own_counter()
        self.card(area, BRAND_SOFT)
        inner = area.inset(px(4), px(2.5))
        side = min(inner.height, px(21))
        spot, words = inner.cut_left(side, px(4))
        self.show_picture(spot, icon("person", side, BRAND_SOFT, ground=BRAND))
        counter = own.name.pick(stage.language)
        if own.staff is None:
            self.write(words, counter, size=TITLE, least=BODY, side="left")
            return
        upper, lower = words.cut_top(words.height * 0.54)
        self.write(upper, counter, size=TITLE, least=BODY, side="left", colour=INK)
        serving = stage.texts("attract-serving", staff=own.staff.name.pick(stage.language))
        self.write(lower, serving, side="left", colour=INK)


class _Face(Touchable):
    """One of the five."""

    def __init__(self, stage: Stage, area: Area, level: Level, *, upright: bool) -> None:
        px = stage.px
        inner = area.inset(px(2), px(2))
        self._level = level
        if upright:
            side = min(inner.height, px(44))
            self._spot, words = inner.inset(px(2), 0).cut_left(side, px(5))
        else:
            longest = max(width_of(stage.texts(f"level-{each}"), px(LEAD * 0.9)) for each in LEVELS)
            words, spot = inner.cut_bottom(px(13) if longest < inner.width else px(2 * LINE_HEIGHT * LEAD * 0.9))
            side = min(spot.width * 0.92, spot.height - px(1), px(46))
            self._spot = spot
        self._side = side
        super().__init__(
            stage,
            area,
            name=f"face-{level}",
            look=LIFTED,
            on_touched=lambda: FaceTapped(level, stage.visit_code()),
        )
        self.write(words, stage.texts(f"level-{level}"), size=LEAD, side="left" if upright else "center")

    def draw(self) -> None:
        """Draw the card and the face on it."""
        super().draw()
        draw_sign(self, face(self._level, self._side), self._spot)


class _Door(Touchable):
    """The second door: for those who have something to say."""

    def __init__(self, stage: Stage, area: Area) -> None:
        px = stage.px
        inner = area.inset(px(5), px(1.5))
        self._left, inner = inner.cut_left(px(14), px(4))
        self._right, words = inner.cut_right(px(9), px(3))
        super().__init__(stage, area, name="door", look=PLAIN, on_touched=lambda: DoorOpened(stage.visit_code()))
        upper, lower = words.cut_top(words.height * 0.54)
        self.write(upper, stage.texts("attract-door"), size=LEAD, side="left", colour=INK)
        self.write(lower, stage.texts("attract-door-hint"), side="left", colour=QUIET)

    def draw(self) -> None:
        """Draw the card, the pencil and the arrow."""
        super().draw()
        px = self.stage.px
        draw_sign(self, icon("pencil", px(14), BRAND_SOFT, ground=BRAND), self._left)
        draw_sign(self, icon("forward", px(8), BRAND), self._right)
