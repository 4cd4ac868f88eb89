"""Completeness: every announced number is here or named as missing, and what became of its store."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select

from huiyin_hub.check import check
from huiyin_hub.db.engine import open_engine
from huiyin_hub.fleet.incidents import Incident, note_incidents
from huiyin_hub.fleet.keys import pin_keys
from huiyin_hub.fleet.status import Heard, note_statuses
from huiyin_hub.fleet.tables import device_key, device_status
from huiyin_hub.ingest.completeness import (
    MAX_NAMED_RANGES,
    StoreFacts,
    StoreLine,
    StoreState,
    Stretch,
    count_states,
    describe,
    read_completeness,
    stand,
)
from huiyin_hub.ingest.tables import adopted, event, store
from huiyin_shared import chain
from huiyin_shared.frames import Status
from huiyin_shared.ids import StoreId

NOW_MS = 1_795_312_800_000
OLD, NEW = "0123456789abcdef", "2123456789abcdef"


def stretches(numbers: set[int]) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    for number in sorted(numbers):
        if found and found[-1].last == number - 1:
            found[-1] = Stretch(found[-1].first, number)
        else:
            found.append(Stretch(number, number))
    return tuple(found)


def numbers_in(parts: Sequence[Stretch]) -> list[int]:
    return [number for first, last in parts for number in range(first, last + 1)]


@given(
    here=st.integers(0, 30),
    told=st.integers(1, 60),
    beyond=st.sets(st.integers(1, 60)),
    ended=st.sampled_from(["", "damaged", "history_gone", "forked"]),
    current=st.sampled_from([True, False, None]),
)
def test_every_announced_number_is_either_here_or_named_as_missing(
    here: int, told: int, beyond: set[int], ended: str, current: bool | None
) -> None:
    beyond = {number for number in beyond if number > here}
    standing = stand(StoreFacts(here + 1, told, ended, current, stretches(beyond)))
    present, missing = numbers_in(standing.here), numbers_in(standing.missing)
    assert present == sorted({*range(1, here + 1), *beyond})
    assert sorted(present + missing) == list(range(1, standing.announced + 1))
    assert standing.announced == max([told - 1, here, *beyond])
    for parts in (standing.here, standing.missing):
        assert parts == stretches(set(numbers_in(parts))), "no two stretches touch"
    assert (standing.state == "complete") <= (not missing)


@pytest.mark.parametrize(
    ("told", "ended", "current", "state"),
    [
        (5, "", True, "complete"),
        (5, "", None, "complete"),
        (6, "", True, "coming"),
        (6, "", None, "coming"),
        (5, "", False, "left"),
        (9, "", False, "left"),
        (9, "damaged", False, "closed"),
        (9, "history_gone", False, "closed"),
        (9, "forked", False, "forked"),
        (9, "forked", True, "forked"),
    ],
)
def test_a_store_stands_as_its_end_and_its_device_say(
    told: int, ended: str, current: bool | None, state: StoreState
) -> None:
    assert stand(StoreFacts(5, told, ended, current)).state == state


def add_store(engine: Engine, number: int, device: str, name: str, here: int, **values: object) -> None:
    row = {"id": number, "device_id": device, "store": name, "next_seq": here + 1, "head": bytes(32)}
    times = {"first_heard_ms": NOW_MS, "last_heard_ms": NOW_MS, "replaced_ms": 0}
    with engine.begin() as connection:
        connection.execute(insert(store).values({**row, **times, **values}))


def add_event(engine: Engine, store_id: int, *numbers: int) -> None:
    row = {"line": b"", "kind": "dead", "occurred_ms": NOW_MS, "error_ms": 0, "received_ms": NOW_MS}
    with engine.begin() as connection:
        for seq in numbers:
            connection.execute(insert(event).values(store_id=store_id, seq=seq, **row))


def speak(engine: Engine, device: str, name: str) -> None:
    with engine.begin() as connection:
        status = Status(t="birth", conn="c", store=StoreId(name))
        note_statuses(connection, [Heard(device, status, NOW_MS, False)])


def lines(engine: Engine, device: str = "") -> list[StoreLine]:
    with engine.connect() as connection:
        return read_completeness(connection, device)


def test_a_complete_store_says_so(engine: Engine) -> None:
    add_store(engine, 1, "k1", OLD, 4_812, told_next=4_813)
    speak(engine, "k1", OLD)
    (line,) = lines(engine)
    assert describe(line) == f"store {OLD} of device k1: 1…4812 all here"
    assert line.is_fine
    assert line.current


def test_a_store_from_before_announcements_were_kept_is_complete_up_to_its_cursor(engine: Engine) -> None:
    add_store(engine, 1, "k1", OLD, 7, told_next=1)
    (line,) = lines(engine)
    assert (line.state, line.announced, line.missing) == ("complete", 7, ())


def test_a_wiped_card_leaves_its_store_behind_with_what_is_missing(engine: Engine) -> None:
    add_store(engine, 1, "k1", OLD, 10, told_next=16)
    add_store(engine, 2, "k1", NEW, 3, told_next=4)
    speak(engine, "k1", NEW)
    left, current = lines(engine)
    assert (left.store, left.state, left.missing) == (OLD, "left", (Stretch(11, 15),))
    assert (current.store, current.state) == (NEW, "complete")
    assert "1…10 here; missing 11–15; the device now speaks for another store" in describe(left)


def test_a_wiped_card_is_named_even_where_nothing_is_missing(engine: Engine) -> None:
    add_store(engine, 1, "k1", OLD, 10, told_next=11)
    add_store(engine, 2, "k1", NEW, 0, told_next=1)
    speak(engine, "k1", NEW)
    assert [(line.state, line.is_fine) for line in lines(engine)] == [("left", False), ("complete", True)]


def test_islands_of_a_closed_store_are_here_and_the_gaps_between_them_are_named(engine: Engine) -> None:
    add_store(engine, 1, "k1", OLD, 10, told_next=31, replaced_ms=NOW_MS, ended="damaged", successor=NEW)
    add_event(engine, 1, 3, 12, 13, 14, 20, 21)
    (line,) = lines(engine)
    assert line.here == (Stretch(1, 10), Stretch(12, 14), Stretch(20, 21))
    assert line.missing == (Stretch(11, 11), Stretch(15, 19), Stretch(22, 30))
    assert describe(line) == (
        f"store {OLD} of device k1: 1…10, 12…14, 20…21 here; missing 11, 15–19, 22–30; damaged, goes on as {NEW}"
    )


def test_what_the_successor_of_a_forked_store_carries_is_not_missing(engine: Engine) -> None:
    add_store(engine, 1, "k1", OLD, 10, told_next=14, ended="forked", successor=NEW)
    add_store(engine, 2, "k1", NEW, 3)
    with engine.begin() as connection:
        for origin_seq, seq in ((9, 2), (11, 3), (13, 4)):
            row = {"origin_id": 1, "origin_seq": origin_seq, "line_hash": bytes(32), "store_id": 2, "seq": seq}
            connection.execute(insert(adopted).values(row))
    forked = lines(engine)[0]
    assert (forked.state, forked.missing) == ("forked", (Stretch(12, 12),))


def test_events_of_ordinary_stores_are_never_read(engine: Engine) -> None:
    """What lies beyond an open store's cursor breaks an invariant and is named by the check, not here."""
    add_store(engine, 1, "k1", OLD, 10, told_next=13)
    add_event(engine, 1, 12)
    assert lines(engine)[0].missing == (Stretch(11, 12),)


def test_what_is_lost_for_certain_comes_first_and_one_device_can_be_asked_for(engine: Engine) -> None:
    add_store(engine, 1, "k1", OLD, 5, told_next=6)
    add_store(engine, 2, "k2", OLD, 5, told_next=900)
    add_store(engine, 3, "k3", OLD, 5, told_next=8, ended="history_gone", replaced_ms=NOW_MS, successor=NEW)
    add_store(engine, 4, "k3", NEW, 5, told_next=6)
    found = lines(engine)
    assert [(line.device_id, line.state) for line in found[:2]] == [("k3", "closed"), ("k2", "coming")]
    assert count_states(found) == {"closed": 1, "coming": 1, "complete": 2}
    assert {line.store for line in lines(engine, "k3")} == {OLD, NEW}
    assert lines(engine, "nobody") == []


def test_a_long_list_of_gaps_is_cut_with_its_number(engine: Engine) -> None:
    add_store(engine, 1, "k1", OLD, 1, told_next=200, replaced_ms=NOW_MS, ended="damaged")
    add_event(engine, 1, *range(3, 100, 2))
    (line,) = lines(engine)
    assert line.missing[0] == Stretch(2, 2)
    assert len(line.missing) == 50
    assert describe(line).count(f"and {len(line.missing) - MAX_NAMED_RANGES} more") == 2


def test_missing_events_and_incidents_are_notes_of_the_check_and_break_nothing(engine: Engine) -> None:
    assert check(engine).notes == ("0 stores complete",)
    with engine.begin() as connection:
        status = Status(t="birth", conn="c", store=StoreId(OLD), next=3)
        note_statuses(connection, [Heard("k1", status, NOW_MS, False)])
        note_incidents(connection, [Incident("k1", OLD, "disk_full", "visitors turned away: 2", NOW_MS)] * 2)
    add_store(engine, 1, "k1", OLD, 0, told_next=3, head=chain.genesis("k1", OLD))
    report = check(engine)
    assert report.holds
    assert report.notes == (
        "0 stores complete, 1 to look at",
        f"store {OLD} of device k1: missing 1–2; on its way",
        f"incident disk_full of device k1, store {OLD}, 2 times: visitors turned away: 2",
    )


def test_a_device_whose_store_is_not_known_keeps_its_lines(engine: Engine) -> None:
    add_store(engine, 1, "k1", OLD, 5)
    row = {"conn": "c", "backlog": 0, "head_next": 1, "version": "", "halted": "", "heard_ms": 0}
    with engine.begin() as connection:
        connection.execute(insert(device_status).values(device_id="k1", online=False, store="", **row))
    assert lines(engine)[0].state == "complete"


def command(*arguments: str, status: int = 0) -> str:
    hub = Path(sys.executable).with_name("huiyin-hub")
    done = subprocess.run([hub, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_check_prints_what_is_missing_and_stays_ok_and_rekey_forgets_a_key(tmp_path: Path) -> None:
    settings = ("--settings", str(tmp_path / "hub.toml"))
    command("demo-data", "--into", str(tmp_path))
    engine = open_engine(f"sqlite:///{next(tmp_path.rglob('*.db'))}")
    add_store(engine, 1, "t-01", OLD, 0, told_next=1, head=chain.genesis("t-01", OLD))
    assert "note    1 store complete\ncheck ok" in command("check", *settings)

    add_store(engine, 2, "t-02", NEW, 0, told_next=6, head=chain.genesis("t-02", NEW), ended="history_gone")
    with engine.begin() as connection:
        pin_keys(connection, {"t-01": ("00", NOW_MS), "t-02": ("11", NOW_MS)})
        note_incidents(connection, [Incident("t-01", OLD, "key_changed", "00ff", NOW_MS)])
    said = command("check", *settings).splitlines()
    assert said[-4:] == [
        "note    1 store complete, 1 to look at",
        f"note    store {NEW} of device t-02: missing 1–5; history gone, goes on as another store",
        f"note    incident key_changed of device t-01, store {OLD}, once: 00ff",
        "check ok",
    ]
    report = json.loads(command("check", "--json", *settings))
    assert report["check"] == "ok"
    assert report["completeness"]["complete"] == 1
    (line,) = report["completeness"]["to_look_at"]
    assert (line["device_id"], line["state"], line["missing"]) == ("t-02", "closed", [[1, 5]])
    assert [(one["device_id"], one["kind"], one["n"]) for one in report["incidents"]] == [("t-01", "key_changed", 1)]

    assert "the key of t-01 is forgotten" in command("device", "rekey", "t-01", *settings)
    with engine.connect() as connection:
        assert connection.execute(select(device_key.c.device_id)).scalars().all() == ["t-02"]
    assert "incident" not in command("check", *settings)
    assert "no device nobody" in command("device", "rekey", "nobody", *settings, status=1)
    engine.dispose()
