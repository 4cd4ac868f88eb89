"""The shell around the visit machine: runs it, puts its drafts on disk in a thread of its own, tells who watches."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Protocol

import structlog

from huiyin_kiosk.visit.drafts import Draft, as_event
from huiyin_kiosk.visit.happenings import Happening, Recorded, RecordFailed, WhyNotKept
from huiyin_kiosk.visit.machine import advance
from huiyin_kiosk.visit.state import State
from huiyin_shared.errors import HuiyinError
from huiyin_shared.events import Event, Reading

_log = structlog.get_logger()

VISIT_CODE_BITS = 64


class Dice(Protocol):
    """Where visit codes come from."""

    def getrandbits(self, k: int, /) -> int:
        """Return `k` random bits."""


class Clock(Protocol):
    """The device's clocks."""

    def mono_ms(self) -> int:
        """Return milliseconds since boot."""

    def reading(self) -> Reading:
        """Return all clocks at this moment."""


class Reception:
    """Takes what happens, in one thread (the screen's), and gives the state to those who watch.

    `keep` puts an event on disk and returns the receipt number after COMMIT; it runs in the recording thread, so a
    slow disk never freezes the screen. `call_soon` brings its answer back into the screen's thread. `why_not_kept`
    names a refusal for the visitor.
    """

    def __init__(
        self,
        state: State,
        *,
        clock: Clock,
        dice: Dice,
        keep: Callable[[Event], str],
        why_not_kept: Callable[[HuiyinError], WhyNotKept],
        call_soon: Callable[[Callable[[], None]], None],
    ) -> None:
        self.state = state
        self._clock = clock
        self._dice = dice
        self._keep = keep
        self._why_not_kept = why_not_kept
        self._call_soon = call_soon
        self._watchers: list[Callable[[State], None]] = []
        self._drafts: SimpleQueue[tuple[Draft, Reading] | None] = SimpleQueue()
        self._thread = Thread(target=self._record_all, name="recording", daemon=True)

    def start(self) -> None:
        """Start the recording thread."""
        self._thread.start()

    def stop(self) -> None:
        """Record what is still waiting and end the thread."""
        self._drafts.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def watch(self, on_state: Callable[[State], None]) -> None:
        """Have `on_state` called with every new state."""
        self._watchers.append(on_state)

    def now_ms(self) -> int:
        """Return the monotonic clock the visits run by."""
        return self._clock.mono_ms()

    def visit_code(self) -> str:
        """Return a fresh random code for a visit."""
        return f"{self._dice.getrandbits(VISIT_CODE_BITS):016x}"

    def happen(self, happening: Happening) -> None:
        """Let something happen to the visit."""
        state, effects = advance(self.state, happening, self._clock.mono_ms())
        for record in effects:
            self._drafts.put((record.draft, self._clock.reading()))
        if state != self.state:
            self.state = state
            for on_state in self._watchers:
                on_state(state)

    def _record_all(self) -> None:
        while (job := self._drafts.get()) is not None:
            answer = self._record(*job)
            self._call_soon(lambda answer=answer: self.happen(answer))  # type: ignore[misc]

    def _record(self, draft: Draft, at: Reading) -> Recorded | RecordFailed:
        try:
            return Recorded(self._keep(as_event(draft, at)))
        except HuiyinError as error:
            # The error's text names sizes and paths, never what the visitor wrote.
            _log.error("event not kept", error=type(error).__name__, why=str(error))
            return RecordFailed(self._why_not_kept(error))
        except Exception as error:  # noqa: BLE001 - the recording thread must answer, or the visitor waits for ever
            _log.error("event not kept", error=type(error).__name__)
            return RecordFailed("broken")
