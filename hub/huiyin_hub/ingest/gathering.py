"""What one transaction will write, gathered from many messages before the database is touched."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from huiyin_hub.cases.intake import Intake
from huiyin_hub.fleet.incidents import Incident, IncidentKind
from huiyin_hub.fleet.status import Heard
from huiyin_hub.ingest.anchors import Told
from huiyin_hub.ingest.cursors import KnownStore, Move, StoreKey
from huiyin_hub.ingest.dead_letters import DeadLetter
from huiyin_hub.ingest.engine import Cursor, Duplicate, Refuse, Take, judge, start_of
from huiyin_hub.ingest.parsing import HeardBatch, Parsed, Rejected
from huiyin_hub.ingest.reading import read_plain_rating
from huiyin_hub.ingest.timekeeping import DRIFT_PPM, FLOOR_MS, Dating, Knowledge, date_events, present_anchor
from huiyin_hub.scores.rollups import HOUR_MS, LATE_MS, RollupKey, Tally
from huiyin_shared import topics
from huiyin_shared.errors import FrameError
from huiyin_shared.events import (
    Event,
    Feedback,
    Rating,
    RatingDetail,
    Reading,
    Salvaged,
    StoreReplaced,
    decode_event,
)
from huiyin_shared.frames import Ack, Anchor, Refusal, RefusalReason, encode_answer
from huiyin_shared.ids import DeviceId, StoreId

KINDS: dict[type[Event], str] = {
    Rating: "rating",
    RatingDetail: "rating_detail",
    Feedback: "feedback",
    Salvaged: "salvaged",
    StoreReplaced: "store_replaced",
}
DEAD_KIND = "dead"
AGAIN_KIND = "again"

EventRow = tuple[int, int, bytes, str, int, int, int, str]
"""store id, seq, line, kind, occurred, error, received, timing"""

HALTED_INCIDENTS: dict[str, IncidentKind] = {"fork": "fork", "hub_ahead": "head_regression"}
"""What a device's own word for its halt means to an operator."""


class SavedLine(NamedTuple):
    """An event of another store, carried by `store_id` under `at_seq`: it is to count once, wherever it is."""

    device: str
    store_id: int
    at_seq: int
    store: str
    seq: int
    line: bytes
    dating: Dating
    received_ms: int


class Replacement(NamedTuple):
    """What a store says of its predecessor."""

    device: str
    successor: str
    note: StoreReplaced
    received_ms: int


@dataclass
class _Reply:
    """What a store is to be told: the newest reason not to take, or the reading to acknowledge, or first one, then
    the other.
    """

    refused: RefusalReason | None = None
    acknowledged: bool = False
    echo: Reading | None = None


AnchorOf = Callable[[str, str], Anchor | None]


def no_anchor(_device: str, _boot: str) -> Anchor | None:
    """Know nothing of earlier boots."""
    return None


@dataclass
class Gathering:
    """Judges messages in their order against `stores` and collects what follows from them."""

    stores: dict[StoreKey, KnownStore]
    anchor_of: AnchorOf = no_anchor
    events: list[EventRow] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    intakes: list[Intake] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    saved: list[SavedLine] = field(default_factory=list)
    replacements: list[Replacement] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    told_anchors: Told = field(default_factory=dict)
    moved: dict[StoreKey, Move] = field(default_factory=dict)
    _replies: dict[StoreKey, _Reply] = field(default_factory=dict)

    def add(self, parsed: Parsed) -> None:
        """Take in one message."""
        if isinstance(parsed, HeardBatch):
            self._add_batch(parsed)
        elif isinstance(parsed, Heard):
            self._add_status(parsed)
        elif isinstance(parsed, Rejected):
            self.letters.append(parsed.letter)
            if parsed.incident:
                self.incidents.append(parsed.incident)
            if parsed.store and parsed.answer:
                self._reply(parsed.device, parsed.store).refused = parsed.answer

    def cursor(self, key: StoreKey) -> Cursor:
        """Return where a store will stand once this is written."""
        if key in self.moved:
            return self.moved[key].to
        known = self.stores.get(key)
        return known.cursor if known else start_of(*key)

    def answers(self, hub_ms: int) -> list[tuple[str, bytes]]:
        """Return the (topic, payload) of what devices are told after the COMMIT: one ack, one refusal a store."""
        answers: list[tuple[str, bytes]] = []
        for (device, store), reply in self._replies.items():
            cursor = self.cursor((device, store))
            topic = topics.down(DeviceId(device), "ack")
            head = cursor.head.hex()
            if reply.acknowledged:
                echo = reply.echo
                ack = Ack(
                    store=StoreId(store),
                    next=cursor.next_seq,
                    head=head,
                    hub_ms=hub_ms,
                    echo_boot=echo.boot if echo else "",
                    echo_mono_ms=echo.mono_ms if echo else 0,
                )
                answers.append((topic, encode_answer(ack)))
            if reply.refused:
                refusal = Refusal(
                    store=StoreId(store), reason=reply.refused, next=cursor.next_seq, head=head, hub_ms=hub_ms
                )
                answers.append((topic, encode_answer(refusal)))
        return answers

    def _reply(self, device: str, store: str) -> _Reply:
        reply = self._replies.get((device, store))
        if reply is None:
            reply = self._replies[device, store] = _Reply()
        return reply

    def _add_status(self, heard: Heard) -> None:
        self.heard.append(heard)
        device, status = heard.device, heard.status
        if status.halted in HALTED_INCIDENTS and status.t != "will":
            detail = f"the device holds 1…{status.next - 1}"
            self.incidents.append(
                Incident(device, status.store, HALTED_INCIDENTS[status.halted], detail, heard.received_ms)
            )
        if status.t == "beat" and status.next - status.backlog > self.cursor((device, status.store)).next_seq:
            # The device believes that we have more than we do: we were restored, and it has not heard of it.
            self._reply(device, status.store).refused = "gap"
        if status.t != "birth":
            return
        for anchor in status.anchors:
            if anchor.hub_ms - anchor.error_ms <= heard.received_ms:
                self.told_anchors[device, anchor.boot] = anchor
        reply = self._reply(device, status.store)
        reply.acknowledged = True
        reply.echo = status.sent

    def _add_batch(self, parsed: HeardBatch) -> None:
        device, batch, head, received_ms, as_dead = parsed
        key = (device, batch.header.store)
        known = self.stores.get(key)
        reply = self._reply(*key)
        if known and known.replaced:
            reply.refused = "unknown_store"
            return
        match judge(self.cursor(key), batch, head):
            case Refuse(reason):
                reply.refused = reason
                if reason == "fork":
                    detail = f"the device sends another {batch.header.first}…"
                    self.incidents.append(Incident(device, batch.header.store, "fork", detail, received_ms))
                return
            case Take(skip, cursor) if known:
                lines = batch.lines[skip:] if skip else batch.lines
                first = batch.header.first + skip
                newest_ms = self.moved[key].newest_ms if key in self.moved else known.newest_ms
                if as_dead:
                    self._add_dead_lines(known.id, first, lines, parsed)
                else:
                    newest_ms = self._add_lines(known, newest_ms, first, lines, parsed)
                self.moved[key] = Move(known, cursor, newest_ms, received_ms)
            case Take() | Duplicate():
                pass
        reply.acknowledged = True
        reply.echo = batch.header.sent
        reply.refused = None  # What was missing before has come.

    def _add_lines(self, known: KnownStore, newest_ms: int, first: int, lines: list[bytes], parsed: HeardBatch) -> int:
        """Add a store's next lines and return a moment before which nothing after them can have happened."""
        header, received_ms = parsed.batch.header, parsed.received_ms
        anchor = present_anchor(header.sent, received_ms, header.anchor)
        boot, mono_ms, error_ms = anchor.boot, anchor.mono_ms, anchor.error_ms
        base_ms = anchor.hub_ms - mono_ms
        late_before_ms = received_ms - HOUR_MS - LATE_MS
        if known.adopted:
            return self._add_mixed_lines(known, newest_ms, first, lines, parsed, anchor)
        store_id = known.id
        rows: list[EventRow] = []
        ratings: dict[RollupKey, int] = {}
        late: list[tuple[str, int]] = []
        for seq, line in enumerate(lines, first):
            rating = read_plain_rating(line)
            if rating is None or rating.at.boot != boot:
                return self._add_mixed_lines(known, newest_ms, first, lines, parsed, anchor)
            # As `date_events` would say it, without its detours: this is nearly every event there is.
            at_ms = rating.at.mono_ms
            occurred_ms = base_ms + at_ms
            if occurred_ms > received_ms:
                occurred_ms = received_ms
            drift_ms = abs(at_ms - mono_ms) * DRIFT_PPM // 1_000_000 + 1
            rows.append((store_id, seq, line, "rating", occurred_ms, error_ms + drift_ms, received_ms, "exact"))
            hour_ms = occurred_ms - occurred_ms % HOUR_MS
            key = (rating.counter, hour_ms, rating.staff, rating.source, rating.level)
            ratings[key] = ratings.get(key, 0) + 1
            if hour_ms < late_before_ms:
                late.append((rating.counter, hour_ms))
        self.events += rows
        self.tally.add_ratings(ratings)
        for counter, hour_ms in late:
            self.tally.add_late(counter, hour_ms, received_ms)
        return max(newest_ms, min(rows[-1][4] - rows[-1][5], received_ms))

    def _add_mixed_lines(
        self,
        known: KnownStore,
        newest_ms: int,
        first: int,
        lines: list[bytes],
        parsed: HeardBatch,
        anchor: Anchor,
    ) -> int:
        device, batch, _, received_ms, _ = parsed
        events: list[Event | FrameError] = []
        for line in lines:
            try:
                events.append(decode_event(line))
            except FrameError as error:
                events.append(error)
        readings = [None if isinstance(event, FrameError) else event.at for event in events]
        carried = [_decoded(event.line) if isinstance(event, Salvaged) else None for event in events]
        carried_readings = [event.at if event else None for event in carried]
        knowledge = Knowledge(
            batch.header.sent, received_ms, self._anchors(device, readings + carried_readings, anchor), newest_ms
        )
        datings, newest_ms = date_events(readings, knowledge)
        # What is carried happened before it was carried: it has a line of time of its own.
        before, _ = date_events(carried_readings, knowledge._replace(not_before_ms=0))
        for seq, line, event, dating, earlier in zip(
            range(first, first + len(lines)), lines, events, datings, before, strict=True
        ):
            if isinstance(event, FrameError):
                self._add_dead_line(known.id, seq, line, parsed, event, dating)
            elif known.adopted and (seq, sha256(line).digest()) in known.adopted:
                self.events.append((known.id, seq, line, AGAIN_KIND, *dating[:2], received_ms, dating.timing))
            else:
                self._add_event(known.id, seq, line, event, dating, parsed)
                if isinstance(event, Salvaged):
                    self.saved.append(
                        SavedLine(device, known.id, seq, event.store, event.seq, event.line, earlier, received_ms)
                    )
        return newest_ms

    def _anchors(self, device: str, readings: list[Reading | None], present: Anchor) -> dict[str, Anchor]:
        found = {present.boot: present}
        for boot in {reading.boot for reading in readings if reading} - {present.boot}:
            anchor = self.told_anchors.get((device, boot)) or self.anchor_of(device, boot)
            if anchor:
                found[boot] = anchor
        return found

    def _add_event(
        self, store_id: int, seq: int, line: bytes, event: Event, dating: Dating, parsed: HeardBatch
    ) -> None:
        device, batch, _, received_ms, _ = parsed
        occurred_ms, error_ms, timing = dating
        self.events.append((store_id, seq, line, KINDS[type(event)], occurred_ms, error_ms, received_ms, timing))
        self.tally.add(event, store_id=store_id, seq=seq, occurred_ms=occurred_ms, received_ms=received_ms)
        if isinstance(event, Feedback):
            self.intakes.append(Intake(store_id, seq, batch.header.store, seq, event, occurred_ms, received_ms))
        elif isinstance(event, StoreReplaced) and event.predecessor not in ("", batch.header.store):
            self.replacements.append(Replacement(device, batch.header.store, event, received_ms))

    def _add_dead_lines(self, store_id: int, first: int, lines: list[bytes], parsed: HeardBatch) -> None:
        # When it happened cannot be known: at any time until now.
        dating = Dating(parsed.received_ms, parsed.received_ms - FLOOR_MS, "unsynced")
        for seq, line in enumerate(lines, first):
            self._add_dead_line(store_id, seq, line, parsed, FrameError("not_storable"), dating)

    def _add_dead_line(
        self, store_id: int, seq: int, line: bytes, parsed: HeardBatch, error: FrameError, dating: Dating
    ) -> None:
        """Keep a line that means nothing to us under its number: the chain goes on, and so does the device."""
        device, received_ms = parsed.device, parsed.received_ms
        self.events.append(
            (store_id, seq, line, DEAD_KIND, dating.occurred_ms, dating.error_ms, received_ms, dating.timing)
        )
        topic = topics.up(DeviceId(device), "events")
        detail = f"{parsed.batch.header.store} {seq}: {error.detail}"
        self.letters.append(DeadLetter(device, topic, error.reason, detail, line, received_ms))


def _decoded(line: bytes) -> Event | None:
    try:
        return decode_event(line)
    except FrameError:
        return None
