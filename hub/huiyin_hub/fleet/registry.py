"""The registry of devices: who may speak, at which counter, and how brokers check them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Engine, func, insert, select, update

from huiyin_hub.broker.passwords import bcrypt_hash, new_password, pbkdf2_hash
from huiyin_hub.fleet.tables import device as device_table
from huiyin_shared.errors import HuiyinError
from huiyin_shared.ids import DeviceId, device_id

DeviceKind = Literal["kiosk", "terminal"]
Standing = Literal["active", "revoked", "unknown"]

RESERVED = frozenset({"hub"})
"""`hy/v1/hub/` is the hub's own part of the topics."""

REREAD_MS = 1_000
REREAD_FOR_STRANGER_MS = 20
"""A device may have been added a moment ago; asking more often for strangers would let them keep the database busy."""


class DeviceExists(HuiyinError):
    """A device of this id is registered."""

    def __init__(self, device: str) -> None:
        super().__init__(f"the device {device} is registered already")
        self.device = device


class DeviceUnknown(HuiyinError):
    """No device of this id is registered."""

    def __init__(self, device: str) -> None:
        super().__init__(f"no device {device} is registered")
        self.device = device


class DeviceReserved(HuiyinError):
    """The id is part of the protocol itself."""

    def __init__(self, device: str) -> None:
        super().__init__(f"a device cannot be called {device}")
        self.device = device


@dataclass(frozen=True)
class Device:
    """A registered device."""

    id: DeviceId
    counter: str
    kind: DeviceKind
    bcrypt: str
    pbkdf2: str
    revoked: bool
    added_ms: int


def add_device(connection: Connection, *, device: str, counter: str, kind: DeviceKind, now_ms: int) -> str:
    """Register a device and return its password, which is kept nowhere.

    Raises `InvalidId`, `DeviceExists` or `DeviceReserved`. The counter is checked by whoever knows counters.
    """
    name = device_id(device)
    if name in RESERVED:
        raise DeviceReserved(name)
    if connection.execute(select(device_table.c.id).where(device_table.c.id == name)).first():
        raise DeviceExists(name)
    password = new_password()
    connection.execute(
        insert(device_table).values(
            id=name,
            counter_code=counter,
            kind=kind,
            password_hash=bcrypt_hash(password),
            password_pbkdf2=pbkdf2_hash(password),
            revoked=False,
            added_ms=now_ms,
        )
    )
    return password


def devices(connection: Connection) -> list[Device]:
    """Return all devices by id, revoked ones included."""
    return [
        Device(row.id, row.counter_code, row.kind, row.password_hash, row.password_pbkdf2, row.revoked, row.added_ms)
        for row in connection.execute(select(device_table).order_by(device_table.c.id))
    ]


def revoke(connection: Connection, device: str) -> None:
    """Let a device speak no more. Raises `DeviceUnknown`."""
    done = connection.execute(update(device_table).where(device_table.c.id == device).values(revoked=True))
    if done.rowcount == 0:
        raise DeviceUnknown(device)


def fingerprint(connection: Connection) -> tuple[int, ...]:
    """Return small numbers that differ whenever a device was added, moved or revoked."""
    table = device_table.c
    revoked = func.count().filter(table.revoked)
    row = connection.execute(select(func.count(), revoked, func.coalesce(func.max(table.added_ms), 0))).one()
    return tuple(row)


class Directory:
    """The registry as ingest asks it, for every message: remembered, and read again every second."""

    def __init__(self, engine: Engine, *, now_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000) -> None:
        self._engine = engine
        self._now_ms = now_ms
        self._standings: dict[str, Standing] = {}
        self._fingerprint: tuple[int, ...] | None = None
        self._read_ms = now_ms() - REREAD_MS

    def standing(self, device: str) -> Standing:
        """Return how a device stands: a revocation is noticed within a second, a new device at once."""
        now_ms = self._now_ms()
        if now_ms - self._read_ms >= REREAD_MS:
            self._read(now_ms)
        standing = self._standings.get(device)
        if standing is None and now_ms - self._read_ms >= REREAD_FOR_STRANGER_MS:
            self._read(now_ms)
            standing = self._standings.get(device)
        return standing or "unknown"

    def _read(self, now_ms: int) -> None:
        with self._engine.connect() as connection:
            now = fingerprint(connection)
            if now != self._fingerprint:
                rows = connection.execute(select(device_table.c.id, device_table.c.revoked))
                self._standings = {row.id: "revoked" if row.revoked else "active" for row in rows}
                self._fingerprint = now
        self._read_ms = now_ms
