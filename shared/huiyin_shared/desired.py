"""The configuration the hub wishes a device to have: retained, versioned, validated before use."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from huiyin_shared.errors import FrameError
from huiyin_shared.events import Code

Name = Annotated[str, Meta(min_length=1, max_length=60)]


class Text(Struct, frozen=True):
    """One text in the languages of the product."""

    zh: Name
    en: Name

    def pick(self, language: str) -> str:
        """Return the text for a language code."""
        return self.en if language == "en" else self.zh


Sentence = Annotated[str, Meta(max_length=300)]


class Promise(Struct, frozen=True):
    """The public service promise (A7) in the languages of the product; empty when there is none."""

    zh: Sentence = ""
    en: Sentence = ""

    def pick(self, language: str) -> str:
        """Return the promise for a language code."""
        return self.en if language == "en" else self.zh


class StaffCard(Struct, frozen=True):
    """A member of staff as the kiosk names them."""

    code: Code
    name: Text


class CounterCard(Struct, frozen=True):
    """A counter a visitor can speak about, with who sits there now."""

    code: Code
    name: Text
    staff: StaffCard | None = None


class CategoryCard(Struct, frozen=True):
    """A category of the organisation's service catalogue (A5)."""

    code: Code
    name: Text


class Desired(Struct, frozen=True):
    """All a device needs to greet visitors: its counter, its hall, the catalogue.

    `counter` is the code of the counter the device stands at; `counters` are those of its hall, it included.
    """

    version: Annotated[int, Meta(ge=1)]
    organisation: Text
    hall: Text
    counter: Code
    counters: Annotated[list[CounterCard], Meta(min_length=1, max_length=200)]
    categories: Annotated[list[CategoryCard], Meta(max_length=100)] = []
    promise: Promise = Promise()

    def own_counter(self) -> CounterCard:
        """Return the card of the device's own counter."""
        return next(card for card in self.counters if card.code == self.counter)


_decoder: msgspec.json.Decoder[Desired] = msgspec.json.Decoder(Desired)


def encode_desired(desired: Desired) -> bytes:
    """Return the JSON of a desired configuration."""
    return msgspec.json.encode(desired)


def decode_desired(payload: bytes) -> Desired:
    """Return the desired configuration in `payload`. Raises `FrameError` (`bad_desired`)."""
    try:
        desired = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrameError("bad_desired", str(error)) from None
    if all(card.code != desired.counter for card in desired.counters):
        raise FrameError("bad_desired", f"counter {desired.counter} is not among the counters")
    return desired
