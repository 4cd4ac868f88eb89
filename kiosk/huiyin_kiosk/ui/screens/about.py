"""Which category and which counter the feedback is about."""

from collections.abc import Callable, Sequence

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.frame import Screen
from huiyin_kiosk.ui.lettering import width_of
from huiyin_kiosk.ui.lines import LINE_HEIGHT, break_lines
from huiyin_kiosk.ui.measure import BODY, LETTER_STEP
from huiyin_kiosk.ui.palette import QUIET
from huiyin_kiosk.ui.stage import GAP, LEAD, Panel, Stage
from huiyin_kiosk.ui.touchable import PLAIN, SOFT, PushButton
from huiyin_kiosk.visit.happenings import CategoryTapped, CounterTapped, Happening
from huiyin_kiosk.visit.state import About, State
from huiyin_shared.desired import CounterCard, Desired

_CELL = 20.0


class AboutScreen(Screen):
    """Two groups of buttons; the device's own counter is picked from the start."""

    def build(self, state: State) -> None:
        """Lay out the groups: side by side, or one above the other."""
        stage = self.stage
        desired = state.desired
        assert desired is not None  # noqa: S101 - visits begin only with a configuration
        room, _ = self.bar(self.band(state, leave=True), _title(stage, state), step=2, forward=stage.texts("next"))
        parts = self._parts(room, desired)
        self._choices: list[_Choices] = []
        if len(parts) == 2:
            self._add("categories", parts[0], [(c.code, c.name.pick(stage.language)) for c in desired.categories])
        self._add("counters", parts[-1], [(c.code, _counter_text(stage, c, desired)) for c in desired.counters])
        self.show(state)

    def _parts(self, room: Area, desired: Desired) -> list[Area]:
        if not desired.categories:
            return [room]
        gap = self.stage.px(GAP * 2)
        if self.stage.measure.portrait:
            return list(room.cut_top((room.height - gap) * 0.5, gap))
        return room.columns(2, gap)

    def _add(self, group: str, area: Area, entries: Sequence[tuple[str, str]]) -> None:
        stage, px = self.stage, self.stage.px
        head, rest = area.cut_top(px(9.5), px(1))
        self.write(head, stage.texts(f"about-{group}"), size=LEAD * 0.9, least=BODY, side="left", colour=QUIET)
        touched: Callable[[str], Happening] = CategoryTapped if group == "categories" else CounterTapped
        choices = _Choices(stage, rest, group, entries, touched)
        self._choices.append(choices)
        self.add_widget(choices)

    def show(self, state: State) -> None:
        """Mark what is picked."""
        assert isinstance(state.screen, About)  # noqa: S101 - the front shows this screen for no other state
        for choices in self._choices:
            draft = state.screen.draft
            choices.mark(draft.category if choices.group == "categories" else draft.counter)


class _Choices(Panel):
    """Buttons of which one is picked, in pages when there are many."""

    def __init__(
        self,
        stage: Stage,
        area: Area,
        group: str,
        entries: Sequence[tuple[str, str]],
        touched: Callable[[str], Happening],
    ) -> None:
        super().__init__(stage, area)
        self.group = group
        self._entries = entries
        self._touched = touched
        self._page = 0
        self._picked = ""
        self._buttons: dict[str, PushButton] = {}
        self._build()

    def mark(self, code: str) -> None:
        """Show `code` as picked."""
        self._picked = code
        for other, button in self._buttons.items():
            button.set_chosen(other == code)

    def _build(self) -> None:
        self.clear_widgets()
        self._buttons = {}
        px = self.stage.px
        gap = px(GAP * 0.75)
        size, room = self.stage.body, self.area.columns(2, gap)[0].width - px(4)
        most = max(len(break_lines(text, size, room, width_of)) for _, text in self._entries)
        least = max(px(_CELL), most * size * LINE_HEIGHT + px(0.5))
        down = max(1, int((self.area.height + gap) // (least + gap)))
        down = min(down, max(3, -(-len(self._entries) // 2)))
        cells = self.area.grid(2, down, gap)
        if down == 3 and len(self._entries) <= 6:
            # Few entries: cells of a comfortable height instead of towers.
            cells = self.area.cut_top(min(self.area.height, 3 * px(32) + 2 * gap))[0].grid(2, 3, gap)
        paged = len(self._entries) > len(cells)
        each = len(cells) - 1 if paged else len(cells)
        start = self._page * each
        for (code, text), cell in zip(self._entries[start : start + each], cells, strict=False):
            button = PushButton(
                self.stage,
                cell,
                text,
                name=f"{self.group}-{code}",
                on_touched=lambda code=code: self._touched(code),  # type: ignore[misc]
                look=PLAIN,
                size=BODY * LETTER_STEP,
                checks=True,
            )
            button.set_chosen(code == self._picked)
            self._buttons[code] = button
            self.add_widget(button)
        if paged:
            self._add_turning(cells[-1], pages=-(-len(self._entries) // each))

    def _add_turning(self, cell: Area, *, pages: int) -> None:
        text = self.stage.texts("about-page", page=self._page + 1, pages=pages)
        self.add_widget(
            PushButton(
                self.stage,
                cell,
                text,
                name=f"more-{self.group}",
                on_touched=lambda: self._turn(pages),
                look=SOFT,
                sign="forward",
                sign_after=True,
            )
        )

    def _turn(self, pages: int) -> None:
        self._page = (self._page + 1) % pages
        self._build()


def _title(stage: Stage, state: State) -> str:
    assert isinstance(state.screen, About)  # noqa: S101 - as above
    return stage.texts(f"kind-{state.screen.draft.kind}")


def _counter_text(stage: Stage, card: CounterCard, desired: Desired) -> str:
    name = card.name.pick(stage.language)
    if card.code == desired.counter and not stage.measure.tight:
        name = stage.texts("about-here", counter=name)
    return f"{name}\n{card.staff.name.pick(stage.language)}" if card.staff else name
