"""Live taps: every batch holds one event. Yardstick: bare SQLite, 5,000 rows a transaction."""

from tests.bench.figures import Figure
from tests.bench.ingest import ingest_rate, sqlite_rate


def measure() -> Figure:
    """Return taps a second through one ingest process on SQLite."""
    value = ingest_rate(devices=200, batches=301, per_batch=1)
    return Figure("ingest_taps_sqlite", value, "events/s", sqlite_rate(rows=200_000))
