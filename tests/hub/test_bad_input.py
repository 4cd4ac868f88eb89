"""Everything bad a device or its line can send: each is named, and costs nobody else anything."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from hub.wire import KEY, NOW_MS, Registry, Store, answers, give_up, now, only_ack, only_refusal, pin, rating, reading
from huiyin_hub.check import check
from huiyin_hub.fleet.tables import device_status
from huiyin_hub.ingest.dead_letters import MAX_PAYLOAD_BYTES as MAX_KEPT_BYTES
from huiyin_hub.ingest.link import Message
from huiyin_hub.ingest.tables import dead_letter, event
from huiyin_hub.ingest.writer import Writer
from huiyin_shared.frames import Ack, Header, Refusal, encode_batch
from huiyin_shared.ids import DeviceId

EVENTS = "hy/v1/k1/up/events"


@pytest.fixture
def hub(engine: Engine) -> Writer:
    pin(engine)
    return Writer(engine, Registry(), clock=now, pause=give_up)


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def letters(engine: Engine) -> list[tuple[str, bytes, int]]:
    with engine.connect() as connection:
        rows = connection.execute(select(dead_letter).order_by(dead_letter.c.id))
        return [(row.reason, bytes(row.payload), row.size_bytes) for row in rows]


def signed(store: Store, header_line: bytes, lines: list[bytes], *, first: int = 1) -> Message:
    """A batch whose header is written by hand and whose signature is right all the same."""
    end = store.head(first + len(lines))
    signature = KEY.sign_batch(DeviceId(store.device), header_line, end).hex().encode()
    return Message(f"hy/v1/{store.device}/up/events", b"\n".join((header_line, *lines, signature)), NOW_MS)


def header_line(of: Store, **changes: Any) -> bytes:
    values = {"v": 1, "store": of.name, "first": 1, "n": len(of.lines), "prev": of.head(1).hex()}
    header = Header(**{**values, "sent": reading(), **changes})  # type: ignore[arg-type]
    return encode_batch(header, [], lambda _line: b"").partition(b"\n")[0]


HeaderChange = Callable[[bytes], bytes]
BAD_HEADERS: dict[str, HeaderChange] = {
    "a key said twice": lambda line: line.replace(b'"first":1', b'"first":1,"first":1'),
    "a key said twice without a clock": lambda line: line.replace(b'"first":1', b'"first":2,"first":1').replace(
        b',"clock":"unsynced"', b""
    ),
    "a key said twice with a blank": lambda line: line.replace(b'"first":1', b'"first" :2,"first":1'),
    "a key said twice in the reading": lambda line: line.replace(b'"mono_ms":', b'"mono_ms":1,"mono_ms":'),
    "a key said twice in what nobody reads": lambda line: line[:-1] + b',"x":{"a":1,"a":2}}',
    "deep": lambda line: line[:-1] + b',"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "5,000 digits": lambda line: line.replace(b'"mono_ms":', b'"mono_ms":' + b"1" * 5_000),
    "5,000 digits in what nobody reads": lambda line: line[:-1] + b',"x":' + b"1" * 5_000 + b"}",
    "NaN": lambda line: line.replace(b'"first":1', b'"first":NaN'),
    "infinity": lambda line: line.replace(b'"first":1', b'"first":Infinity'),
    "invalid UTF-8": lambda line: line.replace(b'"boot-1"', b'"boot-\xff"'),
    "a surrogate": lambda line: line.replace(b'"boot-1"', b'"boot-\xed\xa0\x80"'),
    "a negative number": lambda line: line.replace(b'"first":1', b'"first":-1'),
    "a number past 2^53": lambda line: line.replace(b'"first":1', b'"first":9007199254740993'),
    "a store of another alphabet": lambda line: line.replace(b"0123456789abcdef", b"0123456789abcdeu"),
    "a number for a text": lambda line: line.replace(b'"boot-1"', b"1"),
    "nothing": lambda line: b"null",
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_a_bad_header_is_refused_by_name_although_its_signature_is_right(
    hub: Writer, engine: Engine, name: str
) -> None:
    mine = Store().add(rating(), rating())
    line = BAD_HEADERS[name](header_line(mine))
    assert line != header_line(mine)
    found = answers(hub.write([signed(mine, line, mine.lines)]))
    assert all(isinstance(answer, Refusal) and answer.reason == "bad_frame" for answer in found)
    ((reason, payload, size),) = letters(engine)
    assert (reason, size) == ("bad_header", len(line) + sum(len(kept) + 1 for kept in mine.lines) + 129)
    assert payload.startswith(line[:1_000])
    assert count(engine, event) == 0
    assert only_ack(hub.write([mine.batch()])).next == 3
    assert check(engine).holds


@pytest.mark.parametrize("n", [1, 3, 500])
def test_a_header_that_counts_other_lines_than_there_are_is_refused(hub: Writer, engine: Engine, n: int) -> None:
    mine = Store().add(rating(), rating())
    refusal = only_refusal(hub.write([signed(mine, header_line(mine, n=n), mine.lines)]))
    assert (refusal.reason, refusal.next) == ("bad_frame", 1)
    assert [reason for reason, _, _ in letters(engine)] == ["line_count"]
    assert only_ack(hub.write([mine.batch()])).next == 3


def test_ten_megabytes_are_refused_and_only_their_beginning_is_kept(hub: Writer, engine: Engine) -> None:
    mine = Store().add(rating(), rating())
    payload = mine.batch().payload + b"\n" + b"x" * 10_000_000
    assert only_refusal(hub.write([Message(EVENTS, payload, NOW_MS)])).reason == "too_large"
    ((reason, kept, size),) = letters(engine)
    assert (reason, size) == ("too_large", len(payload))
    assert len(kept) <= MAX_KEPT_BYTES
    assert only_ack(hub.write([mine.batch()])).next == 3


def test_a_batch_of_the_wrong_store_is_a_fork_and_not_mixed_in(hub: Writer, engine: Engine) -> None:
    mine, other = Store().add(rating(), rating()), Store(name="000000000000000z").add(rating(1))
    hub.write([other.batch(), mine.batch(1, 1)])
    line = header_line(mine, store=other.name, first=2, n=1, prev=mine.head(2).hex())
    forged = signed(mine, line, mine.lines[1:], first=2)
    refusal = only_refusal(hub.write([forged]))
    assert (refusal.store, refusal.reason, refusal.next) == (other.name, "fork", 2)
    assert count(engine, event) == 2
    assert only_ack(hub.write([mine.batch(2, 2)])).next == 3
    assert check(engine).holds


def test_an_old_batch_played_again_is_acknowledged_and_counted_once(hub: Writer, engine: Engine) -> None:
    mine = Store().add(*(rating() for _ in range(6)))
    old = mine.batch(1, 3)
    hub.write([old])
    hub.write([mine.batch(4, 6)])
    for again in ([old], [old, old], [mine.batch(1, 6)]):
        ack = only_ack(hub.write(again))
        assert (ack.next, ack.head) == (7, mine.head(7).hex())
    report = check(engine)
    assert (report.ratings, report.holds) == (6, True)


def test_numbers_from_the_future_are_a_gap_and_move_nothing(hub: Writer, engine: Engine) -> None:
    mine = Store().add(*(rating() for _ in range(6)))
    hub.write([mine.batch(1, 2)])
    refusal = only_refusal(hub.write([mine.batch(5, 6)]))
    assert (refusal.reason, refusal.next, refusal.head) == ("gap", 3, mine.head(3).hex())
    far = signed(mine, header_line(mine, first=1 << 53, n=1, prev="ab" * 32), [mine.lines[0]])
    assert only_refusal(hub.write([far])).reason in ("gap", "bad_signature")
    assert only_ack(hub.write([mine.batch(3, 6)])).next == 7
    assert check(engine).holds


RATING = Store().add(rating()).lines[0]
BAD_EVENTS: dict[str, bytes] = {
    "a key said twice": RATING.replace(b'"level":5', b'"level":1,"level":5'),
    "a key said twice without a clock": RATING.replace(b'"level":5', b'"level":1,"level":5').replace(
        b',"clock":"unsynced"', b""
    ),
    "a key said twice with a blank": RATING.replace(b'"level":5', b'"level" :1,"level":5'),
    "a key said twice beside a clock in the wrong place": RATING.replace(
        b'"level":5', b'"level":1,"level":5,"clock":1'
    ).replace(b',"clock":"unsynced"', b""),
    "a key said twice in the reading": RATING.replace(b'"mono_ms":', b'"mono_ms":1,"mono_ms":'),
    "a key said twice in what nobody reads": RATING[:-1] + b',"x":{"a":1,"a":2}}',
    "deep": RATING[:-1] + b',"x":' + b"[" * 6_000 + b"]" * 6_000 + b"}",
    "deep from the start": b"[" * 10_000,
    "5,000 digits": RATING.replace(b'"mono_ms":', b'"mono_ms":' + b"1" * 5_000),
    "NaN": RATING.replace(b'"level":5', b'"level":NaN'),
    "invalid UTF-8": RATING.replace(b'"v1"', b'"v\xff"'),
    "no json": b"hello",
    "another tag": RATING.replace(b'"rating"', b'"dance"'),
    "level 9": RATING.replace(b'"level":5', b'"level":9'),
    "NUL": b"\x00",
}


@pytest.mark.parametrize("name", BAD_EVENTS)
def test_a_bad_event_is_set_aside_by_name_and_the_rest_of_its_batch_is_taken(
    hub: Writer, engine: Engine, name: str
) -> None:
    mine = Store().add(rating(4), BAD_EVENTS[name], rating(2))
    assert only_ack(hub.write([mine.batch()])).next == 4
    assert letters(engine) == [("bad_event", BAD_EVENTS[name][:MAX_KEPT_BYTES], len(BAD_EVENTS[name]))]
    with engine.connect() as connection:
        kept = [(row.kind, bytes(row.line)) for row in connection.execute(select(event).order_by(event.c.seq))]
    assert kept == list(zip(("rating", "dead", "rating"), mine.lines, strict=True))
    report = check(engine)
    assert (report.ratings, report.dead, report.holds) == (2, 1, True)


@pytest.mark.parametrize("name", ["a key said twice", "deep", "5,000 digits", "NaN", "invalid UTF-8"])
def test_a_bad_birth_is_set_aside_by_name(hub: Writer, engine: Engine, name: str) -> None:
    mine = Store()
    line = mine.status().payload.partition(b"\n")[0]
    bad = {
        "a key said twice": line.replace(b'"conn":', b'"conn":"a","conn":'),
        "deep": line[:-1] + b',"x":' + b"[" * 3_000 + b"]" * 3_000 + b"}",
        "5,000 digits": line[:-1] + b',"x":' + b"1" * 5_000 + b"}",
        "NaN": line.replace(b'"wall_ms":', b'"wall_ms":NaN,"x":'),
        "invalid UTF-8": line.replace(b'"c1"', b'"c\xff"'),
    }[name]
    signature = KEY.sign_status(DeviceId("k1"), bad).hex().encode()
    assert hub.write([Message("hy/v1/k1/up/status", bad + b"\n" + signature, NOW_MS)]) == []
    assert [reason for reason, _, _ in letters(engine)] == ["bad_status"]
    assert count(engine, device_status) == 0
    assert only_ack(hub.write([mine.status()])).next == 1


def test_200_bad_messages_among_200_good_ones_keep_none_of_them_waiting(hub: Writer, engine: Engine) -> None:
    changes = [change for name, change in BAD_HEADERS.items() if name != "a store of another alphabet"]
    stores = [Store(f"t-{number % 50}", f"{number:016}").add(rating(), rating()) for number in range(200)]
    messages = []
    for number, mine in enumerate(stores):
        bad = Store(mine.device, f"{1_000 + number:016}").add(rating())
        match number % 5:
            case 0:
                forged = mine.batch()
                forged = forged._replace(payload=forged.payload.replace(b'"level":5', b'"level":1'))
            case 1:
                forged = signed(bad, changes[number // 5 % len(changes)](header_line(bad)), bad.lines)
            case 2:
                forged = Message(mine.batch().topic, b"\xff\x00" * number, NOW_MS)
            case 3:
                forged = bad.batch()._replace(payload=bad.batch().payload + b"x" * 200_000)
            case _:
                forged = Store(mine.device, bad.name).add(*(rating() for _ in range(5))).batch(4, 5)
        messages += [forged, mine.batch()] if number % 2 else [mine.batch(), forged]
    found = answers(hub.write(messages))
    acked = {answer.store: answer.next for answer in found if isinstance(answer, Ack)}
    assert acked == {mine.name: 3 for mine in stores}
    assert {answer.reason for answer in found if isinstance(answer, Refusal)} == {
        "bad_signature",
        "bad_frame",
        "too_large",
        "gap",
    }
    report = check(engine)
    assert (report.events, report.ratings, report.holds) == (400, 400, True)
