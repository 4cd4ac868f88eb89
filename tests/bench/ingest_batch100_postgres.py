"""Backlogs into PostgreSQL: batches of 100 events. Yardstick: bare COPY and INSERT, 5,000 rows a transaction."""

from tests.bench.figures import Figure
from tests.bench.ingest import ingest_rate
from tests.bench.postgres import postgres_rate, postgres_server
from tests.bench.stage import temporary_stage


def measure() -> Figure:
    """Return events a second through one ingest process on PostgreSQL."""
    with postgres_server() as address:
        database = address.replace("postgresql://", "postgresql+psycopg://", 1)
        with temporary_stage(devices=50, database=database) as stage:
            fleet = stage.fleet(batches=81, per_batch=100)
            value = ingest_rate(stage, fleet)
        return Figure("ingest_batch100_postgres", value, "events/s", postgres_rate(address, rows=200_000))
