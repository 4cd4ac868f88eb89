"""Rollups kept in the ingest transaction: exact at all times, so that sum(rollup) == count(events)."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from huiyin_hub.db.tables import RowId, metadata

rollup = Table(
    "rollup",
    metadata,
    Column("counter_code", Text, primary_key=True),
    Column("hour_ms", BigInteger, primary_key=True, autoincrement=False),  # start of the UTC hour
    Column("staff_code", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

rollup_reason = Table(
    "rollup_reason",
    metadata,
    Column("counter_code", Text, primary_key=True),
    Column("hour_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Text, primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

rating_words = Table(
    "rating_words",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("store_id", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("counter_code", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("occurred_ms", BigInteger, nullable=False),
)
Index("ix_rating_words_counter_code_occurred_ms", rating_words.c.counter_code, rating_words.c.occurred_ms)

hour_reopened = Table(
    "hour_reopened",
    metadata,
    # Ratings that came to the hub long after the hour they belong to had ended: what was said of it has changed since.
    Column("counter_code", Text, primary_key=True),
    Column("hour_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

change = Table(
    "change",
    metadata,
    # One row a counter, its number raised in every ingest transaction that touched it: what live pages watch.
    Column("counter_code", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
