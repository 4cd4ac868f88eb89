"""The front without a screen: the same visits where no display can be had."""

from collections.abc import Callable
from queue import Empty, SimpleQueue

from huiyin_kiosk.pretend import Step, Target, VisitorPlan
from huiyin_kiosk.reception import Reception
from huiyin_kiosk.visit.happenings import (
    AnonymousChosen,
    CategoryTapped,
    DoorOpened,
    FaceTapped,
    Happening,
    KindChosen,
    NextTapped,
    PhraseTapped,
    ReasonTapped,
    Ticked,
)
from huiyin_kiosk.visit.state import Attract
from huiyin_shared.survey import Level

TICK_S = 0.25


class HeadlessFront:
    """Lets time pass and a pretend visitor come, until it is stopped."""

    def __init__(self, *, visitor: VisitorPlan | None = None, phrase: str = "") -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._visitor = visitor
        self._phrase = phrase

    def call_soon(self, on_call: Callable[[], None]) -> None:
        """Have `on_call` called in the thread of `run`."""
        self._calls.put(on_call)

    def stop(self) -> None:
        """End `run`. `SimpleQueue.put` may be called from a signal handler."""
        self._calls.put(None)

    def run(self, reception: Reception, *, on_ready: Callable[[], None]) -> None:
        """Serve until `stop`."""
        ready = False
        while True:
            if not ready and isinstance(reception.state.screen, Attract):
                ready = True
                on_ready()
            if ready and self._visitor is not None:
                for step in self._visitor.due(reception.now_ms(), reception.state):
                    self._take(step, reception)
            try:
                on_call = self._calls.get(timeout=TICK_S if self._visitor is None else 0.05)
            except Empty:
                reception.happen(Ticked())
                continue
            if on_call is None:
                return
            on_call()

    def _take(self, step: Step, reception: Reception) -> None:
        if self._visitor is None:
            return
        self._visitor.touched(step)
        happening = happening_of(step.target, visit=reception.visit_code(), phrase=self._phrase)
        if happening is not None:
            reception.happen(happening)


def happening_of(target: Target, *, visit: str, phrase: str) -> Happening | None:
    """Return what touching the target of this name does to a visit; None for names only a screen has."""
    name, _, value = target.partition("-")
    match name, value:
        case "face", _:
            level: Level = int(value)  # type: ignore[assignment]
            return FaceTapped(level, visit)
        case "door", _:
            return DoorOpened(visit)
        case "kind", "complaint" | "suggestion" | "praise" | "enquiry":
            return KindChosen(value)
        case "reason", _:
            return ReasonTapped(value)
        case "categories", _:
            return CategoryTapped(value)
        case "phrase", _:
            return PhraseTapped(phrase)
        case "contact", "anonymous":
            return AnonymousChosen()
        case "next" | "done", _:
            return NextTapped()
    return None
