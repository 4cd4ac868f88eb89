"""Devices as pages show them: the registry beside what was last heard of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select

from huiyin_hub.fleet.tables import device, device_status

SILENT_AFTER_MS = 100_000
"""Three heartbeats of 30 s missed: the connection may still look open, but nothing was heard."""

DeviceState = Literal["online", "silent", "offline", "halted", "revoked", "new"]


@dataclass(frozen=True)
class DeviceLine:
    """A device as the administrator sees it; `heard_ms` is None before it ever spoke."""

    id: str
    kind: str
    counter_code: str
    state: DeviceState
    halted: str
    backlog: int
    version: str
    heard_ms: int | None  # None also where the broker told an old status after this hub came to be
    refused: int = 0  # visitors turned away since its start, because its disk was full
    free_kb: int | None = None  # None where it does not say


@dataclass(frozen=True)
class Sources:
    """From how many of its devices a hall's numbers come, and what they still hold back (design §2.3)."""

    all: int
    hearing: int
    backlog: int
    heard_ms: int | None


def read_devices(connection: Connection, now_ms: int, counters: Sequence[str] | None = None) -> list[DeviceLine]:
    """Return all devices, or those of some counters, by id, with what was last heard of them."""
    query = (
        select(device, device_status)
        .join_from(device, device_status, device_status.c.device_id == device.c.id, isouter=True)
        .order_by(device.c.id)
    )
    if counters is not None:
        query = query.where(device.c.counter_code.in_(counters))
    return [
        DeviceLine(
            id=row.id,
            kind=row.kind,
            counter_code=row.counter_code,
            state=_state(
                revoked=row.revoked, online=row.online, halted=row.halted or "", heard_ms=row.heard_ms, now_ms=now_ms
            ),
            halted=row.halted or "",
            backlog=row.backlog or 0,
            version=row.version or "",
            heard_ms=row.heard_ms or None,
            refused=row.refused or 0,
            free_kb=row.free_kb,
        )
        for row in connection.execute(query)
    ]


def read_current_stores(connection: Connection) -> dict[str, str]:
    """Return the store each device has last said it speaks for; devices that never spoke are missing."""
    rows = connection.execute(select(device_status.c.device_id, device_status.c.store))
    return {row.device_id: row.store for row in rows if row.store}


def sources_of(devices: Sequence[DeviceLine]) -> Sources:
    """Return the sum of a hall's devices, revoked ones left out."""
    counted = [one for one in devices if one.state != "revoked"]
    heard = [one.heard_ms for one in counted if one.heard_ms is not None]
    return Sources(
        all=len(counted),
        hearing=sum(one.state == "online" for one in counted),
        backlog=sum(one.backlog for one in counted),
        heard_ms=max(heard, default=None),
    )


def _state(*, revoked: bool, online: bool | None, halted: str, heard_ms: int | None, now_ms: int) -> DeviceState:
    if revoked:
        return "revoked"
    if heard_ms is None:
        return "new"
    if not online:
        return "offline"
    if now_ms - heard_ms > SILENT_AFTER_MS:
        return "silent"
    return "halted" if halted else "online"
