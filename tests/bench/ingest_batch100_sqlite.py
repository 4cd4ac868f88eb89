"""Backlogs: batches of 100 events. Yardstick: bare SQLite, 5,000 rows a transaction."""

from tests.bench.figures import Figure
from tests.bench.ingest import ingest_rate, sqlite_rate


def measure() -> Figure:
    """Return events a second through one ingest process on SQLite."""
    value = ingest_rate(devices=50, batches=81, per_batch=100)
    return Figure("ingest_batch100_sqlite", value, "events/s", sqlite_rate(rows=200_000))
