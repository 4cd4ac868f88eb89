"""The published protocol document says what the types say."""

import json
from pathlib import Path

from huiyin_shared import asyncapi

PUBLISHED = Path(__file__).parents[2] / "shared" / "hfp1.asyncapi.json"


def test_the_published_document_has_not_drifted() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == asyncapi.text(), (
        "run: python -m huiyin_shared.asyncapi > shared/hfp1.asyncapi.json"
    )


def test_every_reference_leads_somewhere() -> None:
    document = json.loads(asyncapi.text())

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if "$ref" in node else []
            return own + [ref for value in node.values() for ref in references(value)]
        if isinstance(node, list):
            return [ref for value in node for ref in references(value)]
        return []

    found = references(document)
    assert len(found) > 20
    for reference in found:
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
