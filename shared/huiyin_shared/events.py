"""What happens at a device, as one line of JSON each. The bytes of the line are what is hashed and kept."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from huiyin_shared.errors import EventTooLarge, FrameError
from huiyin_shared.strict_json import forbid_repeated_keys
from huiyin_shared.survey import FeedbackKind, RatingSource

MAX_LINE_BYTES = 16_384
"""A line of text and contact at their limits in UTF-8 fits; far below every broker's packet limit."""

MAX_SALVAGED_LINE_BYTES = MAX_LINE_BYTES * 4 // 3 + 1_024
"""A salvaged event carries another line as base 64."""

MAX_TEXT_CHARS = 2_000
MAX_WORDS_CHARS = 200

Code = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
"""A code of the organisation: counter, staff, category, reason."""

OptionalCode = Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_.:-]*$")]
Milliseconds = Annotated[int, Meta(ge=0, le=1 << 53)]


class Reading(Struct, frozen=True):
    """The device's clocks at one moment, raw: nothing is corrected at the source (design §4).

    `mono_ms` counts since `boot`, suspend included; `wall_ms` is Unix time as the device believed it.
    """

    boot: Annotated[str, Meta(min_length=1, max_length=40)]
    mono_ms: Milliseconds
    wall_ms: Annotated[int, Meta(ge=-(1 << 53), le=1 << 53)]
    clock: Literal["synced", "unsynced"] = "unsynced"


class Rating(Struct, frozen=True, tag_field="t", tag="rating", omit_defaults=True):
    """One tap on one of five levels (A1)."""

    at: Reading
    visit: Code
    counter: Code
    level: Annotated[int, Meta(ge=1, le=5)]
    staff: OptionalCode = ""
    source: RatingSource = "touch"
    lang: Annotated[str, Meta(max_length=16)] = "zh-Hans"


class RatingDetail(Struct, frozen=True, tag_field="t", tag="rating_detail", omit_defaults=True):
    """Reasons and words a visitor gave after the tap; repeats counter and level so that it counts by itself."""

    at: Reading
    visit: Code
    counter: Code
    level: Annotated[int, Meta(ge=1, le=5)]
    reasons: Annotated[list[Code], Meta(max_length=12)] = []
    words: Annotated[str, Meta(max_length=MAX_WORDS_CHARS)] = ""
    staff: OptionalCode = ""


class Contact(Struct, frozen=True, omit_defaults=True):
    """How to reach a visitor who wishes an answer; left out entirely by who stays anonymous (A6)."""

    name: Annotated[str, Meta(max_length=60)] = ""
    phone: Annotated[str, Meta(max_length=40)] = ""


class Feedback(Struct, frozen=True, tag_field="t", tag="feedback", omit_defaults=True):
    """A complaint, suggestion, praise or enquiry in the visitor's own words (A2, A4).

    `text` and `contact` travel readable until sealing to the hub's public keys arrives; their place is here.
    """

    at: Reading
    visit: Code
    kind: FeedbackKind
    counter: Code
    category: OptionalCode = ""
    text: Annotated[str, Meta(max_length=MAX_TEXT_CHARS)] = ""
    staff: OptionalCode = ""
    contact: Contact | None = None
    lang: Annotated[str, Meta(max_length=16)] = "zh-Hans"


class Salvaged(Struct, frozen=True, tag_field="t", tag="salvaged"):
    """An event of a store that could not go on, with the number it had there.

    `line` holds the old line's bytes. The hub counts it only when it never got these bytes under that number.
    """

    at: Reading
    store: Annotated[str, Meta(pattern="^[0-9a-hjkmnp-tv-z]{16}$")]
    seq: Annotated[int, Meta(ge=1, le=1 << 53)]
    line: bytes


class StoreReplaced(Struct, frozen=True, tag_field="t", tag="store_replaced"):
    """First event of a store that follows another: the alarm, and what is lost.

    The predecessor was `damaged`, or the hub lacks a stretch that is `history_gone` here too: either way nothing more
    will come of it. Or its history had `forked`: another card goes on with it, or the hub knows more of it than this
    card. `missing` are stretches [first, last] the hub had not acknowledged and that are not here; an empty
    `predecessor` means not even the old store's name could be read.
    """

    at: Reading
    predecessor: Annotated[str, Meta(pattern="^([0-9a-hjkmnp-tv-z]{16})?$")]
    kind: Literal["damaged", "history_gone", "forked"]
    why: Annotated[str, Meta(max_length=200)]
    recovered: Annotated[int, Meta(ge=0)]
    missing: Annotated[list[tuple[int, int]], Meta(max_length=100)] = []

    @property
    def closes(self) -> bool:
        """Whether the predecessor has spoken for the last time."""
        return self.kind != "forked"


Event = Rating | RatingDetail | Feedback | Salvaged | StoreReplaced

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode_event(event: Event) -> bytes:
    """Return the line of `event`, without line end. JSON escapes line ends inside texts.

    Raises `EventTooLarge`; also `FrameError` when a value breaks a limit of its field (msgspec checks on decode only).
    """
    line = _encoder.encode(event)
    limit_bytes = MAX_SALVAGED_LINE_BYTES if isinstance(event, Salvaged) else MAX_LINE_BYTES
    if len(line) > limit_bytes:
        raise EventTooLarge(size_bytes=len(line), limit_bytes=limit_bytes)
    decode_event(line)
    return line


def decode_event(line: bytes) -> Event:
    """Return the event of a line. Raises `FrameError` with reason `bad_event`, which never quotes the line."""
    try:
        event = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrameError("bad_event", _place_of(error)) from None
    forbid_repeated_keys(line, "bad_event")
    return event


def _place_of(error: Exception) -> str:
    """Return what msgspec said with the value left out: a line may hold personal data."""
    text = str(error)
    return text if isinstance(error, msgspec.ValidationError) and "Invalid value" not in text else type(error).__name__
