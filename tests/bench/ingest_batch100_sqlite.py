"""Backlogs: batches of 100 events. Yardsticks: bare SQLite, 5,000 rows a transaction; the bare broker."""

from tests.bench.ingest import figures_on_sqlite


def measure() -> list[object]:
    """Return events a second through one ingest process on SQLite."""
    return figures_on_sqlite("ingest_batch100_sqlite", "broker_batch100", devices=50, batches=81, per_batch=100)
