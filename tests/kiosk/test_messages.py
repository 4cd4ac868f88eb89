"""The kiosk's texts: both languages say everything."""

import re
from pathlib import Path

from huiyin_kiosk.bootstrap import MESSAGES, open_kiosk_catalogues

_ID = re.compile(r"^([a-z][a-z0-9-]*) =", re.MULTILINE)


def ids(language: str) -> set[str]:
    return set(_ID.findall((MESSAGES / f"{language}.ftl").read_text(encoding="utf-8")))


def test_both_languages_have_the_same_messages() -> None:
    assert ids("zh-Hans") == ids("en")


def test_every_message_the_screens_ask_for_is_there() -> None:
    catalogue = open_kiosk_catalogues()["en"]
    folder = Path(MESSAGES).parent
    sources = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    asked = set(re.findall(r'texts\("([a-z][a-z0-9-]*)"', sources))
    assert asked
    assert {name for name in asked if not catalogue.has(name)} == set()


def test_english_uses_no_signs_that_this_font_draws_as_wide_as_a_chinese_letter() -> None:
    assert not re.search("[·’‘“”…—]", (MESSAGES / "en.ftl").read_text(encoding="utf-8"))
