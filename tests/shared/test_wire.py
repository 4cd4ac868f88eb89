"""The wire: ids, events, frames, topics and the chain that every unit agrees on."""

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiyin_shared import chain, topics
from huiyin_shared.desired import decode_desired
from huiyin_shared.errors import EventTooLarge, FrameError, InvalidId
from huiyin_shared.events import (
    MAX_LINE_BYTES,
    MAX_TEXT_CHARS,
    Contact,
    Feedback,
    Rating,
    RatingDetail,
    Reading,
    decode_event,
    encode_event,
)
from huiyin_shared.frames import (
    MAX_BATCH_EVENTS,
    MAX_PAYLOAD_BYTES,
    Ack,
    Anchor,
    Header,
    Refusal,
    decode_answer,
    decode_batch,
    decode_hub_state,
    decode_status,
    encode_answer,
    encode_batch,
)
from huiyin_shared.ids import CROCKFORD, device_id, parse_receipt_number, receipt_number, store_id, store_id_from

AT = Reading(boot="b", mono_ms=5, wall_ms=1_700_000_000_000)
STORE = store_id_from(bytes(range(10)))
HEAD = "ab" * 32
SIGNATURE = bytes(range(64))
ANCHOR = Anchor(boot="b", mono_ms=4, hub_ms=1_700_000_000_000, error_ms=3)


def sign(_line: bytes) -> bytes:
    return SIGNATURE


def header(**changes: object) -> Header:
    return msgspec.structs.replace(Header(v=1, store=STORE, first=1, n=1, prev=HEAD, sent=AT), **changes)


def test_a_batch_comes_back_byte_for_byte() -> None:
    lines = [encode_event(Rating(at=AT, visit="v", counter="c1", level=level)) for level in (1, 5)]
    batch = decode_batch(encode_batch(header(n=2, anchor=ANCHOR), lines, sign))
    assert batch.lines == lines
    assert batch.header.prev == HEAD
    assert batch.header.anchor == ANCHOR
    assert batch.signature == SIGNATURE.hex().encode()


@given(st.text(max_size=MAX_TEXT_CHARS), st.text(max_size=60))
def test_any_text_survives_the_wire_in_one_line(text: str, name: str) -> None:
    event = Feedback(at=AT, visit="v", kind="complaint", counter="c1", text=text, contact=Contact(name=name, phone="1"))
    try:
        line = encode_event(event)
    except (EventTooLarge, FrameError, UnicodeEncodeError):
        # Lone surrogates have no UTF-8; control characters may grow sixfold. Both are refused before anything is kept.
        return
    assert b"\n" not in line
    assert decode_event(line) == event


def test_the_longest_chinese_text_fits_a_line() -> None:
    event = Feedback(at=AT, visit="v", kind="complaint", counter="c1", text="诉" * MAX_TEXT_CHARS)
    assert len(encode_event(event)) < MAX_LINE_BYTES


@pytest.mark.parametrize(
    "event",
    [
        Rating(at=AT, visit="v", counter="c1", level=6),
        Rating(at=AT, visit="v", counter="c 1", level=5),
        RatingDetail(at=AT, visit="v", counter="c1", level=5, reasons=["r"] * 13),
        Feedback(at=AT, visit="v", kind="complaint", counter="c1", text="x" * (MAX_TEXT_CHARS + 1)),
    ],
)
def test_an_event_out_of_bounds_is_refused_before_it_is_kept(event: Rating | RatingDetail | Feedback) -> None:
    with pytest.raises(FrameError, match="bad_event"):
        encode_event(event)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b'{"t":"party"}',
        b'{"t":"rating"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"t":"rating","at":NaN}',
    ],
)
def test_a_line_that_is_no_event_is_named_and_never_quoted(line: bytes) -> None:
    with pytest.raises(FrameError) as caught:
        decode_event(line)
    assert caught.value.reason == "bad_event"
    if line:
        assert line.decode("utf-8", "replace") not in str(caught.value)


GOOD = encode_batch(header(), [b'{"x":1}'], sign)
SIGNATURE_LINE = SIGNATURE.hex().encode()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "bad_header"),
        (b"\xff" * 40, "bad_header"),
        (b"null\n{}", "bad_header"),
        (msgspec.json.encode(header()), "line_count"),
        (b"\n".join((msgspec.json.encode(header()), SIGNATURE_LINE)), "line_count"),
        (GOOD + b"\n{}", "line_count"),
        (GOOD + b"\n", "line_count"),
        (encode_batch(header(n=2), [b"a", b""], sign), "line_count"),
        (encode_batch(header(v=2), [b"a"], sign), "unknown_version"),
        (encode_batch(header(n=MAX_BATCH_EVENTS + 1), [b"a"] * (MAX_BATCH_EVENTS + 1), sign), "bad_header"),
        (encode_batch(header(first=0), [b"a"], sign), "bad_header"),
        (encode_batch(header(prev="xy"), [b"a"], sign), "bad_header"),
        (encode_batch(header(store="../../etc"), [b"a"], sign), "bad_header"),
        (b"x" * (MAX_PAYLOAD_BYTES + 1), "too_large"),
        (b"{}" * 5_000_000, "too_large"),
    ],
)
def test_a_damaged_batch_is_refused_by_name(payload: bytes, reason: str) -> None:
    with pytest.raises(FrameError) as caught:
        decode_batch(payload)
    assert caught.value.reason == reason


@given(st.binary(max_size=200))
def test_no_bytes_crash_a_decoder(payload: bytes) -> None:
    for decode in (decode_batch, decode_answer, decode_status, decode_hub_state, decode_event, decode_desired):
        with pytest.raises(FrameError):
            decode(payload)


@given(st.integers(0, len(GOOD) * 8 - 1))
def test_a_flipped_bit_never_crashes_the_decoder(bit: int) -> None:
    payload = bytearray(GOOD)
    payload[bit // 8] ^= 1 << bit % 8
    with contextlib.suppress(FrameError):
        decode_batch(bytes(payload))


@pytest.mark.parametrize("answer", [Ack(STORE, 2, HEAD, 9, "b", 5), Refusal(STORE, "gap", 2, HEAD, 9)])
def test_answers_come_back(answer: Ack | Refusal) -> None:
    assert msgspec.structs.replace(decode_answer(encode_answer(answer)), sum="") == answer


@pytest.mark.parametrize("name", ["", "A", "a.b", "a b", "a*", ">", "a/b", "-a", "a" * 64, "会", "a\n"])
def test_a_device_id_that_would_break_a_topic_is_refused(name: str) -> None:
    with pytest.raises(InvalidId):
        device_id(name)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "hy/v1",
        "hy/v2/d/up/events",
        "hy/v1/d/up",
        "hy/v1/d/up/party",
        "hy/v1/d/down/ack",
        "hy/v1/+/up/events",
        "hy/v1/d/up/events/x",
    ],
)
def test_an_unknown_topic_is_named(topic: str) -> None:
    with pytest.raises(FrameError, match="bad_topic"):
        topics.parse_up(topic)


def test_up_topics_are_understood() -> None:
    assert topics.parse_up(topics.up(device_id("d1"), "status")) == ("d1", "status")


@given(st.binary(min_size=10, max_size=10), st.integers(1, 10**12))
def test_a_receipt_number_comes_back_as_typed(seed: bytes, seq: int) -> None:
    store = store_id_from(seed)
    assert store_id(store) == store
    assert parse_receipt_number(f" {receipt_number(store, seq).lower()} ") == (store[:6], seq)


@given(st.binary(min_size=10, max_size=10), st.integers(1, 10**6), st.data())
def test_one_mistyped_character_in_a_receipt_number_is_always_noticed(
    seed: bytes, seq: int, data: st.DataObject
) -> None:
    number = receipt_number(store_id_from(seed), seq).lower()
    place = data.draw(st.sampled_from([i for i, letter in enumerate(number) if letter != "-"]))
    other = data.draw(st.sampled_from([letter for letter in CROCKFORD if letter != number[place]]))
    with pytest.raises(InvalidId):
        parse_receipt_number(number[:place] + other + number[place + 1 :])


def test_the_chain_binds_device_store_and_order() -> None:
    start = chain.genesis("d1", "s1")
    assert start != chain.genesis("d1", "s2")
    assert start != chain.genesis("d2", "s1")
    assert chain.advance_all(start, [b"a", b"b"]) != chain.advance_all(start, [b"b", b"a"])
    assert chain.advance_all(start, [b"a", b"b"]) == chain.advance(chain.advance(start, b"a"), b"b")


def test_the_chain_is_what_the_document_says() -> None:
    from hashlib import sha256

    head = chain.genesis("d1", "s1")
    assert chain.advance(head, b"line") == sha256(head + sha256(b"line").digest()).digest()


def test_a_configuration_whose_counter_is_not_listed_is_refused() -> None:
    text = {"zh": "名", "en": "name"}
    payload = {
        "version": 1,
        "organisation": text,
        "hall": text,
        "counter": "c9",
        "counters": [{"code": "c1", "name": text}],
    }
    with pytest.raises(FrameError, match="c9"):
        decode_desired(json.dumps(payload).encode())
