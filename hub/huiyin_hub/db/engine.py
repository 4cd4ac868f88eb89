"""Open the database: SQLite (WAL, one writer) as the embedded default, PostgreSQL for more than one process."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from huiyin_shared.errors import HuiyinError


class DatabaseUnusable(HuiyinError):
    """The database cannot be opened; the text says which and why."""


def open_engine(url: str) -> Engine:
    """Return an engine for `url` (`sqlite:////path/hub.db`, `postgresql+psycopg://…`).

    SQLite connections come with WAL, synchronous=FULL (an ack after COMMIT must survive a power cut) and foreign
    keys. Raises `DatabaseUnusable` when nothing can be opened there.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUnusable(f"the database address {url!r} cannot be understood") from error
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": 30}, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin)
    else:
        engine = create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    try:
        with engine.connect():
            pass
    except DBAPIError as error:
        place = parsed.database if parsed.get_backend_name() == "sqlite" else parsed.render_as_string()
        raise DatabaseUnusable(f"the database {place} cannot be opened: {error.orig}") from error
    return engine


def sqlite_url(path: Path) -> str:
    """Return the address of a SQLite file."""
    return f"sqlite:///{path}"


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late for reads; we say BEGIN ourselves (see SQLAlchemy on pysqlite).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-65536",
        "temp_store=MEMORY",
        "journal_size_limit=67108864",
        # Fewer, larger checkpoints: each writes pages all over the file and waits for the disk.
        "wal_autocheckpoint=8000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    # A transaction that will write says so at once, so two writers queue instead of failing half-way.
    write = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
