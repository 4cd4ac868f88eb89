"""What went wrong with devices and cannot be mended by itself: kept until an operator has seen to it (guarantee 3)."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from sqlalchemy import Connection, delete, func, select

from huiyin_hub.db.statements import Statement, storable
from huiyin_hub.fleet.keys import forget_key
from huiyin_hub.fleet.registry import DeviceUnknown
from huiyin_hub.fleet.tables import device as device_table
from huiyin_hub.fleet.tables import incident

IncidentKind = Literal["fork", "head_regression", "store_damaged", "history_gone", "key_changed", "forged", "disk_full"]
KINDS: tuple[IncidentKind, ...] = get_args(IncidentKind)


class Incident(NamedTuple):
    """Something that happened to a device's store. `detail` holds numbers and names, never what a visitor wrote."""

    device: str
    store: str
    kind: IncidentKind
    detail: str
    at_ms: int


@dataclass(frozen=True)
class IncidentLine:
    """An incident as pages show it: how often it was noticed, first and last."""

    device_id: str
    store: str
    kind: str
    detail: str
    n: int
    first_ms: int
    last_ms: int


_NOTE = Statement(
    "INSERT INTO incident (device_id, store, kind, detail, n, first_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (device_id, store, kind) DO UPDATE SET detail = excluded.detail, n = incident.n + excluded.n,"
    " last_ms = excluded.last_ms"
)


def note_incidents(connection: Connection, incidents: list[Incident]) -> None:
    """Write incidents down; the same one again is counted."""
    rows: dict[tuple[str, str, str], tuple[str, int, int, int]] = {}
    for one in incidents:
        key = (one.device, one.store, one.kind)
        _, n, first_ms, _ = rows.get(key, ("", 0, one.at_ms, 0))
        rows[key] = (storable(one.detail[:300]), n + 1, first_ms, one.at_ms)
    _NOTE.run_many(connection, [(*key, *row) for key, row in sorted(rows.items())])


def read_incidents(connection: Connection) -> list[IncidentLine]:
    """Return all incidents, the last noticed first."""
    rows = connection.execute(select(incident).order_by(incident.c.last_ms.desc(), incident.c.device_id))
    return [IncidentLine(*row) for row in rows]


def close_incident(connection: Connection, *, device: str, store: str, kind: str) -> bool:
    """Take an incident off the list, because somebody has seen to it. Return whether it was there."""
    table = incident.c
    done = connection.execute(
        delete(incident).where(table.device_id == device, table.store == store, table.kind == kind)
    )
    return done.rowcount > 0


def count_incidents(connection: Connection) -> dict[str, int]:
    """Return how many incidents of each device nobody has seen to yet; devices without any are missing."""
    table = incident.c
    rows = connection.execute(select(table.device_id, func.count()).group_by(table.device_id))
    return {row[0]: row[1] for row in rows}


def renew_key(connection: Connection, device: str) -> None:
    """Believe the next key a device proves to hold, and take the alarms about its changed key off the list.

    Raises `DeviceUnknown`.
    """
    if connection.execute(select(device_table.c.id).where(device_table.c.id == device)).first() is None:
        raise DeviceUnknown(device)
    forget_key(connection, device)
    connection.execute(delete(incident).where(incident.c.device_id == device, incident.c.kind == "key_changed"))
