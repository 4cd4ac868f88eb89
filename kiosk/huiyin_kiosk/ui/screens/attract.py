"""Between visits: where this is, who serves, five faces, the second door, the service promise."""

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.face import face
from huiyin_kiosk.ui.frame import Screen
from huiyin_kiosk.ui.icon import icon
from huiyin_kiosk.ui.lettering import width_of
from huiyin_kiosk.ui.lines import LINE_HEIGHT, break_lines, fit
from huiyin_kiosk.ui.measure import BODY
from huiyin_kiosk.ui.palette import BRAND, BRAND_SOFT, INK, QUIET
from huiyin_kiosk.ui.rolling import RollingText
from huiyin_kiosk.ui.stage import GAP, LEAD, MARGIN, TITLE, Stage
from huiyin_kiosk.ui.touchable import LIFTED, PLAIN, Touchable, draw_sign
from huiyin_kiosk.visit.happenings import DoorOpened, FaceTapped
from huiyin_kiosk.visit.state import State
from huiyin_shared.survey import LEVELS, Level

MAX_PROMISE_LINES = 2
LEAST_ROW_UNITS = 36.0
"""A row with a face of 30 millimetres."""


class AttractScreen(Screen):
    """Drawn most of the day."""

    def build(self, state: State) -> None:
        """Lay the screen out for its shape: faces side by side, or one above the other."""
        stage, px = self.stage, self.stage.px
        rest = self.band(state, leave=False).inset(px(MARGIN), stage.closer(GAP * 1.25, GAP * 0.8))
        promise = state.desired.promise.pick(stage.language) if state.desired else ""
        if promise and stage.measure.tight and not stage.measure.portrait:
            foot, rest = rest.cut_bottom(px(9.2 * 3), px(GAP * 0.8))
            door, words = foot.cut_left(foot.width * 0.52, px(GAP * 1.5))
            self.add_widget(RollingText(stage, words, promise, colour=QUIET, side="left"))
        else:
            if promise:
                lines = min(MAX_PROMISE_LINES, len(break_lines(promise, stage.body, rest.width, width_of)))
                words, rest = rest.cut_bottom(px(9.2 * lines), px(GAP))
                self.add_widget(RollingText(stage, words, promise, colour=QUIET, side="center"))
            door, rest = rest.cut_bottom(
                px(26) if stage.measure.portrait and not stage.measure.tight else px(22),
                stage.closer(GAP * 1.25, GAP * 0.7),
            )
        self.add_widget(_Door(stage, door))
        if stage.measure.portrait:
            self._upright(state, rest)
        else:
            self._lying(state, rest)

    def _lying(self, state: State, rest: Area) -> None:
        px = self.stage.px
        top, rest = rest.cut_top(self.stage.closer(30, 24), self.stage.closer(GAP, GAP * 0.8))
        plate, question = top.cut_left(top.width * 0.46, px(GAP * 2))
        self._plate(state, plate)
        self._question(question, side="left")
        cells = rest.columns(5, px(GAP))
        words = (self.stage.texts(f"level-{level}") for level in LEVELS)
        if max(width_of(word, self.stage.body) for text in words for word in text.split()) > cells[0].width - px(2):
            # Long words on a small screen: the faces take the margins too.
            cells = rest.inset(px(3 - MARGIN), 0).columns(5, px(2))
        for level, cell in zip(LEVELS, cells, strict=True):
            self.add_widget(_Face(self.stage, cell, level, upright=False))

    def _upright(self, state: State, rest: Area) -> None:
        px = self.stage.px
        plate, rest = rest.cut_top(self.stage.closer(30, 22), self.stage.closer(GAP * 1.5, GAP * 0.7))
        self._plate(state, plate)
        question, rest = rest.cut_top(self.stage.closer(24, 15), self.stage.closer(GAP, GAP * 0.5))
        self._question(question, side="center")
        rows = rest.rows(5, px(GAP))
        if rows[0].height >= px(LEAST_ROW_UNITS):
            for level, cell in zip(LEVELS, rows, strict=True):
                self.add_widget(_Face(self.stage, cell, level, upright=True))
            return
        # Five rows would make the faces too small: three above two.
        upper, lower = rest.rows(2, px(GAP))
        cells = upper.columns(3, px(GAP))
        cells += lower.middle(cells[0].width * 2 + px(GAP), lower.height).columns(2, px(GAP))
        for level, cell in zip(LEVELS, cells, strict=True):
            self.add_widget(_Face(self.stage, cell, level, upright=False))

    def _question(self, area: Area, *, side: str) -> None:
        texts = self.stage.texts
        if area.height < self.stage.px(20):
            self.write(area, texts("attract-question"), size=TITLE, least=LEAD, side=side)  # type: ignore[arg-type]
            return
        upper, lower = area.cut_top(area.height * 0.60)
        self.write(upper, texts("attract-question"), size=TITLE * 1.15, least=LEAD, side=side)  # type: ignore[arg-type]
        self.write(lower, texts("attract-hint"), colour=QUIET, side=side, height="top")  # type: ignore[arg-type]

    def _plate(self, state: State, area: Area) -> None:
        """Draw who serves here."""
        stage, px = self.stage, self.stage.px
        if state.desired is None:
            return
        own = state.desired.own_counter()
        self.card(area, BRAND_SOFT)
        inner = area.inset(px(4), self.stage.closer(2.5, 1))
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
        self.write_first_fitting(lower, (serving, own.staff.name.pick(stage.language)), side="left", colour=INK)


class _Face(Touchable):
    """One of the five."""

    def __init__(self, stage: Stage, area: Area, level: Level, *, upright: bool) -> None:
        px = stage.px
        inner = area.inset(px(0.8), px(2))
        self._level = level
        if upright:
            side = min(inner.height, px(44))
            self._spot, words = inner.inset(px(4), 0).cut_left(side, px(6))
        else:
            longest = max(width_of(stage.texts(f"level-{each}"), stage.body) for each in LEVELS)
            words, spot = inner.cut_bottom(px(12.5) if longest < inner.width else px(2 * LINE_HEIGHT * BODY * 1.1))
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
        # One size for all five, so that none looks more important.
        sizes = stage.letters(LEAD, BODY)
        fitted = (
            fit(stage.texts(f"level-{each}"), sizes=sizes, room=words[2:], width=width_of, together=True).size
            for each in LEVELS
        )
        size = min(fitted) / px(1) * 1.01
        self.write(words, stage.texts(f"level-{level}"), size=size, side="left" if upright else "center", together=True)

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
        names, hint = stage.texts("attract-door"), stage.texts("attract-door-hint")
        short = stage.texts("attract-door-short")
        upper, lower = words.cut_top(words.height * 0.54)
        if width_of(hint, stage.body) > lower.width:
            self.write_first_fitting(words, (names, short), size=LEAD, side="left", colour=INK)
            return
        self.write_first_fitting(upper, (names, short), size=LEAD, side="left", colour=INK)
        self.write(lower, hint, side="left", colour=QUIET)

    def draw(self) -> None:
        """Draw the card, the pencil and the arrow."""
        super().draw()
        px = self.stage.px
        draw_sign(self, icon("pencil", px(14), BRAND_SOFT, ground=BRAND), self._left)
        draw_sign(self, icon("forward", px(8), BRAND), self._right)
