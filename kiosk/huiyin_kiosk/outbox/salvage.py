"""Read what is still readable of a damaged store, without trusting anything but the rows' own hashes.

One trashed page must not cost the rest: rows are read ascending until an error and descending until an error, and
SQLite's own recovery is not relied on. A row is believed only when its line fits the chain between its neighbours.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from huiyin_shared import chain

SIDE_FILES = ("", "-wal", "-shm")


@dataclass(frozen=True)
class Salvage:
    """What a damaged file still told: its name, its cursor, the believable rows the hub had not acknowledged."""

    device: str = ""
    store: str = ""
    acked_next: int = 1
    rows: dict[int, bytes] = field(default_factory=dict)
    missing: list[tuple[int, int]] = field(default_factory=list)
    settings: dict[str, bytes] = field(default_factory=dict)


def set_aside(path: Path) -> Path:
    """Rename the file and its side files to a free `…damaged-N` and return the new path."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    for suffix in SIDE_FILES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def read_damaged(path: Path) -> Salvage:
    """Return what can be read of the damaged file at `path`; an empty salvage when nothing can."""
    try:
        with closing(sqlite3.connect(path)) as db:
            return _read(db)
    except sqlite3.Error:
        return Salvage()


def _read(db: sqlite3.Connection) -> Salvage:
    device = store = ""
    acked_next, next_seq = 1, 1
    with suppress(sqlite3.Error):
        device, store, acked_next, next_seq = db.execute(
            "SELECT device, store, acked_next, next_seq FROM store"
        ).fetchone()
    found: dict[int, tuple[bytes, bytes]] = {}
    # acked_next − 1 is read too: its head is what the first row is checked against.
    for order in ("ASC", "DESC"):
        query = f"SELECT seq, line, head FROM event WHERE seq >= ? ORDER BY seq {order}"  # noqa: S608 - two constants
        for seq, line, head in _until_error(db, query, acked_next - 1):
            if isinstance(seq, int) and isinstance(line, bytes) and isinstance(head, bytes):
                found.setdefault(seq, (line, head))
    settings = {
        key: value
        for key, value in _until_error(db, "SELECT key, value FROM setting")
        if isinstance(key, str) and isinstance(value, bytes)
    }
    rows = {seq: line for seq, (line, _head) in sorted(found.items()) if seq >= acked_next and _fits(found, seq)}
    next_seq = max(next_seq, max(found, default=0) + 1)
    return Salvage(device, store, acked_next, rows, _holes(rows, acked_next, next_seq), settings)


def _until_error(db: sqlite3.Connection, query: str, *values: int) -> Iterator[tuple[object, ...]]:
    with suppress(sqlite3.Error):
        yield from db.execute(query, values)


def _fits(found: dict[int, tuple[bytes, bytes]], seq: int) -> bool:
    """Tell whether a row is what was once written. The row before it must be readable to know.

    A row whose predecessor is gone is believed when its own head leads to its successor: a damaged head would not.
    """
    line, head = found[seq]
    if seq - 1 in found:
        return chain.advance(found[seq - 1][1], line) == head
    return seq + 1 not in found or chain.advance(head, found[seq + 1][0]) == found[seq + 1][1]


def _holes(rows: dict[int, bytes], first: int, end: int) -> list[tuple[int, int]]:
    """Return the stretches [first, last] of numbers in `first`…`end` − 1 that are not in `rows`."""
    edges = [first - 1, *sorted(rows), end]
    return [(low + 1, high - 1) for low, high in pairwise(edges) if high - low > 1]
