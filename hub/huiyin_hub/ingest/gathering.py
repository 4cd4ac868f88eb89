"""What one transaction will write, gathered from many messages before the database is touched."""

from dataclasses import dataclass, field
from typing import NamedTuple

from huiyin_hub.cases.intake import Intake
from huiyin_hub.fleet.status import Heard
from huiyin_hub.ingest.cursors import KnownStore, StoreKey
from huiyin_hub.ingest.dead_letters import DeadLetter
from huiyin_hub.ingest.engine import Cursor, Duplicate, Refuse, Take, judge, start_of
from huiyin_hub.ingest.parsing import HeardBatch, Parsed, Rejected
from huiyin_hub.ingest.reading import read_plain_rating
from huiyin_hub.ingest.timekeeping import occurrence
from huiyin_hub.scores.rollups import HOUR_MS, Tally
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
from huiyin_shared.frames import Ack, Refusal, RefusalReason, encode
from huiyin_shared.ids import DeviceId, StoreId

KINDS: dict[type[Event], str] = {
    Rating: "rating",
    RatingDetail: "rating_detail",
    Feedback: "feedback",
    Salvaged: "salvaged",
    StoreReplaced: "store_replaced",
}
DEAD_KIND = "dead"

EventRow = tuple[int, int, bytes, str, int, int, int]
"""store id, seq, line, kind, occurred, error, received"""


class SavedLine(NamedTuple):
    """An event read back from a damaged store, on its way to its old place."""

    device: str
    store: str
    seq: int
    line: bytes
    occurred_ms: int
    error_ms: int
    received_ms: int


class Replacement(NamedTuple):
    """A store's successor has spoken: the old one takes no more batches."""

    device: str
    store: str
    received_ms: int


@dataclass
class _Reply:
    """What a store is to be told: the newest reason not to take, or the reading to acknowledge, or first one, then
    the other.
    """

    refused: RefusalReason | None = None
    acknowledged: bool = False
    echo: Reading | None = None


@dataclass
class Gathering:
    """Judges messages in their order against `stores` and collects what follows from them."""

    stores: dict[StoreKey, KnownStore]
    events: list[EventRow] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    intakes: list[Intake] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    saved: list[SavedLine] = field(default_factory=list)
    replacements: list[Replacement] = field(default_factory=list)
    moved: dict[StoreKey, tuple[Cursor, int]] = field(default_factory=dict)
    _replies: dict[StoreKey, _Reply] = field(default_factory=dict)

    def add(self, parsed: Parsed) -> None:
        """Take in one message."""
        if isinstance(parsed, HeardBatch):
            self._add_batch(parsed)
        elif isinstance(parsed, Heard):
            self.heard.append(parsed)
            if parsed.status.t == "birth":
                reply = self._reply(parsed.device, parsed.status.store)
                reply.acknowledged = True
                reply.echo = parsed.status.sent
        elif isinstance(parsed, Rejected):
            self.letters.append(parsed.letter)
            if parsed.store and parsed.answer:
                self._reply(parsed.device, parsed.store).refused = parsed.answer

    def cursor(self, key: StoreKey) -> Cursor:
        """Return where a store will stand once this is written."""
        if key in self.moved:
            return self.moved[key][0]
        known = self.stores.get(key)
        return known.cursor if known else start_of(*key)

    def moves(self) -> list[tuple[int, Cursor, Cursor, int]]:
        """Return every cursor's (store id, from, to, heard at)."""
        return [
            (self.stores[key].id, self.stores[key].cursor, cursor, heard_ms)
            for key, (cursor, heard_ms) in self.moved.items()
        ]

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
                answers.append((topic, encode(ack)))
            if reply.refused:
                refusal = Refusal(
                    store=StoreId(store), reason=reply.refused, next=cursor.next_seq, head=head, hub_ms=hub_ms
                )
                answers.append((topic, encode(refusal)))
        return answers

    def _reply(self, device: str, store: str) -> _Reply:
        reply = self._replies.get((device, store))
        if reply is None:
            reply = self._replies[device, store] = _Reply()
        return reply

    def _add_batch(self, parsed: HeardBatch) -> None:
        device, batch, received_ms, as_dead = parsed
        key = (device, batch.header.store)
        known = self.stores.get(key)
        reply = self._reply(*key)
        if known and known.replaced:
            reply.refused = "unknown_store"
            return
        match judge(self.cursor(key), batch):
            case Refuse(reason):
                reply.refused = reason
                return
            case Take(skip, cursor) if known:
                lines = batch.lines[skip:] if skip else batch.lines
                first = batch.header.first + skip
                if as_dead:
                    self._add_dead_lines(known.id, first, lines, parsed)
                else:
                    self._add_lines(known.id, first, lines, parsed)
                self.moved[key] = (cursor, received_ms)
            case Take() | Duplicate():
                pass
        reply.acknowledged = True
        reply.echo = batch.header.sent
        reply.refused = None  # What was missing before has come.

    def _add_lines(self, store_id: int, first: int, lines: list[bytes], parsed: HeardBatch) -> None:
        received_ms = parsed.received_ms
        sent = parsed.batch.header.sent
        add_event, ratings = self.events.append, self.tally.ratings
        for seq, line in enumerate(lines, first):
            rating = read_plain_rating(line)
            if rating is None:
                self._add_line(store_id, seq, line, parsed)
                continue
            occurred_ms, error_ms = occurrence(rating.at, sent, received_ms)
            add_event((store_id, seq, line, "rating", occurred_ms, error_ms, received_ms))
            hour_ms = occurred_ms - occurred_ms % HOUR_MS
            key = (rating.counter, hour_ms, rating.staff, rating.source, rating.level)
            ratings[key] = ratings.get(key, 0) + 1

    def _add_line(self, store_id: int, seq: int, line: bytes, parsed: HeardBatch) -> None:
        device, batch, received_ms, _ = parsed
        try:
            event = decode_event(line)
        except FrameError as error:
            self._add_dead_line(store_id, seq, line, parsed, error)
            return
        occurred_ms, error_ms = occurrence(event.at, batch.header.sent, received_ms)
        self.events.append((store_id, seq, line, KINDS[type(event)], occurred_ms, error_ms, received_ms))
        self.tally.add(event, store_id=store_id, seq=seq, occurred_ms=occurred_ms)
        if isinstance(event, Feedback):
            self.intakes.append(Intake(store_id, batch.header.store, seq, event, occurred_ms, received_ms))
        elif isinstance(event, Salvaged):
            self.saved.append(SavedLine(device, event.store, event.seq, event.line, occurred_ms, error_ms, received_ms))
        elif isinstance(event, StoreReplaced) and event.predecessor not in ("", batch.header.store):
            self.replacements.append(Replacement(device, event.predecessor, received_ms))

    def _add_dead_lines(self, store_id: int, first: int, lines: list[bytes], parsed: HeardBatch) -> None:
        for seq, line in enumerate(lines, first):
            self._add_dead_line(store_id, seq, line, parsed, FrameError("not_storable"))

    def _add_dead_line(self, store_id: int, seq: int, line: bytes, parsed: HeardBatch, error: FrameError) -> None:
        """Keep a line that means nothing to us under its number: the chain goes on, and so does the device."""
        device, received_ms = parsed.device, parsed.received_ms
        self.events.append((store_id, seq, line, DEAD_KIND, received_ms, 0, received_ms))
        topic = topics.up(DeviceId(device), "events")
        detail = f"{parsed.batch.header.store} {seq}: {error.detail}"
        self.letters.append(DeadLetter(device, topic, error.reason, detail, line, received_ms))
