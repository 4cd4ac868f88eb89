"""How events are dated when they are taken: by what batches and births told, and what that does to past hours."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from hub.wire import NOW_MS, Registry, Store, complaint, give_up, now, only_ack, pin, rating, reading
from huiyin_hub.check import check
from huiyin_hub.ingest.cursors import KnownStore
from huiyin_hub.ingest.engine import start_of
from huiyin_hub.ingest.gathering import Gathering
from huiyin_hub.ingest.parsing import HeardBatch, parse
from huiyin_hub.ingest.tables import boot_anchor, event, store
from huiyin_hub.ingest.timekeeping import Knowledge, date_events, drift_ms, present_anchor
from huiyin_hub.ingest.writer import Writer
from huiyin_hub.scores.rollups import HOUR_MS, LATE_MS
from huiyin_hub.scores.tables import hour_reopened, rollup
from huiyin_shared.events import Rating, Reading, Salvaged, StoreReplaced
from huiyin_shared.frames import Anchor

DAY_MS = 86_400_000
HOUR_START_MS = NOW_MS - NOW_MS % HOUR_MS


@pytest.fixture
def hub(engine: Engine) -> Writer:
    pin(engine)
    return Writer(engine, Registry(), clock=now, pause=give_up)


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(table)))


def in_boot(boot: str, mono_ms: int, level: int = 5) -> Rating:
    at = Reading(boot=boot, mono_ms=mono_ms, wall_ms=5)
    return Rating(at=at, visit="v1", counter="h1-c1", level=level, staff="s-01")


def test_the_anchor_of_a_batch_dates_its_events_exactly(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(mono_ms=9_000), complaint())
    hub.write([mine.batch(anchor=Anchor("boot-1", 8_000, NOW_MS - 5_000, 30))])
    assert [(row.occurred_ms, row.error_ms, row.timing) for row in rows(engine, event)] == [
        (NOW_MS - 4_000, 30 + drift_ms(1_000), "exact")
    ] * 2
    assert check(engine).holds


def test_an_anchor_in_the_hubs_future_is_not_believed(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(mono_ms=9_000))
    hub.write([mine.batch(anchor=Anchor("boot-1", 8_000, NOW_MS + DAY_MS, 30))])
    assert [row.occurred_ms for row in rows(engine, event)] == [NOW_MS - 1_000]


def test_a_birth_dates_the_events_of_boots_that_are_over(hub: Writer, engine: Engine) -> None:
    mine = Store().add(in_boot("old", 7_000), in_boot("boot-1", 9_000))
    told = Anchor("old", 5_000, NOW_MS - 3 * DAY_MS, 20)
    hub.write([mine.status(anchors=[told]), mine.batch()])
    first, second = rows(engine, event)
    assert (first.occurred_ms, first.error_ms, first.timing) == (
        NOW_MS - 3 * DAY_MS + 2_000,
        20 + drift_ms(2_000),
        "exact",
    )
    assert second.timing == "exact"
    assert check(engine).holds


def test_what_a_birth_told_is_known_after_the_hub_started_again(hub: Writer, engine: Engine) -> None:
    mine = Store().add(in_boot("old", 7_000))
    hub.write([mine.status(anchors=[Anchor("old", 5_000, NOW_MS - 3 * DAY_MS, 20)])])
    again = Writer(engine, Registry(), clock=now, pause=give_up)
    again.write([mine.batch()])
    assert [row.occurred_ms for row in rows(engine, event)] == [NOW_MS - 3 * DAY_MS + 2_000]


def test_a_birth_that_dates_a_boot_into_the_hubs_future_teaches_nothing(hub: Writer, engine: Engine) -> None:
    mine = Store()
    hub.write([mine.status(anchors=[Anchor("old", 5_000, NOW_MS + 21, 20), Anchor("older", 5_000, NOW_MS + 20, 20)])])
    assert [row.boot for row in rows(engine, boot_anchor)] == ["older"]


def test_a_boot_nobody_knows_lies_between_what_came_before_and_now(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(mono_ms=9_000), in_boot("offline", 60_000), in_boot("boot-2", 3_600_000))
    hub.write([mine.batch(1, 1)])
    later = mine.batch(2, 3, sent=reading(3_700_000, boot="boot-2"))._replace(received_ms=NOW_MS + DAY_MS)
    hub.write([later])
    first, between, last = rows(engine, event)
    assert [row.timing for row in (first, between, last)] == ["exact", "bracketed", "exact"]
    assert between.occurred_ms - between.error_ms >= first.occurred_ms - first.error_ms - 2
    assert between.occurred_ms + between.error_ms <= last.occurred_ms + last.error_ms - 3_500_000
    (kept,) = rows(engine, store)
    assert first.occurred_ms < kept.newest_ms <= last.occurred_ms
    assert check(engine).holds


def test_a_dead_line_is_dated_between_its_neighbours(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(mono_ms=1_000), b"dead", rating(mono_ms=9_000))
    hub.write([mine.batch()])
    first, dead, last = rows(engine, event)
    assert (dead.kind, dead.timing) == ("dead", "bracketed")
    assert first.occurred_ms <= dead.occurred_ms <= last.occurred_ms
    assert dead.error_ms <= 8_000


def test_a_carried_event_is_dated_by_its_own_reading_and_not_by_the_carriers(hub: Writer, engine: Engine) -> None:
    old = Store(name="000000000000000d").add(in_boot("old", 7_000), in_boot("boot-1", 500))
    told = Anchor("old", 5_000, NOW_MS - 3 * DAY_MS, 20)
    note = StoreReplaced(at=reading(), predecessor=old.name, kind="damaged", why="", recovered=2)
    carried = (Salvaged(at=reading(), store=old.name, seq=seq, line=line) for seq, line in enumerate(old.lines, 1))
    new = Store(name="000000000000000n").add(note, *carried)
    hub.write([new.status(anchors=[told]), new.batch(anchor=Anchor("boot-1", 8_000, NOW_MS - 5_000, 30))])
    found = {(row.kind, row.seq): (row.occurred_ms, row.error_ms, row.timing) for row in rows(engine, event)}
    assert found["rating", 1] == (NOW_MS - 3 * DAY_MS + 2_000, 20 + drift_ms(2_000), "exact")
    assert found["rating", 2] == (NOW_MS - 12_500, 30 + drift_ms(7_500), "exact")
    assert found["salvaged", 2][0] == NOW_MS - 3_000
    hours = {row.hour_ms: row.n for row in rows(engine, rollup)}
    assert sum(hours.values()) == 2
    assert min(hours) <= NOW_MS - 3 * DAY_MS
    assert check(engine).holds


@pytest.mark.parametrize("kind", ["rating alone", "beside a complaint"])
def test_ratings_that_come_long_after_their_hour_are_counted_as_late(hub: Writer, engine: Engine, kind: str) -> None:
    since_end_ms = LATE_MS + 5_000
    end_ms = HOUR_MS + since_end_ms
    extra = [complaint()] if kind != "rating alone" else []
    mine = Store().add(rating(mono_ms=1_000), rating(mono_ms=2_000), rating(mono_ms=end_ms), *extra)
    told = Anchor("boot-1", 0, HOUR_START_MS - HOUR_MS, 5)
    received_ms = HOUR_START_MS + since_end_ms
    sent = reading(end_ms)
    hub.write([mine.batch(sent=sent, anchor=told, received_ms=received_ms)])
    (late,) = rows(engine, hour_reopened)
    assert (late.counter_code, late.hour_ms, late.n, late.last_ms) == ("h1-c1", HOUR_START_MS - HOUR_MS, 2, received_ms)
    mine.add(rating(mono_ms=3_000), *extra)
    hub.write([mine.batch(4 + len(extra), sent=sent, anchor=told, received_ms=received_ms + 9)])
    (late,) = rows(engine, hour_reopened)
    assert (late.n, late.last_ms) == (3, received_ms + 9)
    assert check(engine).holds
    with engine.begin() as connection:
        connection.execute(hour_reopened.update().values(n=2))
    assert not check(engine).holds


def test_a_rating_that_comes_shortly_after_its_hour_reopens_nothing(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(mono_ms=1_000))
    told = Anchor("boot-1", 0, HOUR_START_MS - HOUR_MS, 5)
    hub.write([mine.batch(sent=reading(HOUR_MS + LATE_MS), anchor=told, received_ms=HOUR_START_MS + LATE_MS)])
    assert rows(engine, hour_reopened) == []
    assert check(engine).holds


def test_an_events_boot_with_a_text_no_engine_keeps_is_dated_all_the_same(hub: Writer, engine: Engine) -> None:
    mine = Store().add(in_boot("o\x00ld", 7_000))
    told = Anchor("o\x00ld", 5_000, NOW_MS - 3 * DAY_MS, 20)
    assert only_ack(hub.write([mine.status(anchors=[told]), mine.batch()])).next == 2
    assert [row.timing for row in rows(engine, event)] == ["exact"]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.integers(0, 10_000_000), min_size=1, max_size=5),
    st.integers(0, 10_000_000),
    st.none()
    | st.builds(
        Anchor, st.just("boot-1"), st.integers(0, 10_000_000), st.integers(-(10**9), 10**9), st.integers(0, 5_000)
    ),
    st.integers(0, 2),
)
def test_the_fast_way_dates_ratings_as_the_exact_one_does(
    monos: list[int], sent_after_ms: int, told: Anchor | None, newest: int
) -> None:
    monos = sorted(monos)
    sent = reading(monos[-1] + sent_after_ms)
    if told:
        told = Anchor(told.boot, told.mono_ms, NOW_MS + told.hub_ms, told.error_ms)
    mine = Store().add(*(rating(mono_ms=mono_ms) for mono_ms in monos))
    message = mine.batch(sent=sent, anchor=told)
    parsed = parse(message.topic, message.payload, NOW_MS, retained=False, registry=Registry())
    assert isinstance(parsed, HeardBatch)
    newest_ms = (0, NOW_MS - 50_000_000_000, NOW_MS - 5_000)[newest]
    known = KnownStore(1, start_of("k1", mine.name), newest_ms=newest_ms)
    gathering = Gathering({("k1", mine.name): known})
    gathering.add(parsed)
    present = present_anchor(sent, NOW_MS, told)
    exact, exact_newest = date_events(
        [reading(mono_ms) for mono_ms in monos], Knowledge(sent, NOW_MS, {"boot-1": present}, newest_ms)
    )
    assert [(row[4], row[5], row[7]) for row in gathering.events] == [tuple(dating) for dating in exact]
    assert gathering.moved["k1", mine.name].newest_ms == exact_newest
