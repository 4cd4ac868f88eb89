"""What people typed: cleaned of characters no form of ours needs, bounded numbers and dates."""

import re
from datetime import date
from typing import Annotated

from fastapi import Depends, HTTPException, Request

# Control characters (NUL breaks PostgreSQL) except tab and line ends, and what reverses the reading direction.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
MAX_ROW_ID = (1 << 63) - 1


class Form:
    """A posted form: every field is text, missing ones are empty."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """Return a field's text without blanks at the ends."""
        return clean(self.raw(name)).strip()

    def raw(self, name: str) -> str:
        """Return a field as it was typed: for passwords."""
        return next((value for key, value in self._fields if key == name), "")

    def texts(self, name: str) -> list[str]:
        """Return all values of a field that may be ticked more than once."""
        return [clean(value) for key, value in self._fields if key == name]

    def number(self, name: str) -> int:
        """Return a field's number, 0 for anything else."""
        text = self.text(name)
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0


def clean(text: str) -> str:
    """Return text without unwanted control characters and with plain line ends."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n"))


async def _posted(request: Request) -> Form:
    async with request.form(max_files=0, max_fields=200) as form:
        return Form([(name, value) for name, value in form.multi_items() if isinstance(value, str)])


Posted = Annotated[Form, Depends(_posted)]


def row_id(text: str) -> int:
    """Return the row id in a path. Raises 404 for what can be no row."""
    if not re.fullmatch(r"[0-9]{1,19}", text) or not 0 < int(text) <= MAX_ROW_ID:
        raise HTTPException(404)
    return int(text)


def day_from(text: str) -> date | None:
    """Return the day of a date field, None where it is empty. Raises `ValueError`."""
    return date.fromisoformat(text) if text else None


def local_path(text: str) -> str:
    """Return a path of our own to go to after a form, "/" for anything that could lead elsewhere."""
    return text if re.fullmatch(r"/(?![/\\])[^\s\\]*", text) else "/"
