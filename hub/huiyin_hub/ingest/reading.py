"""Reading event lines at speed: nearly all are ratings, and a third of what one costs is checking its codes' patterns.

`read_plain_rating` accepts only what `decode_event` accepts too, with the same values; where it is in doubt it returns
None, and `decode_event` has the word. A property test holds the two together.
"""

import re
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from huiyin_shared.events import Reading
from huiyin_shared.survey import RatingSource

_BEGINNING = b'{"t":"rating",'
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_MAX_REMEMBERED = 10_000
_QUOTES = 2 * 9 + 2 * 5
"""Nine keys and five texts: a rating without its optional fields, and its reading with its clock."""


class PlainRating(Struct, tag_field="t", tag="rating"):
    """`huiyin_shared.events.Rating` without the patterns: the same fields, and otherwise the same limits."""

    at: Reading
    visit: str
    counter: str
    level: Annotated[int, Meta(ge=1, le=5)]
    staff: str = ""
    source: RatingSource = "touch"
    lang: Annotated[str, Meta(max_length=16)] = "zh-Hans"


_decode = msgspec.json.Decoder(PlainRating).decode
_is_code = _CODE.fullmatch
_places: set[str] = {""}
"""Counters and staff seen before: there are few of them. Visits are all different."""


def read_plain_rating(line: bytes) -> PlainRating | None:
    """Return the rating of a line as devices write it, or None: it is something else, or needs a closer look."""
    if not line.startswith(_BEGINNING):
        return None
    try:
        rating = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not _is_code(rating.visit) or not rating.counter:
        return None
    # A line with more quotation marks than it needs may say a key twice; whoever looks closely has the word.
    more = bool(rating.staff) + (rating.source != "touch") + (rating.lang != "zh-Hans")
    if line.count(b'"') != _QUOTES + 4 * more or b'"clock":"' not in line:
        return None
    if rating.counter not in _places and not _remember(rating.counter):
        return None
    if rating.staff not in _places and not _remember(rating.staff):
        return None
    return rating


def _remember(code: str) -> bool:
    if not _is_code(code):
        return False
    if len(_places) < _MAX_REMEMBERED:
        _places.add(code)
    return True
