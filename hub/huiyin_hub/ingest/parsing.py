"""From a message's bytes to what it means, or to a dead letter with the reason. One bad message costs no other."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import msgspec

from huiyin_hub.fleet.incidents import Incident
from huiyin_hub.fleet.registry import Standing
from huiyin_hub.fleet.status import Heard
from huiyin_hub.ingest.dead_letters import UNKNOWN_DEVICE, DeadLetter
from huiyin_shared import chain, topics
from huiyin_shared.errors import FrameError
from huiyin_shared.frames import (
    MAX_HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    Batch,
    RefusalReason,
    Store,
    decode_batch,
    decode_status,
)


class Registry(Protocol):
    """Who may speak: the fleet's word, asked for every message."""

    def standing(self, device: str) -> Standing:
        """Return how a device stands."""


class HeardBatch(NamedTuple):
    """A batch of a registered device, and the chain head its lines lead to. Nobody has checked its signature yet.

    With `as_dead` its lines are kept unread: what they say cannot be stored.
    """

    device: str
    batch: Batch
    head: bytes
    received_ms: int
    as_dead: bool = False


@dataclass(frozen=True)
class Rejected:
    """A message nobody can use: its dead letter, and the store to answer when it could be made out."""

    letter: DeadLetter
    device: str = ""
    store: str = ""
    answer: RefusalReason | None = None
    incident: Incident | None = None


Parsed = HeardBatch | Heard | Rejected | None
"""None: a message that is understood and needs nothing done."""


# A device's topics are the same for every message. Errors are not remembered, so nonsense takes no memory.
_parse_up = lru_cache(maxsize=65_536)(topics.parse_up)


class _StoreOnly(msgspec.Struct):
    store: Store


_store_only: msgspec.json.Decoder[_StoreOnly] = msgspec.json.Decoder(_StoreOnly)

# What a device is told when its bytes cannot be read: send smaller ones, or the same once more.
_ANSWERS: dict[str, RefusalReason] = {"too_large": "too_large", "bad_signature": "bad_signature"}


def parse(topic: str, payload: bytes, received_ms: int, *, retained: bool, registry: Registry) -> Parsed:
    """Return what a message means. The topic says who speaks: brokers let a device write only below its own name."""
    try:
        device, leaf = _parse_up(topic)
    except FrameError as error:
        return Rejected(DeadLetter(UNKNOWN_DEVICE, topic, error.reason, error.detail, payload, received_ms))
    standing = registry.standing(device)
    if standing != "active":
        return _turned_away(device, topic, payload, received_ms, standing)
    try:
        if leaf == "events":
            batch = decode_batch(payload)
            head = chain.advance_all(bytes.fromhex(batch.header.prev), batch.lines)
            return HeardBatch(device, batch, head, received_ms)
        if leaf == "status":
            status, line, signature = decode_status(payload)
            return Heard(device, status, received_ms, retained, line, signature)
    except FrameError as error:
        letter = DeadLetter(device, topic, error.reason, error.detail, payload, received_ms)
        if leaf == "events":
            return Rejected(letter, device, _store_of(payload), _ANSWERS.get(error.reason, "bad_frame"))
        return Rejected(letter)
    if len(payload) > MAX_PAYLOAD_BYTES:
        return Rejected(DeadLetter(device, topic, "too_large", f"{len(payload)} bytes", payload, received_ms))
    return None  # `reported` has no reader yet.


def _turned_away(device: str, topic: str, payload: bytes, received_ms: int, standing: Standing) -> Rejected:
    """Keep what a stranger or a revoked device sent; it is told why, so that it stops and says so itself."""
    reason: RefusalReason = "revoked" if standing == "revoked" else "unknown_device"
    owner = device if standing == "revoked" else UNKNOWN_DEVICE
    letter = DeadLetter(owner, topic, reason, "", payload, received_ms)
    return Rejected(letter, device, _store_of(payload), reason)


def _store_of(payload: bytes) -> str:
    """Return the store a damaged message speaks of, if that much can be read."""
    try:
        return _store_only.decode(payload[: MAX_HEADER_BYTES * 2].partition(b"\n")[0]).store
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
