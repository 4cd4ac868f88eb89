"""How typed text grows and shrinks: limits, and letters that must not get in."""

import unicodedata

MAX_NAME_CHARS = 60
MAX_PHONE_CHARS = 40
MIN_PHONE_DIGITS = 5

_NEVER = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
"""Invisible, but words of some languages and combined signs need them."""

_STOPS = "。！？；，、.!?;,:： \n"


def cleaned(text: str) -> str:
    """Return `text` without what cannot be seen: control letters, direction overrides, halves of surrogate pairs."""
    return "".join(letter for letter in text if letter in _JOINERS or unicodedata.category(letter) not in _NEVER)


def with_typed(text: str, more: str, *, limit: int) -> str:
    """Return `text` with what was typed, as far as `limit` characters allow."""
    return text + cleaned(more[:limit])[: max(0, limit - len(text))]


def with_phrase(text: str, phrase: str, *, limit: int) -> str:
    """Return `text` with a whole ready phrase, set off from what stands before; unchanged when it does not fit."""
    gap = "" if not text or text[-1] in _STOPS else ("，" if ord(text[-1]) > 0x2E7F else ", ")
    grown = text + gap + phrase
    return grown if len(grown) <= limit else text


def without_last(text: str) -> str:
    """Return `text` without its last letter, marks that belong to it included."""
    end = len(text)
    while end > 1 and _hangs_on(text[end - 1], text[end - 2]):
        end -= 1
    return text[: end - 1] if end else text


def with_phone_typed(phone: str, more: str) -> str:
    """Return `phone` with the digits and signs of what was typed that can stand in a phone number."""
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKC", more[:MAX_PHONE_CHARS]) if letter in "0123456789+-"
    )
    return (phone + plain)[:MAX_PHONE_CHARS]


def can_be_called(phone: str) -> bool:
    """Tell whether a phone number has as many digits as the shortest service numbers."""
    return sum(letter.isdigit() for letter in phone) >= MIN_PHONE_DIGITS


def _hangs_on(letter: str, before: str) -> bool:
    return (
        bool(unicodedata.combining(letter))
        or "\ufe00" <= letter <= "\ufe0f"
        or letter in _JOINERS
        or before in _JOINERS
    )
