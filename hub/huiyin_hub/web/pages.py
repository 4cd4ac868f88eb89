"""Renders templates: texts from the catalogues, times on the hall's clock, addresses of static files."""

import hashlib
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from huiyin_hub.people.accounts import Account
from huiyin_hub.scores.calendar import local
from huiyin_shared.catalogue import SHARED_MESSAGES, Catalogue, open_catalogues
from huiyin_shared.survey import LANGUAGES, LEVELS, Language

HERE = Path(__file__).parent
STATIC = HERE / "static"
MESSAGES = HERE.parent / "messages"


class Pages:
    """All templates; `render` gives each the reader's language and account."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._catalogues = open_catalogues(SHARED_MESSAGES, MESSAGES)
        self._addresses: dict[str, str] = {}
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            static=self.static_address, htmx_config=_HTMX_CONFIG, LANGUAGES=LANGUAGES, LEVELS=LEVELS
        )
        self._templates.filters.update(
            when=self._when, iso=self._iso, clock=self._clock, data=_data, percent=_percent, number=_number, room=_room
        )

    def texts(self, language: Language) -> Catalogue:
        """Return the texts of a language."""
        return self._catalogues[language]

    def render(self, template: str, *, language: Language, account: Account | None, path: str, **values: Any) -> str:
        """Return a page's HTML; `path` is the address the reader is at, for the language switch."""
        texts = self._catalogues[language]
        return self._templates.get_template(template).render(
            t=texts, language=language, me=account, path=path, **values
        )

    def static_address(self, name: str) -> str:
        """Return a static file's address with its fingerprint: browsers may keep it for ever, a new one is fetched."""
        if name not in self._addresses:
            file = STATIC / name
            mark = hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.is_file() else ""
            self._addresses[name] = f"/static/{name}?v={mark}"
        return self._addresses[name]

    def _when(self, ms: int, *, seconds: bool = False) -> str:
        return local(ms, self._zone).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")

    def _iso(self, ms: int) -> str:
        return local(ms, self._zone).isoformat(timespec="seconds")

    def _clock(self, ms: int) -> str:
        return local(ms, self._zone).strftime("%H:%M:%S")


def _number(value: int) -> str:
    return f"{value:,}"


def _room(kb: int) -> str:
    for unit, size in (("GB", 1024 * 1024), ("MB", 1024)):
        if kb >= size:
            return f"{kb / size:.1f} {unit}"
    return f"{kb} KB"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f}%"


def _data(value: Any) -> Markup:
    """Return JSON that can stand inside a script element: no character in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704 - escaped


_HTMX_CONFIG = json.dumps(
    {
        "allowEval": False,
        "allowScriptTags": False,
        "selfRequestsOnly": True,
        "includeIndicatorStyles": False,
        "historyCacheSize": 0,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "422", "swap": True},
            {"code": "[45]..", "swap": False, "error": True},
        ],
    }
)
