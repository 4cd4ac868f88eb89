"""Live taps: every batch holds one event. Yardsticks: bare SQLite, 5,000 rows a transaction; the bare broker."""

from tests.bench.ingest import figures_on_sqlite


def measure() -> list[object]:
    """Return taps a second through one ingest process on SQLite."""
    return figures_on_sqlite("ingest_taps_sqlite", "broker_taps", devices=200, batches=301, per_batch=1)
