"""HFP/1 messages on the wire: batches of event lines, acks and refusals, status, hub state (design §3)."""

from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from huiyin_shared.errors import FrameError
from huiyin_shared.events import MAX_SALVAGED_LINE_BYTES, Milliseconds, Reading

PROTOCOL_VERSION = 1
MAX_BATCH_EVENTS = 500
MAX_BATCH_BYTES = 65_536
MAX_HEADER_BYTES = 1_024
MAX_PAYLOAD_BYTES = MAX_BATCH_BYTES + MAX_HEADER_BYTES + MAX_SALVAGED_LINE_BYTES

HexHead = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Store = Annotated[str, Meta(pattern="^[0-9a-hjkmnp-tv-z]{16}$")]
SeqNumber = Annotated[int, Meta(ge=1, le=1 << 53)]

RefusalReason = Literal[
    "gap", "fork", "bad_signature", "revoked", "too_large", "unknown_store", "unknown_device", "bad_frame"
]


class Header(Struct, frozen=True, omit_defaults=True):
    """First line of a batch: which events follow, and the chain head before them. `sig` is kept for signatures."""

    v: int
    store: Store
    first: SeqNumber
    n: Annotated[int, Meta(ge=1, le=MAX_BATCH_EVENTS)]
    prev: HexHead
    sent: Reading
    sig: Annotated[str, Meta(max_length=128)] = ""


class Batch(Struct, frozen=True):
    """A decoded batch: its header and the raw lines, `len(lines) == header.n`."""

    header: Header
    lines: list[bytes]


class Ack(Struct, frozen=True, tag_field="t", tag="ack", omit_defaults=True):
    """The hub has committed everything before `next`; cumulative, and a clock sample for the device."""

    store: Store
    next: SeqNumber
    head: HexHead
    hub_ms: Milliseconds
    echo_boot: str = ""
    echo_mono_ms: Milliseconds = 0


class Refusal(Struct, frozen=True, tag_field="t", tag="refusal", omit_defaults=True):
    """The hub did not take a batch, and says why and where its cursor for the store stands."""

    store: Store
    reason: RefusalReason
    next: SeqNumber
    head: HexHead
    hub_ms: Milliseconds


Answer = Ack | Refusal


class Status(Struct, frozen=True, omit_defaults=True):
    """A device's birth, heartbeat or will. A birth asks the hub for the store's cursor.

    `conn` tells connections apart, so that a late will of an old one is not believed; `backlog` counts events
    not yet acked by the hub and `oldest_wall_ms` is the oldest one's device clock.
    """

    t: Literal["birth", "beat", "will"]
    conn: Annotated[str, Meta(min_length=1, max_length=64)]
    store: Store
    next: SeqNumber = 1
    head: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    backlog: Annotated[int, Meta(ge=0)] = 0
    oldest_wall_ms: int = 0
    sent: Reading | None = None
    version: Annotated[str, Meta(max_length=40)] = ""
    halted: Annotated[str, Meta(max_length=40)] = ""


class HubState(Struct, frozen=True):
    """Retained birth and will of the hub; a new `instance` makes devices greet again."""

    state: Literal["online", "offline"]
    instance: Annotated[str, Meta(min_length=1, max_length=64)]
    since_ms: Milliseconds


T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_headers: msgspec.json.Decoder[Header] = msgspec.json.Decoder(Header)
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)
_statuses: msgspec.json.Decoder[Status] = msgspec.json.Decoder(Status)
_hub_states: msgspec.json.Decoder[HubState] = msgspec.json.Decoder(HubState)


def encode(message: Header | Ack | Refusal | Status | HubState) -> bytes:
    """Return the JSON of one message."""
    return _encoder.encode(message)


def encode_batch(header: Header, lines: list[bytes]) -> bytes:
    """Return a batch's bytes: the header's line, then one line an event."""
    return b"\n".join((_encoder.encode(header), *lines))


def decode_batch(payload: bytes) -> Batch:
    """Return the batch in `payload`.

    Raises `FrameError` with reason `too_large`, `bad_header`, `unknown_version` or `line_count`. Lines stay bytes:
    one bad event must not cost the others.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise FrameError("too_large", f"{len(payload)} bytes")
    first_line, _, rest = payload.partition(b"\n")
    header = _decode(_headers, first_line, "bad_header")
    if header.v != PROTOCOL_VERSION:
        raise FrameError("unknown_version", str(header.v))
    lines = rest.split(b"\n")
    if len(lines) != header.n or not all(lines):
        raise FrameError("line_count", f"header says {header.n}, {len(lines)} follow")
    return Batch(header, lines)


def decode_answer(payload: bytes) -> Answer:
    """Return the ack or refusal in `payload`. Raises `FrameError` (`bad_answer`)."""
    return _decode(_answers, payload, "bad_answer")


def decode_status(payload: bytes) -> Status:
    """Return the status in `payload`. Raises `FrameError` (`bad_status`)."""
    return _decode(_statuses, payload, "bad_status")


def decode_hub_state(payload: bytes) -> HubState:
    """Return the hub state in `payload`. Raises `FrameError` (`bad_hub_state`)."""
    return _decode(_hub_states, payload, "bad_hub_state")


def _decode(decoder: msgspec.json.Decoder[T], payload: bytes, reason: str) -> T:
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrameError(reason, type(error).__name__) from None
