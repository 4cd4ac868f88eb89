"""Events carried by another store after a fork or a loss: each counts once, in whatever order it comes."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from hub.wire import (
    NOW_MS,
    Registry,
    Store,
    answers,
    complaint,
    give_up,
    now,
    only_ack,
    only_refusal,
    pin,
    rating,
    reading,
)
from huiyin_hub.cases.tables import case
from huiyin_hub.check import check
from huiyin_hub.fleet.incidents import close_incident, read_incidents
from huiyin_hub.ingest.tables import adopted, dead_letter, event, store
from huiyin_hub.ingest.writer import Writer
from huiyin_hub.scores.tables import rollup
from huiyin_shared.events import RatingDetail, Salvaged, StoreReplaced
from huiyin_shared.frames import Ack
from huiyin_shared.ids import StoreId, receipt_number

OLD, NEW, NEWER = "d000000000000000", "n000000000000000", "q000000000000000"
"""Different from the first letter on: receipts hold only the first six."""


@pytest.fixture
def hub(engine: Engine) -> Writer:
    pin(engine)
    return Writer(engine, Registry(), clock=now, pause=give_up)


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(table)))


def kinds(engine: Engine, name: str) -> list[str]:
    with engine.connect() as connection:
        found = connection.execute(
            select(event.c.kind).join(store, store.c.id == event.c.store_id).where(store.c.store == name)
        )
        return list(found.scalars())


def incidents(engine: Engine) -> dict[tuple[str, str], str]:
    with engine.connect() as connection:
        return {(line.store, line.kind): line.detail for line in read_incidents(connection)}


def levels(engine: Engine) -> dict[int, int]:
    return {row.level: row.n for row in rows(engine, rollup)}


def forked(lines: dict[int, bytes], *, of: str = OLD, name: str = NEW, why: str = "fork") -> Store:
    """A store that another card began when the history of its own was not its own any more."""
    note = StoreReplaced(at=reading(), predecessor=of, kind="forked", why=why, recovered=len(lines))
    carried = (Salvaged(at=reading(), store=of, seq=seq, line=line) for seq, line in lines.items())
    return Store(name=name).add(note, *carried)


def numbered(mine: Store, first: int = 1) -> dict[int, bytes]:
    return {seq: line for seq, line in enumerate(mine.lines, 1) if seq >= first}


def test_what_the_hub_has_already_is_not_counted_again(hub: Writer, engine: Engine) -> None:
    old = Store(name=OLD).add(rating(5), rating(4), complaint())
    hub.write([old.batch()])
    assert only_ack(hub.write([forked(numbered(old)).batch()])).next == 5
    report = check(engine)
    assert (report.ratings, report.cases, report.holds) == (2, 1, True)
    assert rows(engine, adopted) == []
    assert kinds(engine, NEW) == ["store_replaced", "salvaged", "salvaged", "salvaged"]


def test_what_differs_from_the_other_cards_history_is_adopted_under_its_new_number(hub: Writer, engine: Engine) -> None:
    old = Store(name=OLD).add(rating(5), rating(4), rating(4))
    hub.write([old.batch()])
    copy = Store(name=OLD).add(*old.lines[:1], rating(1), complaint("另一张卡"))
    new = forked(numbered(copy))
    assert only_ack(hub.write([new.batch()])).next == 5
    assert kinds(engine, NEW) == ["store_replaced", "salvaged", "adopted", "adopted_feedback"]
    assert levels(engine) == {5: 1, 4: 2, 1: 1}
    (opened,) = rows(engine, case)
    assert (opened.receipt, opened.text) == (receipt_number(StoreId(OLD), 3), "另一张卡")
    report = check(engine)
    assert (report.ratings, report.cases, report.holds) == (4, 1, True)
    # The visitor's line stays as it came, and the old store goes on for the card that has it.
    assert only_ack(hub.write([Store(name=OLD).add(*old.lines, rating(3)).batch(4, 4)])).next == 5
    assert check(engine).holds
    assert incidents(engine)[OLD, "fork"].startswith(f"goes on as {NEW} with 3 carried events; fork")


def test_the_same_bytes_coming_under_the_old_number_too_are_marked_again_and_count_nothing(
    hub: Writer, engine: Engine
) -> None:
    old = Store(name=OLD).add(rating(5), rating(1), complaint())
    hub.write([old.batch(1, 1)])
    hub.write([forked(numbered(old, 2)).batch()])
    before = (levels(engine), len(rows(engine, case)))
    assert only_ack(hub.write([old.batch(2, 3)])).next == 4
    assert kinds(engine, OLD) == ["rating", "again", "again"]
    assert (levels(engine), len(rows(engine, case))) == before
    report = check(engine)
    assert (report.ratings, report.cases, report.holds) == (2, 1, True)
    # Other bytes under the next number are an event like any other.
    old.add(rating(2))
    assert only_ack(hub.write([old.batch(4, 4)])).next == 5
    assert check(engine).ratings == 3


def test_an_event_carried_twice_over_counts_once(hub: Writer, engine: Engine) -> None:
    old = Store(name=OLD).add(rating(5), rating(1), complaint())
    hub.write([old.batch(1, 1)])
    first = forked(numbered(old, 2))
    hub.write([first.batch()])
    first.add(rating(3))
    carried = first.lines[1:3]
    note = StoreReplaced(at=reading(), predecessor=NEW, kind="forked", why="fork", recovered=4)
    own = Salvaged(at=reading(), store=NEW, seq=4, line=first.lines[3])
    second = Store(name=NEWER).add(note, first.lines[0], *carried, own)
    assert only_ack(hub.write([second.batch()])).next == 6
    report = check(engine)
    assert (report.ratings, report.cases, report.holds) == (3, 1, True)
    assert levels(engine) == {5: 1, 1: 1, 3: 1}


def test_in_whatever_order_the_two_cards_speak_everything_counts_once(hub: Writer, engine: Engine) -> None:
    for number, order in enumerate(permutations(range(3))):
        old_name, new_name = f"{number:015}d", f"{number:015}n"
        old = Store(name=old_name).add(rating(5), rating(4), complaint(), rating(1))
        new = forked(numbered(old, 2), of=old_name, name=new_name)
        parts = [old.batch(1, 2), old.batch(3, 4), new.batch()]
        for turn in order:
            hub.write([parts[turn]])
        hub.write([old.batch(), new.batch()])
        # And all of it in one flush.
        together = Store(name=f"{number:015}e").add(*old.lines)
        beside = forked(numbered(together, 2), of=together.name, name=f"{number:015}p")
        halves = [together.batch(1, 2), together.batch(3, 4), beside.batch()]
        hub.write([halves[turn] for turn in order])
        hub.write([together.batch()])
        report = check(engine)
        assert (report.ratings, report.cases, report.holds) == ((number + 1) * 6, (number + 1) * 2, True), order


def test_two_processes_that_both_remember_the_old_store_count_everything_once(engine: Engine) -> None:
    pin(engine)
    one, two = (Writer(engine, Registry(), clock=now, pause=give_up) for _ in range(2))
    old = Store(name=OLD).add(rating(5), rating(4), complaint(), rating(1))
    one.write([old.batch(1, 1)])
    two.write([old.batch(1, 1)])
    # The first process adopts what the second, which knows nothing of it, is then sent under the old numbers.
    assert only_ack(one.write([forked(numbered(old, 2)).batch()])).next == 5
    assert only_ack(two.write([old.batch(2, 4)])).next == 5
    assert kinds(engine, OLD) == ["rating", "again", "again", "again"]
    report = check(engine)
    assert (report.ratings, report.cases, report.holds) == (3, 1, True)


def test_a_process_that_heard_of_the_fork_but_not_of_what_was_adopted_counts_it_once(engine: Engine) -> None:
    pin(engine)
    one, two = (Writer(engine, Registry(), clock=now, pause=give_up) for _ in range(2))
    old = Store(name=OLD).add(rating(5), rating(4), complaint(), rating(1))
    new = forked(numbered(old, 2))
    one.write([old.batch(1, 1), new.batch(1, 1)])
    assert only_ack(two.write([old.batch(1, 1)])).next == 2
    assert only_ack(one.write([new.batch(2, 4)])).next == 5
    assert only_ack(two.write([old.batch(2, 4)])).next == 5
    assert kinds(engine, OLD) == ["rating", "again", "again", "again"]
    report = check(engine)
    assert (report.ratings, report.cases, report.holds) == (3, 1, True)


def test_a_process_that_remembers_a_store_as_open_learns_that_it_was_closed(engine: Engine) -> None:
    pin(engine)
    one, two = (Writer(engine, Registry(), clock=now, pause=give_up) for _ in range(2))
    old = Store(name=OLD).add(rating(5), rating(4))
    one.write([old.batch(1, 1)])
    two.write([old.batch(1, 1)])
    one.write([lost(old, {2: old.lines[1]}).batch()])
    assert only_refusal(two.write([old.batch(2, 2)])).reason == "unknown_store"
    report = check(engine)
    assert (report.ratings, report.holds) == (2, True)


def lost(old: Store, lines: dict[int, bytes], *, missing: list[tuple[int, int]] | None = None) -> Store:
    note = StoreReplaced(
        at=reading(),
        predecessor=old.name,
        kind="history_gone",
        why="history_gone",
        recovered=len(lines),
        missing=missing or [],
    )
    carried = (Salvaged(at=reading(), store=old.name, seq=seq, line=line) for seq, line in lines.items())
    return Store(name=NEW).add(note, *carried)


def test_after_a_lost_stretch_the_rest_goes_back_to_its_old_place_and_the_store_is_closed(
    hub: Writer, engine: Engine
) -> None:
    old = Store(name=OLD).add(rating(5), rating(4), rating(3), complaint(), rating(1))
    hub.write([old.batch(1, 1)])
    new = lost(old, {4: old.lines[3], 5: old.lines[4]}, missing=[(2, 3)])
    assert only_ack(hub.write([new.batch()])).next == 4
    assert kinds(engine, OLD) == ["rating", "feedback", "rating"]
    assert incidents(engine)[OLD, "history_gone"].endswith("; lost: 2…3")
    (row,) = [row for row in rows(engine, store) if row.store == OLD]
    assert (row.ended, row.successor, row.replaced_ms, row.next_seq) == ("history_gone", NEW, NOW_MS, 2)
    assert only_refusal(hub.write([old.batch(2, 5)])).reason == "unknown_store"
    report = check(engine)
    assert (report.ratings, report.cases, report.holds) == (2, 1, True)
    (opened,) = rows(engine, case)
    assert opened.receipt == receipt_number(StoreId(OLD), 4)


def test_other_bytes_under_a_number_of_a_closed_store_are_adopted(hub: Writer, engine: Engine) -> None:
    old = Store(name=OLD).add(rating(5), rating(4))
    hub.write([old.batch()])
    copy = Store(name=OLD).add(rating(5), rating(1))
    hub.write([lost(copy, numbered(copy)).batch()])
    assert kinds(engine, NEW) == ["store_replaced", "salvaged", "adopted"]
    report = check(engine)
    assert (report.ratings, report.holds) == (3, True)


def test_reasons_and_words_are_adopted_too(hub: Writer, engine: Engine) -> None:
    old = Store(name=OLD).add(rating(2))
    detail = RatingDetail(at=reading(9_000), visit="v", counter="h1-c1", level=2, reasons=["speed"], words="太慢")
    hub.write([old.batch(), forked({1: Store().add(detail).lines[0]}).batch()])
    assert kinds(engine, NEW) == ["store_replaced", "adopted"]
    assert check(engine).holds


def test_a_carried_line_nobody_understands_is_a_dead_letter_and_stops_nothing(hub: Writer, engine: Engine) -> None:
    new = forked({1: b"dance", 2: Store().add(rating(3)).lines[0]})
    assert only_ack(hub.write([new.batch()])).next == 4
    assert [(row.reason, bytes(row.payload)) for row in rows(engine, dead_letter)] == [("bad_event", b"dance")]
    assert check(engine).holds
    # It comes under its old number too.
    old = Store(name=OLD).add(b"dance", rating(3))
    assert only_ack(hub.write([old.batch()])).next == 3
    report = check(engine)
    assert (report.ratings, report.holds) == (1, True)


def test_what_a_store_carries_of_another_devices_store_of_the_same_name_is_its_own(hub: Writer, engine: Engine) -> None:
    theirs = Store("k2", OLD).add(rating(5))
    hub.write([theirs.batch()])
    hub.write([forked(numbered(theirs)).batch()])
    report = check(engine)
    assert (report.ratings, report.holds) == (2, True)
    assert only_ack(hub.write([theirs.add(rating(4)).batch(2, 2)])).next == 3


@pytest.mark.parametrize(
    ("note", "kind"),
    [("fork", "fork"), ("hub_ahead", "head_regression"), ("unknown_store", "fork")],
)
def test_an_operator_is_told_why_a_device_began_anew(hub: Writer, engine: Engine, note: str, kind: str) -> None:
    hub.write([forked({}, why=note).batch()])
    assert set(incidents(engine)) == {(OLD, kind)}
    with engine.begin() as connection:
        assert close_incident(connection, device="k1", store=OLD, kind=kind)
        assert not close_incident(connection, device="k1", store=OLD, kind=kind)
    assert incidents(engine) == {}


def test_incidents_of_the_same_kind_are_counted_and_not_piled_up(hub: Writer, engine: Engine) -> None:
    old = Store(name=OLD).add(rating(5), rating(4))
    hub.write([old.batch()])
    copy = Store(name=OLD).add(rating(1), rating(1), rating(1))
    for _ in range(3):
        assert only_refusal(hub.write([copy.batch(3, 3), copy.batch(3, 3)])).reason == "fork"
    hub.write([old.status("beat", halted="fork", next=3)._replace(received_ms=NOW_MS + 5)])
    with engine.connect() as connection:
        (line,) = read_incidents(connection)
    assert (line.kind, line.n, line.first_ms, line.last_ms) == ("fork", 7, NOW_MS, NOW_MS + 5)


@pytest.fixture
def broken(engine: Engine) -> Callable[..., set[str]]:
    """What a check finds after somebody's statement, which is then undone."""

    def run(*statements: str) -> set[str]:
        for statement in statements:
            with engine.begin() as connection:
                connection.execute(text(statement))
        return {item.name for item in check(engine).invariants if not item.holds}

    return run


def after_a_fork(hub: Writer) -> None:
    old = Store(name=OLD).add(rating(5), rating(1), complaint())
    hub.write([old.batch(1, 1)])
    hub.write([forked(numbered(old, 2)).batch()])
    acks = answers(hub.write([old.batch(2, 2)]))
    assert all(isinstance(answer, Ack) for answer in acks)


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("DELETE FROM adopted", "once"),
        ("DELETE FROM adopted WHERE origin_seq = 3", "once"),
        ("DELETE FROM adopted WHERE origin_seq = 2", "once"),
        ("UPDATE adopted SET origin_seq = 9 WHERE origin_seq = 2", "once"),
        ("UPDATE event SET kind = 'rating' WHERE kind = 'again'", "rollups"),
        ("UPDATE event SET kind = 'again' WHERE kind = 'adopted'", "once"),
        ("UPDATE event SET kind = 'again' WHERE seq = 1 AND kind = 'rating'", "once"),
        ("UPDATE event SET kind = 'salvaged' WHERE kind = 'adopted'", "rollups"),
        ("UPDATE event SET kind = 'salvaged' WHERE kind = 'adopted_feedback'", "cases"),
        ("UPDATE event SET kind = 'adopted' WHERE kind = 'adopted_feedback'", "kinds"),
        ("UPDATE event SET kind = 'adopted_feedback' WHERE kind = 'adopted'", "kinds"),
    ],
)
def test_a_check_finds_what_somebody_changed_about_carried_events(
    hub: Writer, broken: Callable[..., set[str]], statement: str, name: str
) -> None:
    after_a_fork(hub)
    assert broken() == set()
    assert name in broken(statement)
