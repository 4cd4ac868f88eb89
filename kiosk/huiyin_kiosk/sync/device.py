"""One device's sync: its engine, its store and its link, joined. Runs in the loop's thread."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import structlog

from huiyin_kiosk.clock import DeviceClock
from huiyin_kiosk.outbox.store import Outbox
from huiyin_kiosk.sync.engine import Announce, DeviceEngine, Dial, Effect, HangUp, Pace, Send, Settle
from huiyin_kiosk.sync.link import BrokerAddress, DeviceLink, Link, OpenLink
from huiyin_shared import topics
from huiyin_shared.desired import Desired, decode_desired
from huiyin_shared.errors import FrameError
from huiyin_shared.frames import PROTOCOL_VERSION, Header, Status, decode_answer, decode_hub_state, encode, encode_batch

_log = structlog.get_logger()

DESIRED_SETTING = "desired"


@dataclass(frozen=True)
class SyncState:
    """How a device stands with the hub; `last_ack_ms` is on the device's monotonic clock."""

    connected: bool
    backlog: int
    halted: str
    last_ack_ms: int | None


def ignore_desired(_desired: Desired) -> None:
    """Do nothing with a new configuration."""


class SyncedDevice:
    """Sends a store to the hub and takes in what the hub answers and wishes."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        clock: DeviceClock,
        broker: BrokerAddress,
        rng: Random,
        version: str,
        on_desired: Callable[[Desired], None] = ignore_desired,
        pace: Pace | None = None,
        open_link: OpenLink = Link,
    ) -> None:
        self.outbox = outbox
        self._clock = clock
        self._broker = broker
        self._rng = rng
        self._version = version
        self._on_desired = on_desired
        cursor = outbox.cursor()
        self.engine = DeviceEngine(
            next_seq=cursor.next_seq, acked_next=cursor.acked_next, rng=rng, now_ms=clock.mono_ms(), pace=pace
        )
        self._open_link = open_link
        self._link: DeviceLink | None = None
        self._conn = ""
        self.fileno: int | None = None
        self.wants_write = False

    def state(self) -> SyncState:
        """Return how the device stands with the hub; may be called from any thread."""
        engine = self.engine
        return SyncState(engine.connected, engine.next_seq - engine.acked_next, engine.halted, engine.last_ack_ms)

    def step(self) -> int:
        """Do everything that is due and return when to be called again at the latest (monotonic ms)."""
        self.engine.added(self.outbox.cursor().next_seq)
        while effects := self.engine.poll(self._clock.mono_ms()):
            for effect in effects:
                self._run(effect)
        return self.engine.wake_at_ms()

    def drive(self, *, readable: bool, writable: bool) -> None:
        """Let the link read and write what is ready."""
        if self._link:
            self._link.drive(readable=readable, writable=writable)

    def keep_alive(self) -> None:
        """Give the link its time for pings."""
        if self._link:
            self._link.keep_alive()

    def stop(self) -> None:
        """Say farewell and close the link."""
        if self._link:
            self._link.hang_up(farewell=encode(self._status("will")))
            self._drop_link()

    def on_connected(self, max_packet_bytes: int | None) -> None:
        """The broker has accepted us."""
        self.engine.on_connected(self._clock.mono_ms(), max_packet_bytes=max_packet_bytes)

    def on_closed(self, why: str) -> None:
        """The connection is gone."""
        _log.info("link closed", device=self.outbox.device, why=why)
        self._drop_link()
        self.engine.on_disconnected(self._clock.mono_ms())

    def on_writable_wanted(self, wanted: bool) -> None:
        """The link has bytes to write, or has no more."""
        self.wants_write = wanted

    def on_message(self, topic: str, payload: bytes) -> None:
        """A message came; one that cannot be understood is logged by name and changes nothing."""
        now_ms = self._clock.mono_ms()
        try:
            if topic == topics.HUB_STATE:
                self.engine.on_hub_state(decode_hub_state(payload), now_ms)
            elif topic == topics.down(self.outbox.device, "ack"):
                answer = decode_answer(payload)
                if answer.store == self.outbox.store:
                    self.engine.on_answer(answer, now_ms)
            elif topic == topics.down(self.outbox.device, "desired"):
                self._take_desired(payload)
        except FrameError as error:
            _log.warning("message not understood", device=self.outbox.device, topic=topic, reason=error.reason)

    def _take_desired(self, payload: bytes) -> None:
        if not payload:
            return  # The hub has taken its wish back, as it does for a revoked device: the last good one stays.
        desired = decode_desired(payload)
        if payload != self.outbox.setting(DESIRED_SETTING):
            self.outbox.set_setting(DESIRED_SETTING, payload)
            self._on_desired(desired)

    def _run(self, effect: Effect) -> None:
        match effect:
            case Dial():
                self._dial()
            case HangUp():
                if self._link:
                    self._link.hang_up()
                self._drop_link()
            case Announce(t):
                if self._link:
                    self._link.publish("status", encode(self._status(t)), retain=True)
            case Send(first, max_events, max_bytes):
                self._send(first, max_events, max_bytes)
            case Settle(next_seq, head):
                self._settle(next_seq, head)

    def _settle(self, next_seq: int, head: bytes) -> None:
        now_ms = self._clock.mono_ms()
        own_head = self.outbox.head_before(next_seq)
        wanted = next_seq < self.engine.next_seq
        if own_head is None or (wanted and not self.outbox.has(next_seq)):
            # The hub was restored from before our retention: what it lacks is gone here, and it must say so.
            self.engine.halt("history_gone", now_ms)
        elif own_head != head:
            self.engine.halt("fork", now_ms)
        else:
            self.outbox.mark_acked(next_seq)

    def _dial(self) -> None:
        self._conn = f"{self._rng.getrandbits(64):016x}"
        self._link = self._open_link(self._broker, self.outbox.device, will=encode(self._status("will")), events=self)
        try:
            self.fileno = self._link.dial()
        except OSError as error:
            self.on_closed(type(error).__name__)

    def _send(self, first: int, max_events: int, max_bytes: int) -> None:
        part = self.outbox.read(first, max_events=max_events, max_bytes=max_bytes)
        header = Header(
            v=PROTOCOL_VERSION,
            store=self.outbox.store,
            first=part.first,
            n=len(part.lines),
            prev=part.prev.hex(),
            sent=self._clock.reading(),
        )
        if self._link:
            self._link.publish("events", encode_batch(header, part.lines))
        self.engine.sent(first, len(part.lines), self._clock.mono_ms())

    def _status(self, t: str) -> Status:
        cursor = self.outbox.cursor()
        return Status(
            t=t,  # type: ignore[arg-type]
            conn=self._conn,
            store=self.outbox.store,
            next=cursor.next_seq,
            head=cursor.head.hex(),
            backlog=cursor.next_seq - cursor.acked_next,
            oldest_wall_ms=self.outbox.oldest_unacked_wall_ms(),
            sent=self._clock.reading(),
            version=self._version,
            halted=self.engine.halted,
        )

    def _drop_link(self) -> None:
        self._link = None
        self.fileno = None
        self.wants_write = False
