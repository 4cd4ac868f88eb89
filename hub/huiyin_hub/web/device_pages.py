"""Devices and dead letters: what the administrator watches."""

from dataclasses import dataclass

from fastapi import APIRouter, Response
from sqlalchemy import Connection, func, select

from huiyin_hub.ingest.tables import dead_letter, dead_letter_count
from huiyin_hub.web.device_lines import read_devices
from huiyin_hub.web.places import read_places
from huiyin_hub.web.reader import LoggedIn

router = APIRouter()

LETTERS_SHOWN = 100


@dataclass(frozen=True)
class LetterLine:
    """A dead letter without its payload, which may hold what a visitor wrote."""

    device_id: str
    topic: str
    reason: str
    detail: str
    size_bytes: int
    received_ms: int


@router.get("/devices")
def devices(reader: LoggedIn) -> Response:
    """Show all devices; the page asks for the table again every few seconds."""
    reader.must("see_devices")
    with reader.site.reading() as connection:
        return reader.page(
            "_devices.html" if reader.is_htmx else "devices.html",
            devices=read_devices(connection, reader.site.clock()),
            places=read_places(connection),
            now_ms=reader.site.clock(),
        )


@router.get("/dead-letters")
def dead_letters(reader: LoggedIn) -> Response:
    """Show what could not be understood: counts that never end, and the newest letters."""
    reader.must("see_devices")
    with reader.site.reading() as connection:
        counts = connection.execute(select(dead_letter_count).order_by(dead_letter_count.c.last_ms.desc())).all()
        newest = connection.execute(
            select(
                dead_letter.c.device_id,
                dead_letter.c.topic,
                dead_letter.c.reason,
                dead_letter.c.detail,
                dead_letter.c.size_bytes,
                dead_letter.c.received_ms,
            )
            .order_by(dead_letter.c.id.desc())
            .limit(LETTERS_SHOWN)
        ).mappings()
        return reader.page("dead_letters.html", counts=counts, letters=[LetterLine(**row) for row in newest])


def read_dead_letter_total(connection: Connection) -> int:
    """Return how many dead letters there ever were."""
    return int(connection.execute(select(func.coalesce(func.sum(dead_letter_count.c.n), 0))).scalar_one())
