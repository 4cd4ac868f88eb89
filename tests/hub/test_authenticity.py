"""Only what a device really said is taken: signatures of batches and statuses, keys remembered, forged bytes named."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from hub.wire import KEY, NOW_MS, Registry, Store, answers, give_up, now, only_ack, only_refusal, pin, rating, reading
from huiyin_hub.check import check
from huiyin_hub.db.engine import open_engine, sqlite_url
from huiyin_hub.db.schema import migrate
from huiyin_hub.fleet import keys
from huiyin_hub.fleet.incidents import read_incidents
from huiyin_hub.fleet.keys import KeyTaken, forget_key, is_signed, pin_keys
from huiyin_hub.fleet.tables import device_key, device_status, incident
from huiyin_hub.ingest.link import Message
from huiyin_hub.ingest.tables import boot_anchor, dead_letter, dead_letter_count, event, store
from huiyin_hub.ingest.writer import Writer
from huiyin_kiosk.sync.signing import DeviceKey
from huiyin_shared.frames import Ack, Anchor, Refusal
from huiyin_shared.ids import CROCKFORD

OTHER_KEY = DeviceKey(b"\x01" * 32)
ANCHOR = Anchor(boot="boot-1", mono_ms=9_000, hub_ms=NOW_MS - 1_000, error_ms=5)
NAMED = {"bad_signature", "bad_header", "line_count", "unknown_version", "too_large", "bad_status"}


@pytest.fixture
def hub(engine: Engine) -> Writer:
    return Writer(engine, Registry(), clock=now, pause=give_up)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> set[bytes]:
    """The statements whose signatures were checked."""
    asked: set[bytes] = set()

    def counting(key: str, signature: bytes, statement: bytes) -> bool:
        asked.add(statement)
        return is_signed(key, signature, statement)

    monkeypatch.setattr(keys, "is_signed", counting)
    return asked


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def letters(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(dead_letter.c.reason).order_by(dead_letter.c.id)).scalars())


def lettered(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {row.reason: row.n for row in connection.execute(select(dead_letter_count))}


def ten() -> Store:
    return Store().add(*(rating(number % 5 + 1) for number in range(10)))


def test_of_batches_that_follow_each_other_only_the_last_signature_is_checked(
    hub: Writer, engine: Engine, checks: set[bytes]
) -> None:
    pin(engine)
    mine = ten()
    ack = only_ack(hub.write([mine.batch(first, first + 1, sent=reading(10_000 + first)) for first in (1, 3, 5, 7, 9)]))
    assert (ack.next, ack.echo_mono_ms) == (11, 10_009)
    assert len(checks) == 1
    assert check(engine).holds


def test_batches_of_two_stores_do_not_break_each_others_run(hub: Writer, engine: Engine, checks: set[bytes]) -> None:
    pin(engine)
    one, two = ten(), Store("k2", "000000000000000z").add(rating(), rating())
    found = answers(hub.write([one.batch(1, 5), two.batch(1, 1), one.batch(6, 10), two.batch(2, 2)]))
    assert sorted(answer.next for answer in found) == [3, 11]
    assert len(checks) == 2


def test_a_wrong_signature_inside_a_run_is_made_good_by_the_last_ones(
    hub: Writer, engine: Engine, checks: set[bytes]
) -> None:
    pin(engine)
    mine = ten()
    # The chain binds its lines: what the last signature speaks for is exactly what the device wrote.
    assert only_ack(hub.write([mine.batch(1, 4), mine.batch(5, 8, key=OTHER_KEY), mine.batch(9, 10)])).next == 11
    assert len(checks) == 1
    assert letters(engine) == []


def test_a_forged_end_of_a_run_costs_the_rest_nothing(hub: Writer, engine: Engine, checks: set[bytes]) -> None:
    pin(engine)
    mine = ten()
    found = answers(hub.write([mine.batch(1, 4), mine.batch(5, 8), mine.batch(9, 10, key=OTHER_KEY)]))
    assert [(type(answer), answer.next) for answer in found] == [(Ack, 9), (Refusal, 9)]
    assert [answer.reason for answer in found if isinstance(answer, Refusal)] == ["bad_signature"]
    assert len(checks) == 2
    assert (letters(engine), count(engine, event)) == (["bad_signature"], 8)
    assert only_ack(hub.write([mine.batch(9, 10)])).next == 11
    assert check(engine).holds


def test_forged_lines_inside_a_run_end_it_there(hub: Writer, engine: Engine) -> None:
    pin(engine)
    mine = ten()
    forged = mine.batch(5, 8)
    forged = forged._replace(payload=forged.payload.replace(b'"level":', b'"level": ', 1))
    found = answers(hub.write([mine.batch(1, 4), forged, mine.batch(9, 10)]))
    assert all(answer.next == 5 for answer in found)
    assert (letters(engine), count(engine, event)) == (["bad_signature"], 4)
    assert only_ack(hub.write([mine.batch(5, 8), mine.batch(9, 10)])).next == 11
    assert check(engine).holds


def test_a_signature_borrowed_from_another_batch_of_the_flush_proves_nothing(hub: Writer, engine: Engine) -> None:
    pin(engine)
    mine = ten()
    true = mine.batch(1, 5)
    signature = true.payload.rpartition(b"\n")[2]
    for other in (
        ten(),
        Store("k1", "000000000000000z").add(rating(1)),
        Store("k2", "000000000000000y").add(rating(1)),
    ):
        forged = other.batch(key=OTHER_KEY)
        forged = forged._replace(payload=forged.payload.rpartition(b"\n")[0] + b"\n" + signature)
        # Enough of them that they are checked by many at once.
        found = answers(hub.write([true] + [forged] * 20))
        assert {type(answer) for answer in found} == {Ack, Refusal}
        assert count(engine, event) == 5
    assert only_ack(hub.write([mine.batch(6, 10)])).next == 11
    assert check(engine).holds


def test_many_good_and_bad_signatures_of_one_flush_are_told_apart(hub: Writer, engine: Engine) -> None:
    pin(engine)
    stores = [Store(f"t-{number}", f"{number:016}").add(rating(), rating()) for number in range(50)]
    sent = [mine.batch(key=OTHER_KEY if number % 3 == 0 else None) for number, mine in enumerate(stores)]
    found = {answer.store: answer for answer in answers(hub.write(sent))}
    for number, mine in enumerate(stores):
        assert isinstance(found[mine.name], Refusal if number % 3 == 0 else Ack), number
    assert count(engine, event) == 2 * 33
    assert letters(engine) == ["bad_signature"] * 17


def test_the_clocks_of_an_unchecked_batch_are_not_believed(hub: Writer, engine: Engine) -> None:
    pin(engine)
    mine = ten()
    lying = Anchor(boot="boot-1", mono_ms=9_000, hub_ms=NOW_MS - 50_000_000, error_ms=1)
    hub.write([mine.batch(1, 5, anchor=lying, key=OTHER_KEY), mine.batch(6, 10, anchor=ANCHOR)])
    with engine.connect() as connection:
        assert set(connection.execute(select(event.c.occurred_ms)).scalars()) == {NOW_MS - 1_000}


def test_another_boot_begins_another_run_with_a_signature_of_its_own(
    hub: Writer, engine: Engine, checks: set[bytes]
) -> None:
    pin(engine)
    mine = ten()
    batches = [mine.batch(1, 5), mine.batch(6, 10, sent=reading(10_000, boot="boot-2"))]
    assert only_ack(hub.write(batches)).next == 11
    assert len(checks) == 2
    # And a forged one cannot hide behind the other boot's.
    more = mine.add(rating(), rating())
    more_forged = more.batch(11, 11, key=OTHER_KEY)
    found = answers(hub.write([more_forged, more.batch(12, 12, sent=reading(1, boot="boot-3"))]))
    assert {answer.next for answer in found} == {11}
    assert lettered(engine) == {"bad_signature": 1}


def test_a_device_whose_key_nobody_knows_is_asked_for_it(hub: Writer, engine: Engine) -> None:
    mine = ten()
    refusal = only_refusal(hub.write([mine.batch()]))
    assert (refusal.reason, refusal.next, refusal.head) == ("bad_signature", 1, mine.head(1).hex())
    assert (letters(engine), count(engine, event), count(engine, store)) == (["bad_signature"], 0, 0)
    # The engine's answer to that is a birth, then the same batch.
    assert only_ack(hub.write([mine.status(), mine.batch()])).next == 11
    assert check(engine).holds


def test_a_birth_tells_the_key_that_the_next_batch_of_the_same_flush_is_checked_with(
    hub: Writer, engine: Engine
) -> None:
    mine = ten()
    found = answers(hub.write([mine.status(), mine.batch(1, 4), mine.batch(5, 10)]))
    assert [answer.next for answer in found] == [11]
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(select(device_key))] == [("k1", KEY.public, NOW_MS)]


def test_a_birth_does_not_excuse_a_batch_forged_in_the_same_flush(hub: Writer, engine: Engine) -> None:
    mine = ten()
    found = answers(hub.write([mine.status(), mine.batch(key=OTHER_KEY)]))
    assert {type(answer) for answer in found} == {Ack, Refusal}
    assert all(answer.next == 1 for answer in found)
    assert count(engine, event) == 0


def test_a_birth_that_names_a_key_it_does_not_hold_is_not_believed(hub: Writer, engine: Engine) -> None:
    mine = ten()
    birth = mine.status(key=OTHER_KEY)
    stolen = birth._replace(payload=birth.payload.replace(OTHER_KEY.public.encode(), KEY.public.encode()))
    assert only_refusal(hub.write([stolen])).reason == "bad_signature"
    assert count(engine, device_key) == count(engine, device_status) == 0
    assert letters(engine) == ["bad_signature"]


def test_another_key_of_a_known_device_is_refused_and_an_operator_told(hub: Writer, engine: Engine) -> None:
    mine = ten()
    hub.write([mine.status(), mine.batch(1, 5)])
    refusal = only_refusal(hub.write([mine.status(key=OTHER_KEY, conn="c2")]))
    assert (refusal.reason, refusal.next) == ("bad_signature", 6)
    assert only_refusal(hub.write([mine.batch(6, 10, key=OTHER_KEY)])).reason == "bad_signature"
    hub.write([mine.status(key=OTHER_KEY, conn="c2")])
    with engine.connect() as connection:
        forged, line = sorted(read_incidents(connection), key=lambda line: line.kind)
        (status,) = connection.execute(select(device_status))
        (kept,) = connection.execute(select(device_key))
    assert (line.device_id, line.store, line.kind, line.n) == ("k1", "", "key_changed", 2)
    assert (forged.device_id, forged.store, forged.kind, forged.n) == ("k1", "", "forged", 1)
    assert line.detail == OTHER_KEY.public[:16]
    assert (status.conn, kept.public_key) == ("c1", KEY.public)
    assert lettered(engine) == {"bad_signature": 3}
    # The one who holds the key goes on undisturbed.
    assert only_ack(hub.write([mine.batch(6, 10)])).next == 11


def test_a_damaged_status_is_no_change_of_keys(hub: Writer, engine: Engine) -> None:
    mine = ten()
    hub.write([mine.status()])
    birth = mine.status()
    damaged = birth._replace(payload=birth.payload.replace(KEY.public.encode(), OTHER_KEY.public.encode()))
    assert only_refusal(hub.write([damaged])).reason == "bad_signature"
    assert count(engine, incident) == 0


def test_a_key_an_operator_forgets_makes_room_for_the_next_one(hub: Writer, engine: Engine) -> None:
    mine = ten()
    hub.write([mine.status(), mine.batch(1, 5)])
    with engine.begin() as connection:
        forget_key(connection, "k1")
    later_ms = hub._keys._now_ms() + 1_000
    hub._keys._now_ms = lambda: later_ms
    found = answers(hub.write([mine.status(key=OTHER_KEY), mine.batch(6, 10, key=OTHER_KEY)]))
    assert [(type(answer), answer.next) for answer in found] == [(Ack, 11)]
    # The forgotten key is now as strange as any other.
    assert only_refusal(hub.write([mine.status()])).reason == "bad_signature"
    assert check(engine).holds


def test_two_processes_that_meet_a_new_device_remember_one_key(engine: Engine) -> None:
    one, two = (Writer(engine, Registry(), clock=now, pause=give_up) for _ in range(2))
    mine, theirs = ten(), Store("k1", "000000000000000z").add(rating())
    assert only_ack(one.write([mine.status(), mine.batch()])).next == 11
    real, stale = two._keys.of, [None]

    def of(device: str) -> str | None:
        # As if it had looked a moment before the other process wrote the key down.
        return stale.pop() if stale else real(device)

    two._keys.of = of  # type: ignore[method-assign]
    found = answers(two.write([theirs.status(key=OTHER_KEY), theirs.batch(key=OTHER_KEY)]))
    assert [(type(answer), answer.next) for answer in found] == [(Refusal, 1)]
    with engine.connect() as connection:
        assert connection.execute(select(device_key.c.public_key)).scalar_one() == KEY.public
        assert sorted(line.kind for line in read_incidents(connection)) == ["forged", "key_changed"]


def test_pinning_a_key_that_is_there_already_changes_nothing(engine: Engine) -> None:
    for _ in range(2):
        pin(engine, "k1")
    assert count(engine, device_key) == 1
    with pytest.raises(KeyTaken), engine.begin() as connection:
        pin_keys(connection, {"k1": (OTHER_KEY.public, NOW_MS)})
    assert count(engine, device_key) == 1


@pytest.mark.parametrize(
    "signature",
    [b"", b"ab" * 64, b"zz" * 64, b"\xff" * 128, b"0" * 128, b"ab" * 63],
    ids=lambda s: f"{s[:2]!r} {len(s)}",
)
@pytest.mark.parametrize("key", [KEY.public, "00" * 32, "ff" * 32])
def test_no_bytes_are_a_signature_by_chance_and_none_raise(key: str, signature: bytes) -> None:
    assert is_signed(key, signature, b"statement") is False


def with_field(value: Any, path: tuple[str | int, ...], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(value)
    if isinstance(value, list):
        return [with_field(inner, path[1:], change) if at == path[0] else inner for at, inner in enumerate(value)]
    return {key: with_field(inner, path[1:], change) if key == path[0] else inner for key, inner in value.items()}


def altered(path: tuple[str | int, ...]) -> Callable[[bytes], bytes]:
    def change(value: Any) -> Any:
        if value is None or isinstance(value, int):
            return (value or 0) + 1
        if value in ("synced", "unsynced"):
            return "synced" if value == "unsynced" else "unsynced"
        if value in ("birth", "beat", "will"):
            return "beat"
        return value[:-1] + ("0" if value[-1:] != "0" else "1") if value else "x"

    def alter(line: bytes) -> bytes:
        text = json.dumps(with_field(json.loads(line), path, change), separators=(",", ":"), ensure_ascii=False)
        assert text.encode() != line
        return text.encode()

    return alter


SENT = [("sent", name) for name in ("boot", "mono_ms", "wall_ms", "clock")]
ANCHORED = [("anchor", name) for name in ("boot", "mono_ms", "hub_ms", "error_ms")]
HEADER_FIELDS: list[tuple[str | int, ...]] = [("v",), ("store",), ("first",), ("n",), ("prev",), *SENT, *ANCHORED]
REASONS = {("v",): ("unknown_version", "bad_frame"), ("n",): ("line_count", "bad_frame")}


@pytest.mark.parametrize("path", HEADER_FIELDS, ids=".".join)
def test_a_batch_changed_in_any_field_of_its_header_is_refused_by_name(
    hub: Writer, engine: Engine, path: tuple[str | int, ...]
) -> None:
    pin(engine)
    mine = ten()
    good = mine.batch(1, 5, anchor=ANCHOR)
    line, rest = good.payload.split(b"\n", 1)
    reason, answer = REASONS.get(path, ("bad_signature", "bad_signature"))
    assert only_refusal(hub.write([good._replace(payload=altered(path)(line) + b"\n" + rest)])).reason == answer
    assert (letters(engine), count(engine, event), count(engine, store)) == ([reason], 0, 0)
    assert only_ack(hub.write([good])).next == 6
    assert check(engine).holds


@pytest.mark.parametrize("number", range(1, 7), ids=["line 1", "line 2", "line 3", "line 4", "line 5", "sig"])
def test_a_batch_changed_in_any_line_or_its_signature_is_refused_by_name(
    hub: Writer, engine: Engine, number: int
) -> None:
    pin(engine)
    mine = ten()
    good = mine.batch(1, 5)
    lines = good.payload.split(b"\n")
    lines[number] = lines[number][:-1] + (b"0" if lines[number][-1:] != b"0" else b"1")
    assert only_refusal(hub.write([good._replace(payload=b"\n".join(lines))])).reason == "bad_signature"
    assert (letters(engine), count(engine, event), count(engine, store)) == (["bad_signature"], 0, 0)
    assert only_ack(hub.write([good])).next == 6


@pytest.mark.parametrize("change", ["swapped", "left out", "repeated"])
def test_lines_in_another_order_or_number_are_refused_by_name(hub: Writer, engine: Engine, change: str) -> None:
    pin(engine)
    mine = ten()
    good = mine.batch(1, 5)
    header, one, two, *rest = good.payload.split(b"\n")
    lines = {"swapped": [two, one, *rest], "left out": [two, *rest], "repeated": [one, one, two, *rest]}[change]
    assert only_refusal(hub.write([good._replace(payload=b"\n".join((header, *lines)))])).reason in (
        "bad_signature",
        "bad_frame",
    )
    assert count(engine, event) == 0
    assert only_ack(hub.write([good])).next == 6


STATUS_FIELDS: list[tuple[str | int, ...]] = [
    *[(name,) for name in ("t", "conn", "store", "next", "head", "backlog", "oldest_wall_ms", "version", "halted")],
    *SENT,
    *[("anchors", 0, name) for name in ("boot", "mono_ms", "hub_ms", "error_ms")],
    ("key",),
    ("refused",),
    ("free_kb",),
]


def full_birth(mine: Store) -> Message:
    return mine.status(
        backlog=3,
        next=11,
        head=mine.head(11).hex(),
        oldest_wall_ms=9,
        version="1.0",
        halted="fork",
        anchors=[ANCHOR],
        refused=2,
        free_kb=77,
    )


@pytest.mark.parametrize("path", STATUS_FIELDS, ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("known", [False, True], ids=["a new device", "a known one"])
def test_a_birth_changed_in_any_field_is_not_believed(
    hub: Writer, engine: Engine, known: bool, path: tuple[str | int, ...]
) -> None:
    if known:
        pin(engine, "k1")
    mine = ten()
    birth = full_birth(mine)
    line, signature = birth.payload.split(b"\n")
    hub.write([birth._replace(payload=altered(path)(line) + b"\n" + signature)])
    assert letters(engine) == ["bad_signature"]
    assert count(engine, device_status) == count(engine, boot_anchor) == count(engine, incident) == 0
    assert count(engine, device_key) == known
    assert only_ack(hub.write([birth])).next == 1
    assert count(engine, boot_anchor) == 1


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Writer]]:
    """A hub on SQLite that many examples use one after the other, each with a store of its own."""
    folder: Path = tmp_path_factory.mktemp("worn")
    engine = open_engine(sqlite_url(folder / "hub.db"))
    migrate(engine)
    pin(engine)
    yield engine, Writer(engine, Registry(), clock=now, pause=give_up)
    engine.dispose()


def store_name(number: int) -> str:
    return "".join(CROCKFORD[(number >> 5 * place) % 32] for place in range(16))


def small(name: str) -> Store:
    return Store(name=name).add(rating(5), rating(1))


def flipped(message: Message, bit: int) -> Message:
    payload = bytearray(message.payload)
    payload[bit // 8] ^= 1 << bit % 8
    return message._replace(payload=bytes(payload))


BATCH_BITS = len(small(store_name(0)).batch(anchor=ANCHOR).payload) * 8
BIRTH_BITS = len(full_birth(small(store_name(0))).payload) * 8


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(number=st.integers(0, (1 << 80) - 1), bit=st.integers(0, BATCH_BITS - 1))
def test_a_batch_with_one_flipped_bit_is_refused_by_name_and_leaves_no_trace(
    worn: tuple[Engine, Writer], number: int, bit: int
) -> None:
    engine, hub = worn
    mine = small(store_name(number))
    hub.write([mine.batch(1, 1)])  # An example that comes again finds its store as it left it.
    before = (count(engine, event), count(engine, store), sum(lettered(engine).values()))
    found = answers(hub.write([flipped(mine.batch(anchor=ANCHOR), bit)]))
    assert all(isinstance(answer, Refusal) for answer in found)
    assert (count(engine, event), count(engine, store)) == before[:2]
    assert sum(lettered(engine).values()) == before[2] + 1
    assert letters(engine)[-1] in NAMED
    assert only_ack(hub.write([mine.batch(anchor=ANCHOR)])).next == 3


@pytest.mark.parametrize("key_known", [True, False], ids=["key known", "no key known"])
def test_every_bit_of_a_batch_and_of_a_birth_is_watched_over(tmp_path: Path, key_known: bool) -> None:
    engine = open_engine(sqlite_url(tmp_path / "hub.db"))
    migrate(engine)
    if key_known:
        pin(engine)
    hub = Writer(engine, Registry(), clock=now, pause=give_up)
    mine = small(store_name(7))
    batch, birth = mine.batch(anchor=ANCHOR), full_birth(mine)
    forged = [flipped(batch, bit) for bit in range(BATCH_BITS)] + [flipped(birth, bit) for bit in range(BIRTH_BITS)]
    assert all(isinstance(answer, Refusal) for answer in answers(hub.write(forged)))
    assert count(engine, event) == count(engine, store) == 0
    assert count(engine, device_status) == count(engine, boot_anchor) == 0
    with engine.connect() as connection:
        assert [(line.store, line.kind) for line in read_incidents(connection)] == (
            [("", "forged")] if key_known else []
        )
    assert count(engine, device_key) == (52 if key_known else 0)
    assert lettered(engine).keys() <= NAMED
    assert sum(lettered(engine).values()) == len(forged)
    hub.write([birth])
    assert only_ack(hub.write([batch])).next == 3
    assert check(engine).holds
    engine.dispose()
