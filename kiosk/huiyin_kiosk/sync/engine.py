"""Device side of HFP/1 as a pure state machine: inputs and `now_ms` in, effects out (design §3).

The kiosk, the simulator and the tests run this same code; nothing here reads a clock, a socket or a file.
"""

from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Literal

from huiyin_shared.events import MAX_LINE_BYTES
from huiyin_shared.frames import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_HEADER_BYTES, Ack, HubState, Refusal

Phase = Literal["offline", "dialling", "greeting", "streaming", "halted"]


@dataclass(frozen=True)
class Pace:
    """The engine's waits and windows; times in milliseconds."""

    window_batches: int = 8
    answer_timeout_ms: int = 5_000
    answer_timeout_max_ms: int = 60_000
    beat_ms: int = 30_000
    dial_timeout_ms: int = 15_000
    redial_min_ms: int = 500
    redial_max_ms: int = 60_000
    halted_retry_ms: int = 60_000
    hub_away_ms: int = 30_000


BAD_SIGNATURES = 3
"""So often in a row and the key itself is in doubt, not the way."""


@dataclass(frozen=True)
class Dial:
    """Connect to the broker now."""


@dataclass(frozen=True)
class HangUp:
    """Give the connection up."""


@dataclass(frozen=True)
class Announce:
    """Publish a status."""

    t: Literal["birth", "beat"]


@dataclass(frozen=True)
class Send:
    """Publish one batch from `first` on, within both limits, and tell the engine by `sent`."""

    first: int
    max_events: int
    max_bytes: int


@dataclass(frozen=True)
class Settle:
    """The hub's cursor stands at `next_seq` with chain head `head`: keep it, or `halt`."""

    next_seq: int
    head: bytes


Effect = Dial | HangUp | Announce | Send | Settle


class DeviceEngine:
    """Go-back-N over a window of batches, with the hub's own acknowledgement as the only truth."""

    def __init__(self, *, next_seq: int, acked_next: int, rng: Random, now_ms: int, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self.phase: Phase = "offline"
        self.halted = ""
        self.halted_twice = False
        """The reason came again after a while: it was not a message damaged on its way."""
        self.next_seq = next_seq
        self.acked_next = acked_next
        self.last_ack_ms: int | None = None
        self._rng = rng
        self._sent_next = acked_next
        self._in_flight: deque[int] = deque()  # the end of each batch not yet acknowledged
        self._max_bytes = MAX_BATCH_BYTES
        self._timeout_ms = self.pace.answer_timeout_ms
        self._deadline_ms = now_ms  # of the phase: when to dial, to give up dialling, to greet or to send again
        self._beat_at_ms = now_ms
        self._redial_ms = self.pace.redial_min_ms
        self._rewound_to = 0
        self._hub_instance = ""
        self._last_halt = ""
        self._first_halt_ms = self._last_halt_ms = 0
        self._bad_signatures = 0
        self._effects: list[Effect] = []

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us."""
        return self.phase in ("greeting", "streaming", "halted")

    def added(self, next_seq: int) -> None:
        """The store has grown."""
        self.next_seq = next_seq

    def on_connected(self, now_ms: int, *, max_packet_bytes: int | None = None) -> None:
        """The broker has accepted us; `max_packet_bytes` is its limit as told in CONNACK, if it told one."""
        self._max_bytes = MAX_BATCH_BYTES
        if max_packet_bytes:
            room = max_packet_bytes - MAX_HEADER_BYTES - 256
            self._max_bytes = max(1, min(MAX_BATCH_BYTES, room))
        self._hub_instance = ""
        self._greet(now_ms)

    def on_disconnected(self, now_ms: int) -> None:
        """The connection is gone or never came; dial again after a decorrelated jitter (AWS, "Exponential Backoff
        And Jitter"), which only an acknowledgement of the hub resets.
        """
        pace = self.pace
        self._redial_ms = min(pace.redial_max_ms, round(self._rng.uniform(pace.redial_min_ms, self._redial_ms * 3)))
        self.phase = "offline"
        self._deadline_ms = now_ms + self._redial_ms

    def on_hub_state(self, state: HubState, now_ms: int) -> None:
        """The hub has come, gone, or been replaced by a new instance that must be greeted.

        A hint, not the truth: the farewell of an old instance may come after the new one's birth, and either may never
        come. So a hub that went away is greeted again after a while, whatever was heard.
        """
        known = self._hub_instance
        if state.state == "online":
            self._hub_instance = state.instance
            if self.connected and known and known != state.instance:
                self._greet(now_ms)
        elif self.connected and known in ("", state.instance):
            self._hub_instance = state.instance
            self._greet(now_ms)
            self._deadline_ms = now_ms + self.pace.hub_away_ms

    def on_answer(self, answer: Ack | Refusal, now_ms: int) -> None:
        """The hub has acknowledged or refused."""
        if not self.connected:
            return
        head = bytes.fromhex(answer.head)
        if answer.next > self.next_seq:
            # The hub knows more of this store than this card: the card is an older copy.
            self.halt("hub_ahead", now_ms)
        elif isinstance(answer, Ack):
            self._on_ack(answer.next, head, now_ms)
        else:
            self._on_refusal(answer, head, now_ms)

    def _on_ack(self, next_seq: int, head: bytes, now_ms: int) -> None:
        self.last_ack_ms = now_ms
        self._redial_ms = self.pace.redial_min_ms
        greeting = self.phase in ("greeting", "halted")
        if greeting:
            self.phase = "streaming"
            self.halted = ""
            # An older cursor than ours means the hub was restored: it gets everything since once more.
            self._move_to(next_seq, head)
        elif next_seq > self.acked_next:
            self._effects.append(Settle(next_seq, head))
            self._bad_signatures = 0
            self._last_halt = ""
            self.acked_next = next_seq
            self._sent_next = max(self._sent_next, next_seq)
            while self._in_flight and self._in_flight[0] <= next_seq:
                self._in_flight.popleft()
        else:
            return
        self._rewound_to = 0
        self._timeout_ms = self.pace.answer_timeout_ms
        self._deadline_ms = now_ms + self._timeout_ms

    def _on_refusal(self, refusal: Refusal, head: bytes, now_ms: int) -> None:
        match refusal.reason:
            case "gap":
                # Every batch behind a lost one is refused; only the first refusal turns us back.
                if refusal.next != self._rewound_to:
                    self._move_to(refusal.next, head)
                    self._rewound_to = refusal.next
                    self._deadline_ms = now_ms + self._timeout_ms
            case "too_large":
                self._max_bytes = max(MAX_LINE_BYTES + 1, self._max_bytes // 2)
                self._go_back()
            case "bad_frame":
                pass  # Damaged on the way: the answer timeout sends it again.
            case "bad_signature" if self._bad_signatures < BAD_SIGNATURES and self.phase != "halted":
                # Damaged on the way, or the hub has lost our key: a birth tells it.
                self._bad_signatures += 1
                self._greet(now_ms)
            case _:
                self.halt(refusal.reason, now_ms)

    def halt(self, reason: str, now_ms: int) -> None:
        """Stop sending, tell the hub why, and ask it again now and then."""
        if self.connected:  # The connection may have gone since the answer came; then the next birth asks again.
            self.phase = "halted"
        self.halted = reason
        if self._last_halt != reason or now_ms - self._last_halt_ms > 4 * self.pace.halted_retry_ms:
            self._last_halt, self._first_halt_ms = reason, now_ms
        self._last_halt_ms = now_ms
        self.halted_twice = now_ms - self._first_halt_ms >= self.pace.halted_retry_ms
        self._in_flight.clear()
        self._effects.clear()
        if self.phase == "halted":
            self._deadline_ms = now_ms + self.pace.halted_retry_ms
        self._beat_at_ms = now_ms  # Tell the hub at once.

    def sent(self, first: int, n: int, now_ms: int) -> None:
        """A batch of `n` events from `first` on was handed to the broker."""
        if not self._in_flight:
            self._deadline_ms = now_ms + self._timeout_ms
        self._in_flight.append(first + n)
        self._sent_next = first + n

    def poll(self, now_ms: int) -> list[Effect]:
        """Return what is to be done now. A `Send` is always the last one; ask again after `sent`."""
        match self.phase:
            case "offline":
                if now_ms >= self._deadline_ms:
                    self.phase = "dialling"
                    self._deadline_ms = now_ms + self.pace.dial_timeout_ms
                    self._effects.append(Dial())
            case "dialling":
                if now_ms >= self._deadline_ms:
                    self._effects.append(HangUp())
                    self.on_disconnected(now_ms)
            case "greeting" | "halted":
                if now_ms >= self._deadline_ms:
                    self._effects.append(Announce("birth"))
                    self._wait_for_answer(now_ms)
            case "streaming":
                self._stream(now_ms)
        if self.phase in ("streaming", "halted") and now_ms >= self._beat_at_ms:
            self._beat_at_ms = now_ms + self.pace.beat_ms
            self._effects.insert(0, Announce("beat"))
        effects, self._effects = self._effects, []
        return effects

    def wake_at_ms(self) -> int:
        """Return when `poll` must be called at the latest if nothing else happens."""
        if self.phase in ("streaming", "halted"):
            return min(self._deadline_ms, self._beat_at_ms) if self._in_flight or self.halted else self._beat_at_ms
        return self._deadline_ms

    def _stream(self, now_ms: int) -> None:
        if self._in_flight and now_ms >= self._deadline_ms:
            self._go_back()
            self._timeout_ms = min(self.pace.answer_timeout_max_ms, self._timeout_ms * 2)
            self._deadline_ms = now_ms + self._timeout_ms
        room = len(self._in_flight) < self.pace.window_batches
        if room and self._sent_next < self.next_seq:
            self._effects.append(
                Send(self._sent_next, min(MAX_BATCH_EVENTS, self.next_seq - self._sent_next), self._max_bytes)
            )

    def _greet(self, now_ms: int) -> None:
        self.phase = "greeting"
        self._timeout_ms = self.pace.answer_timeout_ms
        self._deadline_ms = now_ms
        self._beat_at_ms = now_ms + self.pace.beat_ms
        self._go_back()

    def _wait_for_answer(self, now_ms: int) -> None:
        if self.phase == "halted":
            self._deadline_ms = now_ms + self.pace.halted_retry_ms
            return
        self._deadline_ms = now_ms + self._timeout_ms
        self._timeout_ms = min(self.pace.answer_timeout_max_ms, self._timeout_ms * 2)

    def _move_to(self, next_seq: int, head: bytes) -> None:
        self._effects.append(Settle(next_seq, head))
        self.acked_next = next_seq
        self._go_back()

    def _go_back(self) -> None:
        self._sent_next = self.acked_next
        self._in_flight.clear()
        self._rewound_to = 0
