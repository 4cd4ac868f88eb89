"""The devices' public keys: the first one a device proves to hold is remembered, every other one refused (HFP/1)."""

import os
import time
from binascii import unhexlify
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import starmap

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError
from sqlalchemy import Connection, Engine, delete, select

from huiyin_hub.db.statements import Statement
from huiyin_hub.fleet.tables import device_key

REREAD_MS = 1_000

_PIN = Statement(
    "INSERT INTO device_key (device_id, public_key, pinned_ms) VALUES (?, ?, ?) ON CONFLICT (device_id) DO NOTHING"
)


class KeyTaken(Exception):
    """Another process remembered another key of the same device a moment ago."""


class DeviceKeys:
    """The keys as ingest asks for them: remembered for a second, so that `forget_key` is noticed."""

    def __init__(self, engine: Engine, *, now_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000) -> None:
        self._engine = engine
        self._now_ms = now_ms
        self._keys: dict[str, str] = {}
        self._read_ms = now_ms()

    def of(self, device: str) -> str | None:
        """Return the public key of a device in hex, or None while none is known."""
        now_ms = self._now_ms()
        if now_ms - self._read_ms >= REREAD_MS:
            self._keys.clear()
            self._read_ms = now_ms
        if device not in self._keys:
            with self._engine.connect() as connection:
                key = connection.execute(
                    select(device_key.c.public_key).where(device_key.c.device_id == device)
                ).scalar()
            if key is None:
                return None
            self._keys[device] = key
        return self._keys[device]

    def forget(self) -> None:
        """Read everything anew from now on."""
        self._keys.clear()


def pin_keys(connection: Connection, keys: dict[str, tuple[str, int]]) -> None:
    """Remember (key, at) of devices that had none. Raises `KeyTaken` when one has another by now."""
    _PIN.run_many(connection, [(device, key, at_ms) for device, (key, at_ms) in sorted(keys.items())])
    table = device_key.c
    for device, (key, _) in keys.items():
        if connection.execute(select(table.public_key).where(table.device_id == device)).scalar() != key:
            raise KeyTaken


def forget_key(connection: Connection, device: str) -> None:
    """Forget a device's key: the next one it proves to hold is believed, as after its key file was lost."""
    connection.execute(delete(device_key).where(device_key.c.device_id == device))


def is_signed(key: str, signature: bytes, statement: bytes) -> bool:
    """Tell whether `signature` over `statement` was made by the holder of `key`, both in hex."""
    try:
        crypto_sign_open(unhexlify(signature) + statement, unhexlify(key))
    except (BadSignatureError, ValueError):
        return False
    return True


Claim = tuple[str, bytes, bytes]
"""key, signature, statement: as `is_signed` takes them"""


class SignatureChecker:
    """Checks many signatures on all cores: libsodium works while Python's own lock is free."""

    MIN_SHARED = 16

    def __init__(self) -> None:
        self._helpers = (os.cpu_count() or 1) - 1
        self._pool = ThreadPoolExecutor(self._helpers or 1, thread_name_prefix="signatures")

    def check(self, claims: Sequence[Claim]) -> list[bool]:
        """Return for each claim whether it is true."""
        if len(claims) < self.MIN_SHARED or not self._helpers:
            return list(starmap(is_signed, claims))
        share = -(-len(claims) // (self._helpers + 1))
        parts = [claims[start : start + share] for start in range(share, len(claims), share)]
        helped = [self._pool.submit(lambda part: list(starmap(is_signed, part)), part) for part in parts]
        checked = list(starmap(is_signed, claims[:share]))
        for part in helped:
            checked += part.result()
        return checked
