"""Where every store's cursor stands: the database's word, remembered, and moved only by compare-and-set."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from huiyin_hub.db.statements import Statement
from huiyin_hub.ingest.engine import Cursor, start_of
from huiyin_hub.ingest.tables import store as store_table

MAX_REMEMBERED = 50_000

StoreKey = tuple[str, str]
"""device, store"""


class KnownStore(NamedTuple):
    """A store's row: its number, its cursor, and whether a successor has declared it damaged."""

    id: int
    cursor: Cursor
    replaced: bool


class CursorMoved(Exception):
    """Another process moved a cursor since it was read."""


_MOVE = Statement("UPDATE store SET next_seq = ?, head = ?, last_heard_ms = ? WHERE id = ? AND next_seq = ?")


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
                row.id, Cursor(row.next_seq, bytes(row.head)), row.replaced_ms > 0
            )
    return found


def add_stores(connection: Connection, keys: Iterable[StoreKey], now_ms: int, *, replaced_ms: int = 0) -> None:
    """Make rows for stores never heard of; rows that are there stay as they are."""
    rows = [
        {
            "device_id": device,
            "store": store,
            "next_seq": 1,
            "head": start_of(device, store).head,
            "first_heard_ms": now_ms,
            "last_heard_ms": now_ms,
            "replaced_ms": replaced_ms,
        }
        for device, store in keys
    ]
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    if rows:
        connection.execute(insert(store_table).on_conflict_do_nothing(), rows)


def mark_replaced(connection: Connection, device: str, store: str, now_ms: int) -> None:
    """Note that a store was damaged and has a successor: it takes no more batches."""
    connection.execute(
        update(store_table)
        .where(store_table.c.device_id == device, store_table.c.store == store)
        .values(replaced_ms=now_ms)
    )


def move_cursors(connection: Connection, moves: list[tuple[int, Cursor, Cursor, int]]) -> None:
    """Move each (store id, from, to, heard at): the compare-and-set that makes duplicates impossible.

    Raises `CursorMoved` when any store no longer stood where it was read; the transaction is then to be rolled back.
    """
    rows = [(to.next_seq, to.head, now_ms, number, seen.next_seq) for number, seen, to, now_ms in sorted(moves)]
    if _MOVE.run_many(connection, rows) != len(rows):
        raise CursorMoved
