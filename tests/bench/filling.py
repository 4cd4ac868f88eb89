"""Fill a hub's SQLite database quickly with a history, so that ingest can be measured on top of it.

Events, rollup rows and stores stand where real ones would, with the hub's own columns and keys; every line is a copy of
one, so `huiyin-hub check` would rightly complain. The stores of the devices that will be measured lie scattered among
the others: their events go into the middle of the tree, not to its end.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import update
from tests.bench.load import PretendDevice

from huiyin_hub.db.engine import open_engine, sqlite_url
from huiyin_hub.ingest.cursors import add_stores, read_stores
from huiyin_hub.ingest.tables import store as store_table

EVENTS_PER_STORE = 10_000
EVENTS_PER_ROLLUP_ROW = 10
BEGAN_MS = 1_700_000_000_000
HOUR_MS = 3_600_000

_NUMBERS = "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ?) "
_ADD_EVENTS = (
    "INSERT INTO event (store_id, seq, line, kind, occurred_ms, error_ms, received_ms, timing) "
    f"{_NUMBERS} SELECT ?, i, ?, 'rating', ? + i * 60000, 1000, ? + i * 60000, 'exact' FROM numbers"
)
_ADD_ROLLUP = (
    "INSERT INTO rollup (counter_code, hour_ms, staff_code, source, level, n) "
    f"{_NUMBERS} SELECT ?, ? + i * {HOUR_MS}, 's-01', 'kiosk', 5, ? FROM numbers"
)


def fill(path: Path, fleet: list[PretendDevice], *, events: int, already: int, line: bytes) -> None:
    """Add events of other stores, at most `events - already` of them, in the order of the table's key."""
    per_store = min(EVENTS_PER_STORE, (events - already) // len(fleet))
    count = (events - already) // per_store
    ours = {count * place // len(fleet): device for place, device in enumerate(fleet)}
    keys: list[tuple[str, str]] = []
    others = set()
    for number in range(count):
        if number in ours:
            keys.append((ours[number].device, ours[number].store))
        keys.append((f"past-{already}-{number}", f"{number:016}"))
        others.add(keys[-1])
    engine = open_engine(sqlite_url(path))
    with engine.execution_options(writes=True).begin() as connection:
        add_stores(connection, keys, BEGAN_MS)
        ids = sorted(known.id for key, known in read_stores(connection, keys).items() if key in others)
        connection.execute(update(store_table).where(store_table.c.id.in_(ids)).values(next_seq=per_store + 1))
    engine.dispose()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        # Nobody else has the file open, and a power cut would only cost the benchmark: no journal, no waiting.
        for pragma in ("journal_mode=DELETE", "journal_mode=OFF", "synchronous=OFF", "cache_size=-262144"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN")
        for number in ids:
            db.execute(_ADD_EVENTS, (per_store, number, line, BEGAN_MS, BEGAN_MS))
        rows = max(1, per_store // EVENTS_PER_ROLLUP_ROW)
        for number in ids:
            db.execute(_ADD_ROLLUP, (rows, f"past-{number:08}", BEGAN_MS, EVENTS_PER_ROLLUP_ROW))
        db.execute("COMMIT")
    os.sync()  # What the disk still has to do must not be part of what is measured next.
