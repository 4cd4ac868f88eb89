"""From messages to committed rows and answers, on both database engines."""

import hashlib
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import OperationalError

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
    patience,
    pin,
    rating,
    reading,
)
from huiyin_hub.cases.tables import case, case_history
from huiyin_hub.check import check
from huiyin_hub.fleet.incidents import close_incident
from huiyin_hub.fleet.tables import device_status, incident
from huiyin_hub.ingest import dead_letters, writer
from huiyin_hub.ingest.cursors import CursorMoved, KnownStore, Move, move_cursors
from huiyin_hub.ingest.engine import Cursor
from huiyin_hub.ingest.link import Message
from huiyin_hub.ingest.tables import dead_letter, dead_letter_count, event, store
from huiyin_hub.ingest.writer import Writer
from huiyin_hub.scores.rollups import HOUR_MS
from huiyin_hub.scores.tables import change, rating_words, rollup, rollup_reason
from huiyin_shared.events import Contact, Feedback, RatingDetail, Salvaged, StoreReplaced, encode_event
from huiyin_shared.frames import MAX_PAYLOAD_BYTES, Ack, Refusal
from huiyin_shared.ids import StoreId, parse_receipt_number, receipt_number


@pytest.fixture
def hub(engine: Engine) -> Writer:
    pin(engine)
    return Writer(engine, Registry(stranger="unknown", stolen="revoked"), clock=now, pause=give_up)


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(table)))


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_batch_is_stored_as_its_bytes_counted_and_acknowledged(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(5), rating(5), rating(1))
    ack = only_ack(hub.write([mine.batch()]))
    assert (ack.next, ack.head) == (4, mine.head(4).hex())
    assert (ack.echo_boot, ack.echo_mono_ms) == ("boot-1", 10_000)
    kept = rows(engine, event)
    assert [(row.seq, bytes(row.line), row.kind) for row in kept] == [
        (number, line, "rating") for number, line in enumerate(mine.lines, 1)
    ]
    assert {row.occurred_ms for row in kept} == {NOW_MS - 1_000}
    hour_ms = NOW_MS - 1_000 - (NOW_MS - 1_000) % HOUR_MS
    assert sorted(tuple(row) for row in rows(engine, rollup)) == [
        ("h1-c1", hour_ms, "s-01", "touch", 1, 1),
        ("h1-c1", hour_ms, "s-01", "touch", 5, 2),
    ]
    assert [tuple(row) for row in rows(engine, change)] == [("h1-c1", 1)]
    assert check(engine).holds


def test_the_same_batch_twice_counts_once_and_is_acknowledged_twice(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(), rating())
    first = only_ack(hub.write([mine.batch()]))
    again = only_ack(hub.write([mine.batch()]))
    assert again.next == first.next == 3
    both_at_once = only_ack(hub.write([mine.batch(), mine.batch()]))
    assert both_at_once.next == 3
    assert count(engine, event) == 2
    assert check(engine).holds


def test_many_devices_go_into_one_transaction_and_each_store_gets_one_ack(hub: Writer, engine: Engine) -> None:
    stores = [Store(f"t-{number}", f"{number:016}").add(rating(counter=f"h1-c{number % 3}")) for number in range(50)]
    for mine in stores:
        mine.add(rating(3))
    sent = [mine.batch(1, 1) for mine in stores] + [mine.batch(2, 2) for mine in stores]
    acks = answers(hub.write(sent))
    assert sorted(answer.store for answer in acks) == sorted(mine.name for mine in stores)
    assert all(isinstance(answer, Ack) and answer.next == 3 for answer in acks)
    report = check(engine)
    assert (report.events, report.stores, report.holds) == (100, 50, True)


def test_a_gap_is_refused_with_the_cursor_and_healed_by_what_was_missing(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(), rating(), rating(), rating())
    refusal = only_refusal(hub.write([mine.batch(3, 4)]))
    assert (refusal.reason, refusal.next, refusal.head) == ("gap", 1, mine.head(1).hex())
    assert count(engine, store) == 0
    hub.write([mine.batch(1, 1)])
    assert only_refusal(hub.write([mine.batch(3, 4)])).next == 2
    assert only_ack(hub.write([mine.batch(3, 4), mine.batch(2, 3), mine.batch(4, 4)])).next == 5
    assert check(engine).holds


def test_a_copied_card_cannot_fork_history(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(5), rating(5))
    hub.write([mine.batch()])
    copy = Store().add(rating(5), rating(1), rating(1))
    assert only_refusal(hub.write([copy.batch(3, 3)])).reason == "fork"
    assert only_refusal(hub.write([copy.batch(1, 3)])).reason == "fork"
    assert count(engine, event) == 2


def test_a_fork_does_not_hide_what_the_true_store_sent_in_the_same_round(hub: Writer) -> None:
    mine = Store().add(rating(5), rating(5))
    fork = Store().add(rating(1), rating(2), rating(3))
    found = answers(hub.write([mine.batch(), fork.batch(3, 3)]))
    assert {type(answer) for answer in found} == {Ack, Refusal}
    assert all(answer.next == 3 for answer in found)


def test_the_topic_says_who_speaks_not_the_batch(hub: Writer, engine: Engine) -> None:
    mine = Store("k1").add(rating())
    forged = mine.batch()._replace(topic="hy/v1/k2/up/events")
    assert only_refusal(hub.write([forged])).reason == "bad_signature"
    assert count(engine, event) == 0


@pytest.mark.parametrize(("device", "reason"), [("stranger", "unknown_device"), ("stolen", "revoked")])
def test_who_may_not_speak_is_told_so_and_what_was_said_is_kept_aside(
    hub: Writer, engine: Engine, device: str, reason: str
) -> None:
    theirs = Store(device).add(rating())
    pairs = hub.write([theirs.batch()])
    assert only_refusal(pairs).reason == reason
    assert pairs[0][0] == f"hy/v1/{device}/down/ack"
    assert only_refusal(hub.write([theirs.status()])).reason == reason
    assert count(engine, event) == count(engine, store) == count(engine, device_status) == 0
    (counted,) = rows(engine, dead_letter_count)
    assert (counted.reason, counted.n) == (reason, 2)


def test_an_event_nobody_understands_does_not_stop_the_others(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(), b'{"t":"dance"}', b"\xff\xfe", b'{"t":"rating","level":9}', rating())
    assert only_ack(hub.write([mine.batch()])).next == 6
    assert [row.kind for row in rows(engine, event)] == ["rating", "dead", "dead", "dead", "rating"]
    assert [bytes(row.payload) for row in rows(engine, dead_letter)] == mine.lines[1:4]
    report = check(engine)
    assert (report.ratings, report.dead, report.holds) == (2, 3, True)


NONSENSE = {
    "empty": b"",
    "not json": b"hello",
    "not utf-8": b"\xff\xfe\xfd",
    "nested": b"[" * 60_000,
    "array": b"[]",
    "unknown version": Store().add(rating()).batch().payload.replace(b'"v":1', b'"v":99'),
    "wrong type": Store().add(rating()).batch().payload.replace(b'"first":1', b'"first":"one"'),
    "too many lines": Store().add(rating()).batch().payload + b"\n{}",
    "too large": Store().add(rating()).batch().payload + b"x" * MAX_PAYLOAD_BYTES,
}


@pytest.mark.parametrize("name", NONSENSE)
def test_any_bytes_on_the_events_topic_end_as_a_dead_letter(hub: Writer, engine: Engine, name: str) -> None:
    mine = Store("k2", "000000000000000z").add(rating())
    pairs = hub.write([Message("hy/v1/k1/up/events", NONSENSE[name], NOW_MS), mine.batch()])
    assert any(isinstance(answer, Ack) and answer.store == mine.name for answer in answers(pairs))
    (letter,) = rows(engine, dead_letter)
    assert letter.device_id == "k1"
    assert letter.size_bytes == len(NONSENSE[name])
    assert len(letter.payload) <= dead_letters.MAX_PAYLOAD_BYTES
    refused = [answer for answer in answers(pairs) if isinstance(answer, Refusal)]
    # Who can be made out is told, so that it need not wait in vain.
    readable = {"unknown version", "too many lines", "wrong type", "too large"}
    expected = "too_large" if name == "too large" else "bad_frame"
    assert [answer.reason for answer in refused] == ([expected] if name in readable else [])


@pytest.mark.parametrize("name", NONSENSE)
def test_any_bytes_on_the_status_topic_end_as_a_dead_letter(hub: Writer, engine: Engine, name: str) -> None:
    assert hub.write([Message("hy/v1/k1/up/status", NONSENSE[name], NOW_MS)]) == []
    expected = "too_large" if name in ("nested", "too large") else "bad_status"
    assert [row.reason for row in rows(engine, dead_letter)] == [expected]
    assert count(engine, device_status) == 0


@pytest.mark.parametrize("topic", ["", "hy/v1/k1/up", "hy/v1/K1!/up/events", "hy/v2/k1/up/events", "\x00", "其它"])
def test_unknown_topics_end_as_dead_letters(hub: Writer, engine: Engine, topic: str) -> None:
    assert hub.write([Message(topic, b"\x00\xff", NOW_MS)]) == []
    assert [(row.device_id, row.reason) for row in rows(engine, dead_letter)] == [("", "bad_topic")]


def test_dead_letters_of_a_device_have_an_end_and_their_count_has_none(
    hub: Writer, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters.keep, "__kwdefaults__", {"limit": 3})
    for number in range(5):
        hub.write([Message("hy/v1/k1/up/events", b"bad %d" % number, NOW_MS + number)])
    hub.write([Message("hy/v1/k1/up/events", b"more %d" % number, NOW_MS) for number in range(5)])
    assert [bytes(row.payload) for row in rows(engine, dead_letter)] == [b"more 2", b"more 3", b"more 4"]
    assert [(row.device_id, row.reason, row.n) for row in rows(engine, dead_letter_count)] == [("k1", "bad_header", 10)]


def test_every_feedback_opens_a_case_with_the_visitors_receipt_number(hub: Writer, engine: Engine) -> None:
    written = Feedback(
        at=reading(9_500),
        visit="v9",
        kind="praise",
        counter="h1-c2",
        text="谢谢",
        staff="s-02",
        contact=Contact(name="王女士", phone="13800000000"),
    )
    mine = Store().add(rating(), complaint(), written)
    hub.write([mine.batch()])
    hub.write([mine.batch()])
    first, second = rows(engine, case)
    assert first.receipt == receipt_number(StoreId(mine.name), 2)
    assert parse_receipt_number(second.receipt) == (mine.name[:6], 3)
    assert (first.state, first.channel, first.kind, first.text, first.contact_phone) == (
        "received",
        "kiosk",
        "complaint",
        "等太久了",
        "",
    )
    assert (second.kind, second.contact_name, second.contact_phone) == ("praise", "王女士", "13800000000")
    assert [(row.case_id, row.move, row.to_state) for row in rows(engine, case_history)] == [
        (first.id, "received", "received"),
        (second.id, "received", "received"),
    ]
    assert check(engine).holds


def test_texts_no_engine_can_keep_do_not_stop_a_device(hub: Writer, engine: Engine) -> None:
    mine = Store().add(complaint("null \x00 byte"), complaint("😀 ‮ bidi"))
    mine.add(RatingDetail(at=reading(9_000), visit="v", counter="h1-c1", level=1, words="a\x00b"))
    assert only_ack(hub.write([mine.batch()])).next == 4
    assert [row.text for row in rows(engine, case)] == ["null � byte", "😀 ‮ bidi"]
    assert [row.words for row in rows(engine, rating_words)] == ["a�b"]
    assert [bytes(row.line) for row in rows(engine, event)] == mine.lines
    assert check(engine).holds


def test_reasons_and_words_are_counted_for_their_level(hub: Writer, engine: Engine) -> None:
    detail = RatingDetail(
        at=reading(9_000), visit="v", counter="h1-c1", level=2, reasons=["speed", "queue", "speed"], words="太慢"
    )
    hub.write([Store().add(rating(2), detail).batch()])
    assert sorted((row.reason, row.level, row.n) for row in rows(engine, rollup_reason)) == [
        ("queue", 2, 1),
        ("speed", 2, 1),
    ]
    assert [(row.level, row.words) for row in rows(engine, rating_words)] == [(2, "太慢")]
    assert check(engine).holds


def test_a_birth_is_answered_with_the_cursor(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(), rating())
    new = only_ack(hub.write([mine.status()]))
    assert (new.next, new.head) == (1, mine.head(1).hex())
    # The store is known from its birth on: what it announces is missing until it comes.
    (row,) = rows(engine, store)
    assert (row.next_seq, row.told_next) == (1, 1)
    hub.write([mine.batch()])
    known = only_ack(hub.write([mine.status()]))
    assert (known.next, known.head) == (3, mine.head(3).hex())
    assert hub.write([mine.status("beat")]) == []


def test_a_stale_will_of_an_earlier_connection_is_not_believed(hub: Writer, engine: Engine) -> None:
    mine = Store()
    hub.write([mine.status("birth", conn="old"), mine.status("birth", conn="new", backlog=7)])
    hub.write([mine.status("will", conn="old")])
    (status,) = rows(engine, device_status)
    assert (status.online, status.conn, status.backlog, status.heard_ms) == (True, "new", 7, NOW_MS)
    hub.write([mine.status("will", conn="new")])
    (status,) = rows(engine, device_status)
    assert (status.online, status.backlog) == (False, 7)


def test_a_retained_status_tells_the_state_but_not_that_the_device_was_heard_now(hub: Writer, engine: Engine) -> None:
    mine = Store()
    hub.write([mine.status()])
    later = mine.status("will", retained=True)._replace(received_ms=NOW_MS + 60_000)
    hub.write([later])
    (status,) = rows(engine, device_status)
    assert (status.online, status.heard_ms) == (False, NOW_MS)


def test_two_ingest_processes_on_one_database_count_everything_once(engine: Engine) -> None:
    pin(engine)
    one, two = (Writer(engine, Registry(), clock=now, pause=give_up) for _ in range(2))
    mine = Store().add(*(rating(number % 5 + 1) for number in range(40)))
    for first in range(1, 41, 4):
        # Each has read the cursor when the other moves it.
        pairs = one.write([mine.batch(first, first + 1)]) + two.write([mine.batch(first, first + 3)])
        assert max(answer.next for answer in answers(pairs)) == first + 4
    report = check(engine)
    assert (report.events, report.ratings, report.holds) == (40, 40, True)


def test_a_cursor_moves_only_from_where_it_was_read(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(), rating(), rating())
    hub.write([mine.batch(1, 2)])
    (row,) = rows(engine, store)
    then = Cursor(4, mine.head(4))
    now_known = KnownStore(row.id, Cursor(3, mine.head(3)))
    for stale in (now_known._replace(cursor=Cursor(1, mine.head(1))), now_known._replace(epoch=1)):
        with pytest.raises(CursorMoved), engine.begin() as connection:
            move_cursors(connection, [Move(stale, then, 0, NOW_MS)])
    with engine.begin() as connection:
        move_cursors(connection, [Move(now_known, then, 0, NOW_MS)])
    assert [found.next_seq for found in rows(engine, store)] == [4]


def test_a_database_that_is_away_is_tried_again_and_nothing_is_acknowledged_before(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Store().add(rating())
    failures = [2]
    real = writer.move_cursors

    def failing(*args: Any) -> None:
        real(*args)
        if failures[0] > 0:
            failures[0] -= 1
            raise OperationalError("UPDATE", {}, Exception("disk is full"))

    monkeypatch.setattr(writer, "move_cursors", failing)
    pin(engine)
    assert Writer(engine, Registry(), clock=now, pause=give_up).write([mine.batch()]) == []
    assert count(engine, event) == 0
    failures[0] = 2
    assert only_ack(Writer(engine, Registry(), clock=now, pause=patience(5)).write([mine.batch()])).next == 2
    assert check(engine).holds


def test_one_poisoned_message_costs_the_others_nothing(
    engine: Engine, hub: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = Store("k1").add(rating(), rating()), Store("k2", "000000000000000p").add(complaint("poison"), rating())
    real = writer.open_cases

    def poisoned(connection: Any, intakes: Any) -> None:
        if any(intake.feedback.text == "poison" for intake in intakes):
            raise ValueError("a text no engine can store")
        real(connection, intakes)

    monkeypatch.setattr(writer, "open_cases", poisoned)
    acks = answers(hub.write([good.batch(1, 1), bad.batch(), good.batch(2, 2)]))
    assert {(answer.store, answer.next) for answer in acks if isinstance(answer, Ack)} >= {
        (good.name, 3),
        (bad.name, 3),
    }
    kinds = [(row.kind, bytes(row.line)) for row in rows(engine, event)]
    assert kinds.count(("dead", bad.lines[0])) == 1
    assert count(engine, case) == 0
    assert {row.reason for row in rows(engine, dead_letter)} == {"not_storable"}
    report = check(engine)
    assert (report.ratings, report.dead, report.holds) == (2, 2, True)


OLD = "000000000000000d"


def successor(old: Store, *numbers: int, missing: list[tuple[int, int]] | None = None) -> Store:
    note = StoreReplaced(
        at=reading(), predecessor=old.name, kind="damaged", why="damaged", recovered=len(numbers), missing=missing or []
    )
    saved = (Salvaged(at=reading(), store=old.name, seq=number, line=old.lines[number - 1]) for number in numbers)
    return Store(old.device, "000000000000000n").add(note, *saved)


def test_events_saved_from_a_damaged_store_count_under_their_old_numbers_once(hub: Writer, engine: Engine) -> None:
    old = Store(name=OLD).add(rating(5), rating(4), complaint(), rating(2), rating(1))
    hub.write([old.batch(1, 2)])
    new = successor(old, 2, 3, 5, missing=[(4, 4)])
    assert only_ack(hub.write([new.batch()])).next == 5
    report = check(engine)
    assert report.holds, report
    assert report.ratings == 3  # 5 and 4 by itself, 1 saved; 2 is lost and named
    (opened,) = rows(engine, case)
    assert opened.receipt == receipt_number(StoreId(OLD), 3)
    assert sorted(row.level for row in rows(engine, rollup)) == [1, 4, 5]


def test_a_replaced_store_takes_no_more_batches(hub: Writer, engine: Engine) -> None:
    old = Store(name=OLD).add(rating(5), rating(4))
    hub.write([successor(old, 1, 2).batch()])
    assert only_refusal(hub.write([old.batch()])).reason == "unknown_store"
    report = check(engine)
    assert (report.ratings, report.holds) == (2, True)


def test_events_saved_twice_count_once(hub: Writer, engine: Engine) -> None:
    old = Store(name=OLD).add(rating(5), rating(4))
    first = successor(old, 1, 2)
    second = Store(old.device, "000000000000000q").add(*first.lines)
    hub.write([first.batch(), second.batch()])
    hub.write([successor(old, 1).batch()])
    report = check(engine)
    assert (report.ratings, report.holds) == (2, True)


def test_a_check_names_what_somebody_damaged(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(5), rating(4), complaint(), rating(3))
    hub.write([mine.batch()])

    def broken(sql: str) -> set[str]:
        with engine.connect() as connection:
            before = connection.begin()
            connection.execute(text(sql))
            before.commit()
        return {item.name for item in check(engine).invariants if not item.holds}

    other = hashlib.sha256(b"x").hexdigest()
    assert broken("UPDATE rollup SET n = n + 1 WHERE level = 5") == {"rollups"}
    assert broken("UPDATE rollup SET n = n - 1 WHERE level = 5") == set()
    assert broken("DELETE FROM case_history") == {"cases"}
    assert broken("DELETE FROM case_") == {"cases"}
    assert broken("UPDATE store SET next_seq = 6") >= {"cursors"}
    assert broken("UPDATE store SET next_seq = 5") == {"cases"}
    assert "chains" in broken(f"UPDATE event SET line = '{other}' WHERE seq = 2")
    assert "cursors" in broken("DELETE FROM event WHERE seq = 1")


def test_a_line_changed_by_hand_breaks_the_chain(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(5), rating(4))
    hub.write([mine.batch()])
    with engine.begin() as connection:
        connection.execute(event.update().where(event.c.seq == 1).values(line=encode_event(rating(5, staff="s-02"))))
    assert {item.name for item in check(engine).invariants if not item.holds} == {"chains", "rollups"}


def test_a_heartbeat_that_believes_we_have_more_than_we_do_is_told_our_cursor(hub: Writer) -> None:
    mine = Store().add(rating(), rating(), rating())
    hub.write([mine.batch(1, 2)])
    # As after a backup was put back and its birth was missed: everything was acknowledged, a third of it is not here.
    refusal = only_refusal(hub.write([mine.status("beat", next=4, backlog=0)]))
    assert (refusal.reason, refusal.next) == ("gap", 3)
    assert hub.write([mine.status("beat", next=4, backlog=1)]) == []


def test_visitors_turned_away_raise_an_alarm_once_and_again_when_there_are_more(hub: Writer, engine: Engine) -> None:
    mine = Store()
    hub.write([mine.status(), mine.status("beat", refused=2, free_kb=100)])
    assert [(row.kind, row.detail, row.n) for row in rows(engine, incident)] == [
        ("disk_full", "visitors turned away: 2", 1)
    ]
    with engine.begin() as connection:
        assert close_incident(connection, device="k1", store=mine.name, kind="disk_full")
    # The next heartbeat says the same of the same visitors: somebody has seen to it already.
    hub.write([mine.status("beat", refused=2, free_kb=100)])
    assert rows(engine, incident) == []
    hub.write([mine.status("beat", refused=3, free_kb=100)])
    assert [row.kind for row in rows(engine, incident)] == ["disk_full"]
