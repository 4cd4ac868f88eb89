"""One device's sync: its engine, its store and its link, joined. Runs in the loop's thread."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import structlog

from huiyin_kiosk.clock import DeviceClock
from huiyin_kiosk.outbox.errors import OutboxFull, OutboxUnusable
from huiyin_kiosk.outbox.store import Outbox
from huiyin_kiosk.sync.anchors import Anchors
from huiyin_kiosk.sync.engine import Announce, DeviceEngine, Dial, Effect, HangUp, Pace, Send, Settle
from huiyin_kiosk.sync.link import BrokerAddress, DeviceLink, Link, OpenLink
from huiyin_kiosk.sync.signing import DeviceKey, key_path, open_key
from huiyin_shared import topics
from huiyin_shared.desired import Desired, decode_desired
from huiyin_shared.errors import FrameError
from huiyin_shared.frames import (
    PROTOCOL_VERSION,
    Ack,
    Header,
    Status,
    decode_answer,
    decode_hub_state,
    encode_batch,
    encode_status,
)

_log = structlog.get_logger()

DESIRED_SETTING = "desired"
ANCHORS_SETTING = "anchors"

BEGIN_ANEW = frozenset({"fork", "hub_ahead", "unknown_store", "history_gone"})
"""What cannot be mended under the store's name: another card went on with it, or the hub wants what is gone."""


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
        key: DeviceKey | None = None,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Without `key` the device's own is used, which lies beside its store. Raises `OSError` when it cannot be."""
        self.outbox = outbox
        self._key = key or open_key(key_path(outbox.path))
        self._clock = clock
        self._broker = broker
        self._rng = rng
        self._version = version
        self._on_desired = on_desired
        self._pace = pace
        self.engine = self._new_engine()
        self._anchors = Anchors(outbox.setting(ANCHORS_SETTING))
        self._hub_ms = 0
        self._open_link = open_link
        self._random_bytes = random_bytes
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
        if self.engine.halted in BEGIN_ANEW and self.engine.halted_twice:
            self._begin_anew()
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
            self._link.hang_up(farewell=self._status("will"))
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
                    self._hub_ms = answer.hub_ms
                    if isinstance(answer, Ack) and self._anchors.learn(answer, self._clock.reading()):
                        self._note(lambda: self.outbox.set_setting(ANCHORS_SETTING, self._anchors.encoded()))
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
                self._drop_link()
            case Announce(t):
                if self._link:
                    self._link.publish("status", self._status(t), retain=True)
            case Send(first, max_events, max_bytes):
                if not self.engine.halted:  # The answer settled just before may have halted us.
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
            self._note(lambda: self.outbox.mark_acked(next_seq, self._hub_ms))

    def _note(self, write: Callable[[], None]) -> None:
        """Write down what the hub would tell again. A full disk must not end the sync that makes room on it."""
        try:
            write()
        except OutboxFull:
            _log.warning("disk full, not noted", device=self.outbox.device)

    def _new_engine(self) -> DeviceEngine:
        cursor = self.outbox.cursor()
        return DeviceEngine(
            next_seq=cursor.next_seq,
            acked_next=cursor.acked_next,
            rng=self._rng,
            now_ms=self._clock.mono_ms(),
            pace=self._pace,
        )

    def _begin_anew(self) -> None:
        """Go on under a new store id. The reason came twice, so it was no damaged message; nothing is given up."""
        try:
            self.outbox.begin_anew(
                self._clock.reading(),
                why=self.engine.halted,
                hub_next=self.engine.acked_next,
                random_bytes=self._random_bytes,
            )
        except (OutboxFull, OutboxUnusable) as error:
            self.engine.halted_twice = False  # Tried again when the hub has said it again.
            _log.error("store cannot begin anew", device=self.outbox.device, error=type(error).__name__)
            return
        self._drop_link()
        self.engine = self._new_engine()

    def _dial(self) -> None:
        self._conn = f"{self._rng.getrandbits(64):016x}"
        self._link = self._open_link(self._broker, self.outbox.device, will=self._status("will"), events=self)
        try:
            self.fileno = self._link.dial()
        except OSError as error:
            self.on_closed(type(error).__name__)

    def _send(self, first: int, max_events: int, max_bytes: int) -> None:
        part = self.outbox.read(first, max_events=max_events, max_bytes=max_bytes)
        sent = self._clock.reading()
        header = Header(
            v=PROTOCOL_VERSION,
            store=self.outbox.store,
            first=part.first,
            n=len(part.lines),
            prev=part.prev.hex(),
            sent=sent,
            anchor=self._anchors.of(sent.boot),
        )
        if self._link:
            device = self.outbox.device
            payload = encode_batch(header, part.lines, lambda line: self._key.sign_batch(device, line, part.head))
            self._link.publish("events", payload)
        self.engine.sent(first, len(part.lines), self._clock.mono_ms())

    def _status(self, t: str) -> bytes:
        cursor = self.outbox.cursor()
        status = Status(
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
            key=self._key.public,
            anchors=self._anchors.all() if t == "birth" else [],
            refused=self.outbox.refused,
            free_kb=self.outbox.free_bytes() // 1024,
        )
        return encode_status(status, lambda line: self._key.sign_status(self.outbox.device, line))

    def _drop_link(self) -> None:
        if self._link:
            self._link.hang_up()
        self._link = None
        self.fileno = None
        self.wants_write = False
