"""The hall board: today's scores of a hall's counters, live."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from huiyin_hub.fleet.lines import read_devices, sources_of
from huiyin_hub.scores.board import board_message, read_board, read_days, read_late_hours, read_reasons, read_words
from huiyin_hub.scores.calendar import day_of, day_start_ms, local
from huiyin_hub.scores.rules import MIN_RATINGS, NONE, Counts, plus, satisfied, wilson
from huiyin_hub.web.places import HallWithCounters, Places, read_places
from huiyin_hub.web.reader import LoggedIn, Member

router = APIRouter()


@router.get("/halls/{code}")
def board(reader: LoggedIn, code: str) -> Response:
    """Show a hall's board."""
    site, now_ms = reader.site, reader.site.clock()
    places, hall = _hall(reader, code)
    with site.reading() as connection:
        today = read_board(connection, hall.counter_codes, now_ms=now_ms, zone=site.zone)
        days = read_days(connection, hall.counter_codes, now_ms=now_ms, zone=site.zone)
    return reader.page(
        "board.html",
        board=today,
        message=board_message(code, today),
        min_ratings=MIN_RATINGS,
        **_sources(reader, hall),
        names={one.code: one.name.pick(reader.language) for one in hall.counters},
        zone=site.settings.timezone,
        trend={"": _trend(_added_up(days)), **{counter: _trend(of_days) for counter, of_days in days.items()}},
        **_voices(reader, places, hall, now_ms),
    )


@router.get("/halls/{code}/voices")
def voices(reader: LoggedIn, code: str) -> Response:
    """Return today's reasons and words as a part of the board."""
    places, hall = _hall(reader, code)
    return reader.page("_voices.html", **_voices(reader, places, hall, reader.site.clock()))


@router.get("/halls/{code}/sources")
def sources(reader: LoggedIn, code: str) -> Response:
    """Return from how many of its devices a hall's numbers come, and how many came late, as a part of the board."""
    _, hall = _hall(reader, code)
    return reader.page("_sources.html", **_sources(reader, hall))


@router.get("/halls/{code}/live")
async def live(reader: LoggedIn, code: str) -> Response:
    """Stream a hall's board: an event `board` with the whole board as JSON at once and after every change."""
    _, hall = await run_in_threadpool(_hall, reader, code)
    stream = reader.site.live.open(
        hall=code,
        counters=hall.counter_codes,
        session=reader.token_hash,
        keeps_session=not reader.account.may("handle_cases"),
    )
    return StreamingResponse(
        reader.site.live.lines(stream),
        media_type="text/event-stream",
        # A reverse proxy must not collect what should be seen at once.
        headers={"x-accel-buffering": "no"},
    )


def _hall(reader: Member, code: str) -> tuple[Places, HallWithCounters]:
    with reader.site.reading() as connection:
        places = read_places(connection)
    hall = places.halls.get(code)
    # A foreign hall and one that does not exist are told in the same words.
    if hall is None or not reader.account.may_see_hall(code):
        raise HTTPException(404)
    return places, hall


def _sources(reader: Member, hall: HallWithCounters) -> dict[str, Any]:
    now_ms, zone = reader.site.clock(), reader.site.zone
    with reader.site.reading() as connection:
        devices = read_devices(connection, now_ms, hall.counter_codes)
        late = read_late_hours(connection, hall.counter_codes, now_ms=now_ms, zone=zone)
    return {"sources": sources_of(devices), "late": [(f"{local(one.hour_ms, zone):%H:%M}", one.n) for one in late]}


def _voices(reader: Member, places: Places, hall: HallWithCounters, now_ms: int) -> dict[str, Any]:
    zone = reader.site.zone
    with reader.site.reading() as connection:
        reasons = read_reasons(connection, hall.counter_codes, now_ms=now_ms, zone=zone)
        words = read_words(connection, hall.counter_codes, since_ms=day_start_ms(day_of(now_ms, zone), zone))
    return {"hall": hall, "places": places, "reasons": reasons, "words": words}


def _added_up(days: dict[str, list[tuple[date, Counts]]]) -> list[tuple[date, Counts]]:
    total: dict[date, Counts] = {}
    for of_days in days.values():
        for day, counts in of_days:
            total[day] = plus(total.get(day, NONE), counts)
    return list(total.items())


def _trend(days: Sequence[tuple[date, Counts]]) -> list[dict[str, Any]]:
    points = []
    for day, counts in days:
        n, good = sum(counts), satisfied(counts)
        interval = wilson(good, n)
        shares = (good / n, interval.low, interval.high) if n else (None, None, None)
        named = zip(("share", "low", "high"), shares, strict=True)
        points.append(
            {"day": f"{day:%m-%d}", "n": n, **{name: None if x is None else round(x * 100, 1) for name, x in named}}
        )
    return points
