"""Which language a person reads. Pure."""

from typing import cast

from huiyin_shared.survey import LANGUAGES, Language


def is_language(code: str) -> bool:
    """Tell whether the product speaks a language."""
    return code in LANGUAGES


def choose_language(*, account: str | None, cookie: str | None, accepted: str, default: Language) -> Language:
    """Return the language of a page: the account's, else the cookie's, else the browser's first that we speak."""
    for wish in (account, cookie):
        if wish and is_language(wish):
            return cast(Language, wish)
    return _first_accepted(accepted) or default


def _first_accepted(header: str) -> Language | None:
    wishes: list[tuple[float, int, Language]] = []
    for position, part in enumerate(header[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        spoken: Language | None = (
            "zh-Hans" if tag.lower().startswith("zh") else "en" if tag.lower().startswith("en") else None
        )
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if spoken and weight > 0:
            wishes.append((-weight, position, spoken))
    return min(wishes)[2] if wishes else None
