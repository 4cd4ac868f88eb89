"""The hub's texts: complete in both languages, and every id the pages use is there."""

import re
from pathlib import Path

import pytest
from fluent.syntax import FluentParser, ast

import huiyin_hub
from huiyin_hub.cases.moves import MOVES, STATES
from huiyin_hub.people.roles import ROLES
from huiyin_hub.web.faults import SAID_BY_STATUS, STATUS_OF
from huiyin_shared.catalogue import SHARED_MESSAGES
from huiyin_shared.survey import LANGUAGES

HUB = Path(huiyin_hub.__file__).parent
MESSAGES = HUB / "messages"


def ids(folder: Path, language: str) -> dict[str, set[str]]:
    resource = FluentParser().parse((folder / f"{language}.ftl").read_text(encoding="utf-8"))
    found: dict[str, set[str]] = {}
    for entry in resource.body:
        assert not isinstance(entry, ast.Junk), entry.content
        if isinstance(entry, ast.Message):
            assert entry.id.name not in found, f"{entry.id.name} stands twice"
            found[entry.id.name] = set(
                re.findall(r"\$(\w+)", (folder / f"{language}.ftl").read_text()[entry.span.start : entry.span.end])
            )  # type: ignore[union-attr]
    return found


def test_both_languages_have_the_same_messages_with_the_same_values() -> None:
    assert ids(MESSAGES, "zh-Hans") == ids(MESSAGES, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_the_pages_ask_for_is_there(language: str) -> None:
    known = ids(MESSAGES, language).keys() | ids(SHARED_MESSAGES, language).keys()
    asked = {f"fault-{status}" for status in SAID_BY_STATUS} | {f"fault-{status}-title" for status in SAID_BY_STATUS}
    asked |= {message_id for _, message_id in STATUS_OF.values()}
    asked |= {f"role-{role}{part}" for role in ROLES for part in ("", "-hint")}
    asked |= {f"state-{state}{part}" for state in STATES for part in ("", "-hint")}
    asked |= {f"move-{move.name}{part}" for move in MOVES for part in ("", "-hint")}
    asked |= {f"field-{field}" for move in MOVES for field in move.fields}
    for template in (HUB / "web" / "templates").glob("*.html"):
        asked |= set(re.findall(r"\bt\('([a-z0-9-]+)'[,)]", template.read_text(encoding="utf-8")))
    for module in (*(HUB / "web").glob("*.py"), *(HUB / "people").glob("*.py"), *(HUB / "cases").glob("*.py")):
        source = module.read_text(encoding="utf-8")
        asked |= set(re.findall(r"\bt\(\"([a-z0-9-]+)\"", source))
        asked |= set(re.findall(r"\"(error-[a-z-]+)\"", source))
    assert asked <= known, sorted(asked - known)
