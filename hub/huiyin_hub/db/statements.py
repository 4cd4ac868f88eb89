"""SQL written by hand for the hot path: one text, both engines, many rows at once."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection


class Statement:
    """A statement with `?` for its values. It must hold no other `?` and no `%`."""

    def __init__(self, sql: str) -> None:
        self._sqlite = sql
        self._postgres = sql.replace("?", "%s")

    def run_many(self, connection: Connection, rows: Iterable[tuple[Any, ...]]) -> int:
        """Run it for each row of values and return how many rows of the table it touched in all."""
        values = rows if isinstance(rows, list) else list(rows)
        if not values:
            return 0
        sql = self._sqlite if connection.dialect.name == "sqlite" else self._postgres
        return connection.exec_driver_sql(sql, values).rowcount


def storable(text: str) -> str:
    """Return a visitor's text as both database engines can keep it: PostgreSQL knows no NUL in texts.

    The event's own bytes are kept unchanged beside it.
    """
    return text.replace("\x00", "\ufffd")
