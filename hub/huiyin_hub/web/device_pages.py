"""Devices and dead letters: what the administrator watches."""

from fastapi import APIRouter, Response

from huiyin_hub.fleet.incidents import count_incidents
from huiyin_hub.fleet.lines import read_devices
from huiyin_hub.ingest.dead_letters import count_by_reason, newest_letters
from huiyin_hub.web.places import read_places
from huiyin_hub.web.reader import LoggedIn

router = APIRouter()

LETTERS_SHOWN = 100


@router.get("/devices")
def devices(reader: LoggedIn) -> Response:
    """Show all devices; the page asks for the table again every few seconds."""
    reader.must("see_devices")
    with reader.site.reading() as connection:
        return reader.page(
            "_devices.html" if reader.is_htmx else "devices.html",
            devices=read_devices(connection, reader.site.clock()),
            incidents=count_incidents(connection),
            places=read_places(connection),
            now_ms=reader.site.clock(),
        )


@router.get("/dead-letters")
def dead_letters(reader: LoggedIn) -> Response:
    """Show what could not be understood: counts that never end, and the newest letters."""
    reader.must("see_devices")
    with reader.site.reading() as connection:
        return reader.page(
            "dead_letters.html",
            counts=count_by_reason(connection),
            letters=newest_letters(connection, LETTERS_SHOWN),
        )
