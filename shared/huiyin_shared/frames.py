"""HFP/1 messages on the wire: batches of event lines, acks and refusals, status, hub state (design §3)."""

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import astuple, replace

from huiyin_shared.errors import FrameError
from huiyin_shared.events import MAX_SALVAGED_LINE_BYTES, Milliseconds, Reading
from huiyin_shared.strict_json import forbid_repeated_keys

PROTOCOL_VERSION = 1
MAX_BATCH_EVENTS = 500
MAX_BATCH_BYTES = 65_536
MAX_HEADER_BYTES = 1_024
MAX_PAYLOAD_BYTES = MAX_BATCH_BYTES + MAX_HEADER_BYTES + MAX_SALVAGED_LINE_BYTES
MAX_ANCHORS = 16
MAX_STATUS_BYTES = 8_192
SIGNATURE_BYTES = 64

HexHead = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Store = Annotated[str, Meta(pattern="^[0-9a-hjkmnp-tv-z]{16}$")]
Sum = Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")]
SeqNumber = Annotated[int, Meta(ge=1, le=1 << 53)]

RefusalReason = Literal[
    "gap", "fork", "bad_signature", "revoked", "too_large", "unknown_store", "unknown_device", "bad_frame"
]


class Anchor(Struct, frozen=True):
    """At `mono_ms` of `boot` the hub's clock showed `hub_ms`, give or take `error_ms` (design §4).

    A device learns it from an ack: the hub stamped `hub_ms` between the moment the ack echoes and its arrival.
    """

    boot: Annotated[str, Meta(min_length=1, max_length=40)]
    mono_ms: Milliseconds
    hub_ms: Milliseconds
    error_ms: Milliseconds


class Header(Struct, frozen=True, omit_defaults=True):
    """First line of a batch: which events follow, the chain head before them, and the clocks as it was sent.

    `anchor` is what the device knows of the hub's time in the boot of `sent`.
    """

    v: int
    store: Store
    first: SeqNumber
    n: Annotated[int, Meta(ge=1, le=MAX_BATCH_EVENTS)]
    prev: HexHead
    sent: Reading
    anchor: Anchor | None = None


class Batch(Struct, frozen=True):
    """A decoded batch: its header, the raw lines (`len(lines) == header.n`), the header's own bytes, and what stands
    for the signature, in hex.
    """

    header: Header
    lines: list[bytes]
    header_line: bytes = b""
    signature: bytes = b""


class Ack(Struct, frozen=True, tag_field="t", tag="ack", omit_defaults=True):
    """The hub has committed everything before `next`; cumulative, and a clock sample for the device.

    `sum` is half of the SHA-256 of the values of all other fields, in their order, as text separated by LF, in hex:
    damaged on its way it must not move a clock. A device may leave it unchecked.
    """

    store: Store
    next: SeqNumber
    head: HexHead
    hub_ms: Milliseconds
    echo_boot: str = ""
    echo_mono_ms: Milliseconds = 0
    sum: Sum = ""


class Refusal(Struct, frozen=True, tag_field="t", tag="refusal", omit_defaults=True):
    """The hub did not take a batch, and says why and where its cursor for the store stands. `sum` as in an ack."""

    store: Store
    reason: RefusalReason
    next: SeqNumber
    head: HexHead
    hub_ms: Milliseconds
    sum: Sum = ""


Answer = Ack | Refusal


class Status(Struct, frozen=True, omit_defaults=True):
    """A device's birth, heartbeat or will. A birth asks the hub for the store's cursor.

    `conn` tells connections apart, so that a late will of an old one is not believed; `backlog` counts events
    not yet acked by the hub and `oldest_wall_ms` is the oldest one's device clock. `key` is the device's Ed25519
    public key in hex. A birth carries the anchors of the device's last boots. `refused` counts the visitors that had
    to be turned away since this start because the store had no room, `free_kb` is the room left on its disk.
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
    key: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    anchors: Annotated[list[Anchor], Meta(max_length=MAX_ANCHORS)] = []
    refused: Annotated[int, Meta(ge=0)] = 0
    free_kb: Annotated[int, Meta(ge=0)] | None = None


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


def encode(message: HubState) -> bytes:
    """Return the JSON of the hub's state."""
    return _encoder.encode(message)


def batch_statement(device: str, header_line: bytes, head: bytes) -> bytes:
    """Return what a batch's signature is made over; `head` is the chain head after its last line.

    The head binds every line, so one signature speaks for all that the device's chain holds up to it.
    """
    return b"\n".join((b"HFP/1 batch", device.encode(), header_line, head))


def status_statement(device: str, status_line: bytes) -> bytes:
    """Return what a status's signature is made over."""
    return b"\n".join((b"HFP/1 status", device.encode(), status_line))


def encode_batch(header: Header, lines: list[bytes], sign: Callable[[bytes], bytes]) -> bytes:
    """Return a batch's bytes: the header's line, one line an event, the signature in hex.

    `sign` is given the header's line and returns the signature of the batch's statement.
    """
    header_line = _encoder.encode(header)
    return b"\n".join((header_line, *lines, sign(header_line).hex().encode()))


def decode_batch(payload: bytes) -> Batch:
    """Return the batch in `payload`; nobody has checked its signature yet.

    Raises `FrameError` with reason `too_large`, `bad_header`, `unknown_version`, `line_count` or `bad_signature` (not
    one). Lines stay bytes: one bad event must not cost the others.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise FrameError("too_large", f"{len(payload)} bytes")
    header_line, *lines = payload.split(b"\n")
    header = _decode(_headers, header_line, "bad_header")
    if header.v != PROTOCOL_VERSION:
        raise FrameError("unknown_version", str(header.v))
    # Looking closely costs more than all the rest: only a header that is not as we would write it is looked at.
    if header_line != _encoder.encode(header):
        forbid_repeated_keys(header_line, "bad_header")
    if len(lines) != header.n + 1 or not all(lines):
        raise FrameError("line_count", f"header says {header.n} and a signature, {len(lines)} lines follow")
    return Batch(header, lines[:-1], header_line, _signature(lines[-1]))


def encode_status(status: Status, sign: Callable[[bytes], bytes]) -> bytes:
    """Return a status's bytes: its line and the signature in hex. `sign` is given the line."""
    line = _encoder.encode(status)
    return line + b"\n" + sign(line).hex().encode()


def decode_status(payload: bytes) -> tuple[Status, bytes, bytes]:
    """Return the status in `payload`, its line, and the signature that nobody has checked yet.

    Raises `FrameError` (`too_large`, `bad_status`, `bad_signature`).
    """
    if len(payload) > MAX_STATUS_BYTES:
        raise FrameError("too_large", f"{len(payload)} bytes")
    line, _, signature = payload.partition(b"\n")
    status = _decode(_statuses, line, "bad_status")
    forbid_repeated_keys(line, "bad_status")
    return status, line, _signature(signature)


def decode_answer(payload: bytes) -> Answer:
    """Return the ack or refusal in `payload`. Raises `FrameError` (`bad_answer`)."""
    answer = _decode(_answers, payload, "bad_answer")
    if answer.sum != _sum_of(answer):
        raise FrameError("bad_answer", "damaged on its way")
    return answer


def encode_answer(answer: Answer) -> bytes:
    """Return the JSON of an ack or refusal with its sum."""
    return _encoder.encode(replace(answer, sum=_sum_of(answer)))


def _sum_of(answer: Answer) -> str:
    *values, _ = astuple(answer)
    return sha256("\n".join(map(str, values)).encode()).hexdigest()[:32]


def decode_hub_state(payload: bytes) -> HubState:
    """Return the hub state in `payload`. Raises `FrameError` (`bad_hub_state`)."""
    return _decode(_hub_states, payload, "bad_hub_state")


def _signature(text: bytes) -> bytes:
    if len(text) != 2 * SIGNATURE_BYTES or text != text.lower():
        raise FrameError("bad_signature", "none at the end")
    return text


def _decode(decoder: msgspec.json.Decoder[T], payload: bytes, reason: str) -> T:
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrameError(reason, type(error).__name__) from None
