"""What the hub could not understand: kept with its reason and counted, so that nothing disappears without a trace."""

from typing import NamedTuple

from sqlalchemy import Connection

from huiyin_hub.db.statements import Statement, storable

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
