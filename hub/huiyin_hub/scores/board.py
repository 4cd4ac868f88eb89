"""The hall board's numbers, read from rollups only: what a board costs does not grow with history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from huiyin_hub.scores.calendar import day_of, day_start_ms, local, next_day_start_ms
from huiyin_hub.scores.rules import NONE, Counts, Score, plus, score
from huiyin_hub.scores.tables import change, hour_reopened, rating_words, rollup, rollup_reason

TREND_DAYS = 7
WORDS_SHOWN = 20


@dataclass(frozen=True)
class HourCounts:
    """Ratings of one hour of the hall's day (0–23)."""

    hour: int
    counts: Counts


@dataclass(frozen=True)
class CounterScore:
    """One counter's score of a day and its hours, empty hours left out."""

    code: str
    score: Score
    hours: tuple[HourCounts, ...]


@dataclass(frozen=True)
class Board:
    """A hall's day as known at `as_of_ms`."""

    as_of_ms: int
    day: date
    hall: Score
    hours: tuple[HourCounts, ...]
    counters: tuple[CounterScore, ...]


@dataclass(frozen=True)
class Words:
    """What a visitor wrote with a rating."""

    counter: str
    level: int
    words: str
    occurred_ms: int


@dataclass(frozen=True)
class LateHour:
    """Ratings that came long after their hour had ended; `hour_ms` is its start."""

    hour_ms: int
    n: int


@dataclass(frozen=True)
class ReasonCount:
    """How often a reason was named with good (5, 4), fair (3) and bad (2, 1) ratings."""

    reason: str
    good: int
    fair: int
    bad: int


def read_board(connection: Connection, counters: Sequence[str], *, now_ms: int, zone: ZoneInfo) -> Board:
    """Return today's board of a hall with the given counter codes, in their order."""
    today = day_of(now_ms, zone)
    by_counter: dict[str, dict[int, Counts]] = {code: {} for code in counters}
    of_hall: dict[int, Counts] = {}
    for code, hour_ms, counts in _hours(
        connection, counters, day_start_ms(today, zone), next_day_start_ms(today, zone)
    ):
        hour = local(hour_ms, zone).hour
        hours = by_counter[code]
        hours[hour] = plus(hours.get(hour, NONE), counts)
        of_hall[hour] = plus(of_hall.get(hour, NONE), counts)
    hall = _total(of_hall.values())
    return Board(
        as_of_ms=now_ms,
        day=today,
        hall=score(hall, hall),
        hours=_in_order(of_hall),
        counters=tuple(
            CounterScore(code, score(_total(hours.values()), hall), _in_order(hours))
            for code, hours in by_counter.items()
        ),
    )


def read_days(
    connection: Connection, counters: Sequence[str], *, now_ms: int, zone: ZoneInfo, days: int = TREND_DAYS
) -> dict[str, list[tuple[date, Counts]]]:
    """Return the last days' counts of each counter, today last; days without ratings are there with zeros."""
    today = day_of(now_ms, zone)
    shown = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    found = {code: dict.fromkeys(shown, NONE) for code in counters}
    start_ms, end_ms = day_start_ms(shown[0], zone), next_day_start_ms(today, zone)
    for code, hour_ms, counts in _hours(connection, counters, start_ms, end_ms):
        day = day_of(hour_ms, zone)
        found[code][day] = plus(found[code][day], counts)
    return {code: list(of_days.items()) for code, of_days in found.items()}


def read_reasons(connection: Connection, counters: Sequence[str], *, now_ms: int, zone: ZoneInfo) -> list[ReasonCount]:
    """Return today's reasons of a hall, the most often named in bad ratings first."""
    query = (
        select(rollup_reason.c.reason, rollup_reason.c.level, func.sum(rollup_reason.c.n))
        .where(
            rollup_reason.c.counter_code.in_(counters),
            rollup_reason.c.hour_ms >= day_start_ms(day_of(now_ms, zone), zone),
            rollup_reason.c.hour_ms < next_day_start_ms(day_of(now_ms, zone), zone),
        )
        .group_by(rollup_reason.c.reason, rollup_reason.c.level)
    )
    found: dict[str, list[int]] = {}
    for reason, level, n in connection.execute(query):
        tones = found.setdefault(reason, [0, 0, 0])
        tones[0 if level >= 4 else 1 if level == 3 else 2] += int(n)
    counts = [ReasonCount(reason, *tones) for reason, tones in found.items()]
    return sorted(counts, key=lambda count: (-count.bad, -(count.good + count.fair), count.reason))


def read_late_hours(connection: Connection, counters: Sequence[str], *, now_ms: int, zone: ZoneInfo) -> list[LateHour]:
    """Return today's hours of a hall whose numbers have changed since they were over, in their order."""
    table, today = hour_reopened.c, day_of(now_ms, zone)
    query = (
        select(table.hour_ms, func.sum(table.n))
        .where(
            table.counter_code.in_(counters),
            table.hour_ms >= day_start_ms(today, zone),
            table.hour_ms < next_day_start_ms(today, zone),
        )
        .group_by(table.hour_ms)
        .order_by(table.hour_ms)
    )
    return [LateHour(hour_ms, int(n)) for hour_ms, n in connection.execute(query)]


def read_words(
    connection: Connection, counters: Sequence[str], *, since_ms: int, limit: int = WORDS_SHOWN
) -> list[Words]:
    """Return the newest words of a hall's visitors."""
    query = (
        select(rating_words)
        .where(rating_words.c.counter_code.in_(counters), rating_words.c.occurred_ms >= since_ms)
        .order_by(rating_words.c.occurred_ms.desc(), rating_words.c.id.desc())
        .limit(limit)
    )
    return [Words(row.counter_code, row.level, row.words, row.occurred_ms) for row in connection.execute(query)]


def read_changes(connection: Connection) -> dict[str, int]:
    """Return each counter's change number: what live pages watch."""
    rows = connection.execute(select(change.c.counter_code, change.c.version))
    return {row.counter_code: row.version for row in rows}


def board_message(hall: str, board: Board) -> dict[str, Any]:
    """Return a board as live pages receive it; shares are percent, `mean` 0–100, `levels` best first."""
    return {
        "hall": hall,
        "as_of_ms": board.as_of_ms,
        "day": board.day.isoformat(),
        "total": _score_message(board.hall, board.hours),
        "counters": [{"code": one.code, **_score_message(one.score, one.hours)} for one in board.counters],
    }


def _score_message(of: Score, hours: tuple[HourCounts, ...]) -> dict[str, Any]:
    return {
        "n": of.n,
        "share": _percent(of.share),
        "low": _percent(of.interval.low),
        "high": _percent(of.interval.high),
        "mean": None if of.mean is None else round(of.mean, 1),
        "verdict": of.verdict,
        "levels": list(of.counts),
        "hours": [{"hour": one.hour, "levels": list(one.counts)} for one in hours],
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)


def _hours(
    connection: Connection, counters: Sequence[str], start_ms: int, end_ms: int
) -> Iterable[tuple[str, int, Counts]]:
    query = (
        select(rollup.c.counter_code, rollup.c.hour_ms, rollup.c.level, func.sum(rollup.c.n))
        .where(rollup.c.counter_code.in_(counters), rollup.c.hour_ms >= start_ms, rollup.c.hour_ms < end_ms)
        .group_by(rollup.c.counter_code, rollup.c.hour_ms, rollup.c.level)
    )
    for code, hour_ms, level, n in connection.execute(query):
        a, b, c, d, e = (int(n) if level == of else 0 for of in (5, 4, 3, 2, 1))
        yield code, hour_ms, (a, b, c, d, e)


def _total(parts: Iterable[Counts]) -> Counts:
    total = NONE
    for counts in parts:
        total = plus(total, counts)
    return total


def _in_order(hours: dict[int, Counts]) -> tuple[HourCounts, ...]:
    return tuple(HourCounts(hour, hours[hour]) for hour in sorted(hours))
