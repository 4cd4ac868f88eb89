"""What was last heard of each device, from its births, heartbeats and wills."""

from typing import NamedTuple

from sqlalchemy import Connection, select

from huiyin_hub.db.statements import Statement, storable
from huiyin_hub.fleet.incidents import Incident
from huiyin_hub.fleet.tables import device_status
from huiyin_shared.frames import Status

MAX_ASKED = 500
"""Devices whose disks fill up in one flush: with more of them the alarm may be repeated, never missed."""


class Heard(NamedTuple):
    """A status as it came. A retained one was said some time ago: it tells the state, not that the device is there.

    `line` and `signature` are what it was signed by.
    """

    device: str
    status: Status
    received_ms: int
    retained: bool
    line: bytes = b""
    signature: bytes = b""


# A will of an earlier connection may arrive after the new birth: an offline is believed only of the known connection,
# and its numbers, which are as old as that connection, are not.
_NOTE = Statement(
    "INSERT INTO device_status"
    " (device_id, online, conn, store, backlog, head_next, version, halted, heard_ms, refused, free_kb)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (device_id) DO UPDATE SET online = excluded.online, conn = excluded.conn, store = excluded.store,"
    " backlog = CASE WHEN excluded.online THEN excluded.backlog ELSE device_status.backlog END,"
    " head_next = CASE WHEN excluded.online THEN excluded.head_next ELSE device_status.head_next END,"
    " version = excluded.version, halted = excluded.halted,"
    " refused = excluded.refused, free_kb = excluded.free_kb,"
    " heard_ms = CASE WHEN excluded.heard_ms = 0 THEN device_status.heard_ms ELSE excluded.heard_ms END"
    " WHERE excluded.online OR device_status.conn = excluded.conn"
)


def note_statuses(connection: Connection, heard: list[Heard]) -> None:
    """Write statuses down in the order they came."""
    _NOTE.run_many(connection, [_row(item) for item in heard])


def newly_turned_away(connection: Connection, heard: list[Heard]) -> list[Incident]:
    """Return an alarm for each device that had to turn visitors away since it was heard last; ask before noting."""
    counts = {item.device: item for item in heard if item.status.refused and item.status.t != "will"}
    if not counts:
        return []
    table = device_status.c
    known = {
        row.device_id: row.refused
        for row in connection.execute(
            select(table.device_id, table.refused).where(table.device_id.in_(list(counts)[:MAX_ASKED]))
        )
    }
    return [
        Incident(
            device, item.status.store, "disk_full", f"visitors turned away: {item.status.refused}", item.received_ms
        )
        for device, item in counts.items()
        if item.status.refused != known.get(device, 0)
    ]


def _row(item: Heard) -> tuple[object, ...]:
    status = item.status
    return (
        item.device,
        status.t != "will",
        storable(status.conn),
        status.store,
        status.backlog,
        status.next,
        storable(status.version),
        storable(status.halted),
        0 if item.retained else item.received_ms,
        status.refused,
        status.free_kb,
    )
