"""Identifiers: what they look like, how they are minted and checked."""

import re
from typing import NewType

from huiyin_shared.errors import InvalidId

DeviceId = NewType("DeviceId", str)
StoreId = NewType("StoreId", str)
Seq = NewType("Seq", int)

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_LOOK_ALIKES = str.maketrans("oil", "011")
_DEVICE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_STORE = re.compile(rf"[{CROCKFORD}]{{16}}")
_STORE_PART = re.compile(rf"[{CROCKFORD}]{{6}}")
_SEQ_PART = re.compile(r"[1-9][0-9]{0,17}")
STORE_ID_BYTES = 10


def device_id(value: str) -> DeviceId:
    """Return `value` as a device id: it is a level of MQTT topics and of NATS subjects, so no dots, blanks, `*`, `>`.

    Raises `InvalidId`.
    """
    if not _DEVICE.fullmatch(value):
        raise InvalidId("device id", value)
    return DeviceId(value)


def store_id(value: str) -> StoreId:
    """Return `value` as a store id. Raises `InvalidId`."""
    if not _STORE.fullmatch(value):
        raise InvalidId("store id", value)
    return StoreId(value)


def store_id_from(random_bytes: bytes) -> StoreId:
    """Mint a store id from 10 random bytes: 16 letters of Crockford's base 32, no look-alikes."""
    if len(random_bytes) != STORE_ID_BYTES:
        raise InvalidId("store id seed", random_bytes.hex())
    number = int.from_bytes(random_bytes)
    return StoreId("".join(CROCKFORD[number >> shift & 31] for shift in range(75, -1, -5)))


def receipt_number(store: StoreId, seq: int) -> str:
    """Return the number a visitor takes home: six letters of the store, the sequence number, two check digits.

    The check digits are the rest by 97 of what stands before, read in base 32: one mistyped character or two swapped
    ones are always noticed, and everything can be read out over the telephone.
    """
    return f"{store[:6]}-{seq}-{_check_digits(store[:6] + str(seq))}".upper()


def parse_receipt_number(text: str) -> tuple[str, int]:
    """Return (first six letters of the store, seq) of a receipt number as a person typed it.

    Raises `InvalidId` for a number that cannot be right.
    """
    parts = text.strip().lower().translate(_LOOK_ALIKES).split("-")
    if len(parts) != 3 or not _STORE_PART.fullmatch(parts[0]) or not _SEQ_PART.fullmatch(parts[1]):
        raise InvalidId("receipt number", text)
    if parts[2] != _check_digits(parts[0] + parts[1]):
        raise InvalidId("receipt number", text)
    return parts[0], int(parts[1])


def _check_digits(body: str) -> str:
    number = 0
    for letter in body:
        number = number * 32 + CROCKFORD.index(letter)
    return f"{number % 97:02}"
