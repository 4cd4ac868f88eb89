"""What the hub could not understand: kept with its reason and counted, so that nothing disappears without a trace."""

from dataclasses import dataclass, fields
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from huiyin_hub.db.statements import Statement, storable
from huiyin_hub.ingest.tables import dead_letter, dead_letter_count

MAX_PAYLOAD_BYTES = 65_536
MAX_LETTERS_PER_DEVICE = 1_000
"""Older letters of a device go; the counts stay."""

UNKNOWN_DEVICE = ""
"""Letters that no registered device owns are kept under one name, or made-up ids could fill the disk."""


class DeadLetter(NamedTuple):
    """Bytes nobody could make sense of. `detail` never quotes them: they may hold personal data."""

    device: str
    topic: str
    reason: str
    detail: str
    payload: bytes
    received_ms: int


_KEEP = Statement(
    "INSERT INTO dead_letter (device_id, topic, reason, detail, payload, size_bytes, received_ms)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_COUNT = Statement(
    "INSERT INTO dead_letter_count (device_id, reason, n, last_ms) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (device_id, reason) DO UPDATE SET n = dead_letter_count.n + excluded.n, last_ms = excluded.last_ms"
)
_PRUNE = Statement(
    "DELETE FROM dead_letter WHERE device_id = ? AND id <="
    " (SELECT id FROM dead_letter WHERE device_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"
)


def keep(connection: Connection, letters: list[DeadLetter], *, limit: int = MAX_LETTERS_PER_DEVICE) -> None:
    """Keep and count dead letters; of each device the newest `limit` stay."""
    if not letters:
        return
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    newest: dict[str, list[DeadLetter]] = {}
    for letter in letters:
        n, _ = counts.get((letter.device, letter.reason), (0, 0))
        counts[letter.device, letter.reason] = (n + 1, letter.received_ms)
        newest.setdefault(letter.device, []).append(letter)
    _COUNT.run_many(connection, ((*key, *value) for key, value in sorted(counts.items())))
    _KEEP.run_many(connection, (_row(letter) for mine in newest.values() for letter in mine[-limit:]))
    _PRUNE.run_many(connection, ((device, device, limit) for device in sorted(newest)))


@dataclass(frozen=True)
class LetterLine:
    """A dead letter without its payload, which may hold what a visitor wrote."""

    device_id: str
    topic: str
    reason: str
    detail: str
    size_bytes: int
    received_ms: int


@dataclass(frozen=True)
class LetterCount:
    """How many letters of a device there ever were for one reason, and when the last came."""

    device_id: str
    reason: str
    n: int
    last_ms: int


def newest_letters(connection: Connection, limit: int) -> list[LetterLine]:
    """Return the newest dead letters, newest first."""
    columns = [dead_letter.c[field.name] for field in fields(LetterLine)]
    rows = connection.execute(select(*columns).order_by(dead_letter.c.id.desc()).limit(limit))
    return [LetterLine(*row) for row in rows]


def count_by_reason(connection: Connection) -> list[LetterCount]:
    """Return the counts, which outlive the letters, the last to grow first."""
    columns = [dead_letter_count.c[field.name] for field in fields(LetterCount)]
    rows = connection.execute(select(*columns).order_by(dead_letter_count.c.last_ms.desc()))
    return [LetterCount(*row) for row in rows]


def count_all(connection: Connection) -> int:
    """Return how many dead letters there ever were."""
    return int(connection.execute(select(func.coalesce(func.sum(dead_letter_count.c.n), 0))).scalar_one())


def _row(letter: DeadLetter) -> tuple[object, ...]:
    return (
        letter.device,
        storable(letter.topic[:300]),
        letter.reason,
        storable(letter.detail[:300]),
        letter.payload[:MAX_PAYLOAD_BYTES],
        len(letter.payload),
        letter.received_ms,
    )
