"""Where every store's cursor stands: the database's word, remembered, and moved only by compare-and-set."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from huiyin_hub.db.statements import Statement
from huiyin_hub.ingest.engine import Cursor, start_of
from huiyin_hub.ingest.tables import adopted
from huiyin_hub.ingest.tables import store as store_table

MAX_REMEMBERED = 50_000

StoreKey = tuple[str, str]
"""device, store"""


class KnownStore(NamedTuple):
    """A store's row: its number, its cursor, whether a successor has closed it, and how its batches are judged.

    `newest_ms` is a moment before which nothing that follows can have happened; `adopted` are (seq, SHA-256 of the
    line) that count under another store already.
    """

    id: int
    cursor: Cursor
    replaced: bool = False
    epoch: int = 0
    newest_ms: int = 0
    adopted: frozenset[tuple[int, bytes]] = frozenset()


class Move(NamedTuple):
    """A cursor on its way: from what was read to where it shall stand."""

    known: KnownStore
    to: Cursor
    newest_ms: int
    heard_ms: int


class CursorMoved(Exception):
    """Another process moved a cursor since it was read."""


_MOVE = Statement(
    "UPDATE store SET next_seq = ?, head = ?, newest_ms = ?, last_heard_ms = ?"
    " WHERE id = ? AND next_seq = ? AND epoch = ?"
)
_TELL = Statement("UPDATE store SET told_next = ? WHERE device_id = ? AND store = ? AND told_next < ?")


class Cursors:
    """Known stores by device and name. What is remembered may be old: `move` finds out."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[StoreKey, KnownStore] = {}

    def load(self, keys: Iterable[StoreKey]) -> dict[StoreKey, KnownStore]:
        """Return what is known of `keys`; a store never heard of is missing."""
        wanted = set(keys)
        found = {key: self._known[key] for key in wanted if key in self._known}
        missing = wanted - found.keys()
        if missing:
            with self._engine.connect() as connection:
                read = read_stores(connection, missing)
            found |= read
            self.remember(read)
        return found

    def add(self, keys: Iterable[StoreKey], now_ms: int) -> dict[StoreKey, KnownStore]:
        """Make rows for stores that begin, and return what is known of them now."""
        wanted = sorted(set(keys))
        with self._engine.execution_options(writes=True).begin() as connection:
            add_stores(connection, wanted, now_ms)
            found = read_stores(connection, wanted)
        self.remember(found)
        return found

    def remember(self, stores: dict[StoreKey, KnownStore]) -> None:
        """Keep what the database now says."""
        if len(self._known) + len(stores) > MAX_REMEMBERED:
            self._known.clear()
        self._known.update(stores)

    def forget(self) -> None:
        """Read everything anew from now on."""
        self._known.clear()


def read_stores(connection: Connection, keys: Iterable[StoreKey]) -> dict[StoreKey, KnownStore]:
    """Return the rows of `keys` in the database."""
    table = store_table.c
    found: dict[StoreKey, KnownStore] = {}
    wanted = list(keys)
    for start in range(0, len(wanted), 500):
        rows = connection.execute(
            select(store_table).where(tuple_(table.device_id, table.store).in_(wanted[start : start + 500]))
        )
        for row in rows:
            found[row.device_id, row.store] = KnownStore(
                row.id,
                Cursor(row.next_seq, bytes(row.head)),
                row.replaced_ms > 0,
                row.epoch,
                row.newest_ms,
                _adopted_from(connection, row.id) if row.epoch else frozenset(),
            )
    return found


def _adopted_from(connection: Connection, origin_id: int) -> frozenset[tuple[int, bytes]]:
    table = adopted.c
    rows = connection.execute(select(table.origin_seq, table.line_hash).where(table.origin_id == origin_id))
    return frozenset((row.origin_seq, bytes(row.line_hash)) for row in rows)


def add_stores(connection: Connection, keys: Iterable[StoreKey], now_ms: int) -> None:
    """Make rows for stores never heard of; rows that are there stay as they are."""
    rows = [
        {
            "device_id": device,
            "store": store,
            "next_seq": 1,
            "head": start_of(device, store).head,
            "first_heard_ms": now_ms,
            "last_heard_ms": now_ms,
            "replaced_ms": 0,
        }
        for device, store in keys
    ]
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    if rows:
        connection.execute(insert(store_table).on_conflict_do_nothing(), rows)


def end_store(connection: Connection, key: StoreKey, *, ended: str, successor: str, closed_ms: int) -> None:
    """Note what a successor said of a store; with `closed_ms` it takes no more batches."""
    table = store_table.c
    values: dict[str, object] = {"ended": ended, "successor": successor, "epoch": table.epoch + 1}
    if closed_ms:
        values["replaced_ms"] = closed_ms
    connection.execute(update(store_table).where(table.device_id == key[0], table.store == key[1]).values(values))


def raise_epoch(connection: Connection, store_id: int) -> None:
    """Make every process read a store's row anew before it takes another batch."""
    table = store_table.c
    connection.execute(update(store_table).where(table.id == store_id).values(epoch=table.epoch + 1))


def note_told(connection: Connection, told: list[tuple[StoreKey, int]]) -> None:
    """Remember the highest number each device has announced of a store."""
    highest: dict[StoreKey, int] = {}
    for key, next_seq in told:
        highest[key] = max(next_seq, highest.get(key, 0))
    _TELL.run_many(connection, [(n, device, store, n) for (device, store), n in sorted(highest.items())])


def move_cursors(connection: Connection, moves: Iterable[Move]) -> None:
    """Move cursors: the compare-and-set that makes duplicates impossible.

    Raises `CursorMoved` when any store no longer stood where it was read; the transaction is then to be rolled back.
    """
    rows = [
        (
            move.to.next_seq,
            move.to.head,
            move.newest_ms,
            move.heard_ms,
            move.known.id,
            move.known.cursor.next_seq,
            move.known.epoch,
        )
        for move in sorted(moves, key=lambda move: move.known.id)
    ]
    if _MOVE.run_many(connection, rows) != len(rows):
        raise CursorMoved
