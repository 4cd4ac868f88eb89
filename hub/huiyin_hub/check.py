"""The invariants of the hub's database, verified from the events' own bytes: nothing else is believed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, Select, func, select

from huiyin_hub.cases.tables import case, case_history
from huiyin_hub.fleet.incidents import IncidentLine, read_incidents
from huiyin_hub.fleet.tables import device_status
from huiyin_hub.ingest.completeness import StoreLine, describe, read_completeness
from huiyin_hub.ingest.gathering import AGAIN_KIND, DEAD_KIND, KINDS
from huiyin_hub.ingest.saving import ADOPTED_FEEDBACK_KIND, ADOPTED_KIND
from huiyin_hub.ingest.tables import adopted
from huiyin_hub.ingest.tables import event as event_table
from huiyin_hub.ingest.tables import store as store_table
from huiyin_hub.scores.rollups import Tally
from huiyin_hub.scores.tables import hour_reopened, rating_words, rollup, rollup_reason
from huiyin_shared import chain
from huiyin_shared.errors import FrameError
from huiyin_shared.events import Feedback, Salvaged, decode_event

MAX_NAMED = 5
ADOPTED_KINDS = frozenset({ADOPTED_KIND, ADOPTED_FEEDBACK_KIND})
ROWS_AT_A_TIME = 5_000


@dataclass(frozen=True)
class Invariant:
    """Something that must hold, and what was found where it does not."""

    name: str
    text: str
    breaks: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing contrary was found."""
        return not self.breaks


@dataclass(frozen=True)
class Report:
    """What a check counted and found."""

    events: int
    ratings: int
    dead: int
    cases: int
    stores: int
    devices: int
    invariants: tuple[Invariant, ...]
    complete: int = 0
    """Stores of which everything announced is here."""
    to_look_at: tuple[StoreLine, ...] = ()
    incidents: tuple[IncidentLine, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every invariant holds."""
        return all(invariant.holds for invariant in self.invariants)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is no fault of the database: what devices still owe or have lost, and what happened to them."""
        stores = f"{self.complete} store{'' if self.complete == 1 else 's'} complete"
        return (
            stores if not self.to_look_at else f"{stores}, {len(self.to_look_at)} to look at",
            *(describe(line) for line in self.to_look_at),
            *(_describe(one) for one in self.incidents),
        )


class _Store(NamedTuple):
    device: str
    name: str
    next_seq: int
    head: bytes
    replaced: bool


class _Findings:
    """Breaks of one invariant; the first few are named, the rest counted."""

    def __init__(self) -> None:
        self._named: list[str] = []
        self._more = 0

    def add(self, text: str) -> None:
        if len(self._named) < MAX_NAMED:
            self._named.append(text)
        else:
            self._more += 1

    def breaks(self) -> tuple[str, ...]:
        return (*self._named, f"and {self._more} more") if self._more else tuple(self._named)


class _Recount:
    """Walks all events in order, store by store."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.words = 0
        self.events = 0
        self.ratings = 0
        self.dead = 0
        self.feedbacks = 0
        self.chains = _Findings()
        self.cursors = _Findings()
        self.kinds = _Findings()
        self.adopted: set[tuple[int, int]] = set()
        self.again: list[tuple[int, int, bytes]] = []

    def walk(self, connection: Connection) -> None:
        """Follow every store's chain from its genesis to its cursor, counting what its lines say."""
        stores = {
            row.id: _Store(row.device_id, row.store, row.next_seq, bytes(row.head), row.replaced_ms > 0)
            for row in connection.execute(select(store_table))
        }
        table = event_table.c
        query = select(table.store_id, table.seq, table.line, table.kind, table.occurred_ms, table.received_ms)
        query = query.order_by(table.store_id, table.seq)
        rows = connection.execute(query, execution_options={"yield_per": ROWS_AT_A_TIME})
        for store_id, group in groupby(rows, key=lambda row: row.store_id):
            store = stores.pop(store_id, None)
            if store is None:
                self.cursors.add(f"{sum(1 for _ in group)} events belong to no store")
            else:
                self._follow(store, group)
        for store in stores.values():
            self._follow(store, ())

    def _follow(self, store: _Store, rows: Iterable[Row[int, int, bytes, str, int, int]]) -> None:
        head = chain.genesis(store.device, store.name)
        expected = 1
        for row in rows:
            # SQLite keeps a text where somebody put one, whatever the column says.
            line = row.line.encode() if isinstance(row.line, str) else bytes(row.line)
            if row.seq < store.next_seq:
                if row.seq != expected:
                    self.cursors.add(f"store {store.name} lacks {expected} to {row.seq - 1}")
                expected = row.seq + 1
                head = chain.advance(head, line)
            elif not store.replaced:
                self.cursors.add(f"store {store.name} holds {row.seq} beyond its cursor")
            self._count(row.store_id, row.seq, line, row.kind, row.occurred_ms, row.received_ms)
        if expected != store.next_seq:
            self.cursors.add(f"store {store.name} ends at {expected - 1}, its cursor says {store.next_seq - 1}")
        elif head != store.head:
            self.chains.add(f"store {store.name}: the lines do not lead to its head")

    def _count(self, store_id: int, seq: int, line: bytes, kind: str, occurred_ms: int, received_ms: int) -> None:
        self.events += 1
        if kind == DEAD_KIND:
            self.dead += 1
            return
        try:
            event = decode_event(line)
        except FrameError:
            self.kinds.add(f"event {seq} of store number {store_id} cannot be read")
            return
        if kind == AGAIN_KIND:
            self.again.append((store_id, seq, sha256(line).digest()))
            return
        if kind in ADOPTED_KINDS and isinstance(event, Salvaged):
            self.adopted.add((store_id, seq))
            event = decode_event(event.line)
            kind = KINDS[type(event)] if (kind == "adopted_feedback") == isinstance(event, Feedback) else kind
        if KINDS[type(event)] != kind:
            self.kinds.add(f"event {seq} of store number {store_id} is kept as {kind} and is none")
            return
        self.ratings += kind == "rating"
        self.feedbacks += kind == "feedback"
        self.tally.add(event, store_id=store_id, seq=seq, occurred_ms=occurred_ms, received_ms=received_ms)
        self.words += len(self.tally.words)
        self.tally.words.clear()


def check(engine: Engine) -> Report:
    """Verify the invariants on one consistent view of the database; others may write meanwhile."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        recount = _Recount()
        recount.walk(connection)
        cases = _count(connection, select(func.count()).select_from(case))
        stores = read_completeness(connection)
        return Report(
            events=recount.events,
            ratings=recount.ratings,
            dead=recount.dead,
            cases=cases,
            stores=_count(connection, select(func.count()).select_from(store_table)),
            devices=_count(connection, select(func.count()).select_from(device_status)),
            complete=sum(line.is_fine for line in stores),
            to_look_at=tuple(line for line in stores if not line.is_fine),
            incidents=tuple(read_incidents(connection)),
            invariants=(
                Invariant("chains", "chains are unbroken from genesis to cursor", recount.chains.breaks()),
                Invariant("cursors", "every store is complete up to its cursor", recount.cursors.breaks()),
                Invariant("kinds", "every event is kept as what its line says", recount.kinds.breaks()),
                Invariant(
                    "once", "what is carried by another store counts once", _compare_adopted(connection, recount)
                ),
                Invariant("rollups", "rollups equal a recount of the events", _compare_rollups(connection, recount)),
                Invariant(
                    "cases",
                    "there is one case for each feedback, with its history",
                    _compare_cases(connection, recount),
                ),
            ),
        )


def _describe(one: IncidentLine) -> str:
    store = f", store {one.store}" if one.store else ""
    times = "once" if one.n == 1 else f"{one.n} times"
    return f"incident {one.kind} of device {one.device_id}{store}, {times}: {one.detail}"


def _compare_rollups(connection: Connection, recount: _Recount) -> tuple[str, ...]:
    findings = _Findings()
    for table, counted in ((rollup, recount.tally.ratings), (rollup_reason, recount.tally.reasons)):
        kept = {tuple(row[:-1]): int(row[-1]) for row in connection.execute(select(table))}
        _compare(findings, kept, counted)
    reopened = {(row.counter_code, row.hour_ms): row.n for row in connection.execute(select(hour_reopened))}
    _compare(findings, reopened, {key: n for key, (n, _) in recount.tally.late.items()})
    words = _count(connection, select(func.count()).select_from(rating_words))
    if words != recount.words:
        findings.add(f"{words} words are kept, the events have {recount.words}")
    return findings.breaks()


def _compare_adopted(connection: Connection, recount: _Recount) -> tuple[str, ...]:
    findings = _Findings()
    rows = list(connection.execute(select(adopted)))
    for store_id, seq in sorted(recount.adopted - {(row.store_id, row.seq) for row in rows}):
        findings.add(f"event {seq} of store number {store_id} counts for another and is on no list")
    known = {(row.origin_id, row.origin_seq, bytes(row.line_hash)) for row in rows}
    for store_id, seq, line_hash in recount.again:
        if (store_id, seq, line_hash) not in known:
            findings.add(f"event {seq} of store number {store_id} counts nowhere")
    return findings.breaks()


def _compare(findings: _Findings, kept: Mapping[Any, int], counted: Mapping[Any, int]) -> None:
    for key in sorted(kept.keys() | counted.keys(), key=str):
        if kept.get(key, 0) != counted.get(key, 0):
            findings.add(f"{key} says {kept.get(key, 0)}, the events say {counted.get(key, 0)}")


def _compare_cases(connection: Connection, recount: _Recount) -> tuple[str, ...]:
    findings = _Findings()
    joined = event_table.outerjoin(
        case, (case.c.store_id == event_table.c.store_id) & (case.c.seq == event_table.c.seq)
    )
    without = (
        select(func.count())
        .select_from(joined)
        .where(event_table.c.kind.in_(("feedback", ADOPTED_FEEDBACK_KIND)), case.c.id.is_(None))
    )
    missing = _count(connection, without)
    if missing:
        findings.add(f"{missing} feedbacks have no case")
    from_events = select(func.count()).select_from(case).where(case.c.store_id > 0)
    opened = _count(connection, from_events)
    if opened + missing != recount.feedbacks:
        findings.add(f"{opened} cases come from {recount.feedbacks} feedbacks")
    begun = select(case_history.c.case_id).where(case_history.c.from_state == "")
    unexplained = _count(connection, select(func.count()).select_from(case).where(case.c.id.not_in(begun)))
    if unexplained:
        findings.add(f"{unexplained} cases have a history without beginning")
    return findings.breaks()


def _count(connection: Connection, query: Select[int]) -> int:
    return connection.execute(query).scalar_one()
