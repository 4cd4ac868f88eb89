"""What a signature is made over, and what no reader of the protocol lets pass: each refused by name."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiyin_shared.errors import FrameError
from huiyin_shared.events import Rating, Reading, decode_event, encode_event
from huiyin_shared.frames import (
    MAX_ANCHORS,
    MAX_PAYLOAD_BYTES,
    MAX_STATUS_BYTES,
    Anchor,
    Header,
    Status,
    batch_statement,
    decode_batch,
    decode_status,
    encode_batch,
    encode_status,
    status_statement,
)
from huiyin_shared.ids import store_id_from
from huiyin_shared.strict_json import forbid_repeated_keys

AT = Reading(boot="b", mono_ms=5, wall_ms=1_700_000_000_000)
STORE = store_id_from(bytes(range(10)))
HEAD = "ab" * 32
ANCHOR = Anchor(boot="b", mono_ms=4, hub_ms=1_700_000_000_000, error_ms=3)
RATING = encode_event(Rating(at=AT, visit="v", counter="c1", level=5))
SIGNATURE = bytes(range(64))


def sign(_line: bytes) -> bytes:
    return SIGNATURE


HEADER = Header(v=1, store=STORE, first=1, n=1, prev=HEAD, sent=AT, anchor=ANCHOR)
HEADER_LINE = encode_batch(HEADER, [RATING], sign).split(b"\n")[0]
STATUS = Status(
    t="birth", conn="c", store=STORE, next=7, head=HEAD, sent=AT, key="cd" * 32, anchors=[ANCHOR], free_kb=1
)
STATUS_LINE = encode_status(STATUS, sign).split(b"\n")[0]


def read_header(line: bytes) -> object:
    return decode_batch(b"\n".join((line, RATING, SIGNATURE.hex().encode())))


def read_status(line: bytes) -> object:
    return decode_status(line + b"\n" + SIGNATURE.hex().encode())


READERS: dict[str, tuple[Callable[[bytes], object], bytes, str]] = {
    "header": (read_header, HEADER_LINE, "bad_header"),
    "status": (read_status, STATUS_LINE, "bad_status"),
    "event": (decode_event, RATING, "bad_event"),
}


def refused(read: Callable[[bytes], object], line: bytes) -> str:
    with pytest.raises(FrameError) as caught:
        read(line)
    return caught.value.reason


def test_a_batchs_signature_is_over_device_header_and_head_as_the_document_says() -> None:
    assert batch_statement("k1", b"{header}", b"\x00" * 32) == b"HFP/1 batch\nk1\n{header}\n" + b"\x00" * 32


def test_a_statuss_signature_is_over_device_and_line_as_the_document_says() -> None:
    assert status_statement("k1", b"{line}") == b"HFP/1 status\nk1\n{line}"


def test_no_statement_of_a_batch_is_one_of_a_status_or_of_another_device() -> None:
    said = {batch_statement("k1", b"{}", b"h" * 32), batch_statement("k2", b"{}", b"h" * 32)}
    said |= {status_statement("k1", b"{}\n" + b"h" * 32), status_statement("k2", b"{}")}
    assert len(said) == 4


def test_the_signer_is_given_exactly_the_line_that_is_sent() -> None:
    heard: list[bytes] = []

    def listen(line: bytes) -> bytes:
        heard.append(line)
        return SIGNATURE

    batch = decode_batch(encode_batch(HEADER, [RATING], listen))
    _, line, signature = decode_status(encode_status(STATUS, listen))
    assert heard == [batch.header_line, line]
    assert batch.signature == signature == SIGNATURE.hex().encode()


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"ab" * 63,
        b"ab" * 65,
        b"AB" * 64,
        b"ab" * 63 + b"aB",
        b"ab" * 64 + b"\r",
    ],
    ids=["none", "short", "long", "capitals", "one capital", "with CR"],
)
def test_what_is_no_signature_is_refused_before_anybody_checks_it(signature: bytes) -> None:
    batch = b"\n".join((HEADER_LINE, RATING, signature))
    assert refused(decode_batch, batch) == ("bad_signature" if signature else "line_count")
    assert refused(decode_status, STATUS_LINE + b"\n" + signature) == "bad_signature"


def test_a_status_without_a_signature_line_is_refused() -> None:
    assert refused(decode_status, STATUS_LINE) == "bad_signature"


def test_a_status_with_more_behind_its_signature_is_refused() -> None:
    assert refused(decode_status, encode_status(STATUS, sign) + b"\n{}") == "bad_signature"


def keys_of(value: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += [(*path, key), *keys_of(inner, (*path, key))]
    elif isinstance(value, list):
        for inner in value:
            found += keys_of(inner, path)
    return found


def twice(value: object, path: tuple[str, ...], *, blank: str, without_clock: bool) -> str:
    """Return JSON in which the key at `path` is said twice."""
    if isinstance(value, list):
        return "[" + ",".join(twice(inner, path, blank=blank, without_clock=without_clock) for inner in value) + "]"
    if not isinstance(value, dict):
        return json.dumps(value)
    parts = []
    for key, inner in value.items():
        if without_clock and key == "clock":
            continue
        below = path[1:] if path[:1] == (key,) else ()
        text = twice(inner, below, blank=blank, without_clock=without_clock)
        if path == (key,):
            parts.append(f'"{key}"{blank}:{text}')
        parts.append(f'"{key}":{text}')
    return "{" + ",".join(parts) + "}"


SAID_TWICE = [
    (name, path) for name, (_, line, _) in READERS.items() for path in keys_of(json.loads(line)) if path[-1] != "clock"
]


@pytest.mark.parametrize(("name", "path"), SAID_TWICE, ids=[f"{name} {'.'.join(path)}" for name, path in SAID_TWICE])
@pytest.mark.parametrize("without_clock", [False, True], ids=["", "and no clock"])
@pytest.mark.parametrize("blank", ["", " ", "\t", "\r"], ids=["", "blank", "tab", "CR"])
def test_a_key_said_twice_is_refused_however_it_is_written(
    name: str, path: tuple[str, ...], blank: str, without_clock: bool
) -> None:
    read, line, reason = READERS[name]
    again = twice(json.loads(line), path, blank=blank, without_clock=without_clock).encode()
    assert again.count(b'"' + path[-1].encode() + b'"') > line.count(b'"' + path[-1].encode() + b'"')
    assert refused(read, again) == reason


@pytest.mark.parametrize("name", READERS)
def test_a_key_said_twice_under_another_spelling_is_refused(name: str) -> None:
    read, line, reason = READERS[name]
    first = next(iter(json.loads(line)))
    value = json.dumps(json.loads(line)[first])
    spelled = f'{{"\\u{ord(first[0]):04x}{first[1:]}":{value},'.encode() + line[1:]
    assert refused(read, spelled) == reason


@pytest.mark.parametrize("name", READERS)
def test_a_key_nobody_knows_is_let_pass_once_and_refused_twice_at_any_depth(name: str) -> None:
    read, line, reason = READERS[name]
    read(line[:-1] + b',"new":{"a":[{"b":1}]}}')
    assert refused(read, line[:-1] + b',"new":1,"new":1}') == reason
    assert refused(read, line[:-1] + b',"new":{"a":[{"b":1,"b":2}]}}') == reason


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "nonsense",
    [
        b"1" * 5_000,
        b"-" + b"9" * 5_000,
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"[" * 5_000 + b"]" * 5_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'"\xff\xfe"',
        b'"\xed\xa0\x80"',
        b'"\x00"',
    ],
    ids=["5,000 digits", "minus 5,000 digits", "NaN", "inf", "-inf", "arrays", "objects", "bytes", "surrogate", "NUL"],
)
def test_what_is_no_json_of_ours_is_refused_even_in_a_field_nobody_reads(name: str, nonsense: bytes) -> None:
    read, line, reason = READERS[name]
    padded = line[:-1] + b',"new":' + nonsense + b"}"
    assert refused(read, padded) in (reason, "too_large")


@pytest.mark.parametrize("field", [b'"mono_ms":', b'"wall_ms":'])
@pytest.mark.parametrize("name", READERS)
def test_a_number_of_5000_digits_is_refused_where_one_is_read(name: str, field: bytes) -> None:
    read, line, reason = READERS[name]
    assert refused(read, line.replace(field, field + b"1" * 5_000, 1)) == reason


@pytest.mark.parametrize("value", [b"NaN", b"1e400", b"5.5", b"-1", b'"5"', b"null", b"true"])
@pytest.mark.parametrize("name", READERS)
def test_a_clock_that_shows_no_whole_number_is_refused(name: str, value: bytes) -> None:
    read, line, reason = READERS[name]
    assert refused(read, line.replace(b'"mono_ms":5', b'"mono_ms":' + value, 1)) == reason


def test_ten_megabytes_are_refused_by_their_size_alone() -> None:
    payload = HEADER_LINE + b"\n" + b"x" * 10_000_000
    assert refused(decode_batch, payload) == "too_large"
    assert refused(decode_status, payload) == "too_large"


def test_the_largest_messages_the_protocol_allows_are_read() -> None:
    line = b"x" * (MAX_PAYLOAD_BYTES - len(HEADER_LINE) - 2 - 128)
    assert decode_batch(b"\n".join((HEADER_LINE, line, SIGNATURE.hex().encode()))).lines == [line]
    anchors = [
        Anchor(boot=f"{number:040}", mono_ms=1 << 53, hub_ms=1 << 53, error_ms=1 << 53) for number in range(MAX_ANCHORS)
    ]
    full = Status(**{name: getattr(STATUS, name) for name in STATUS.__struct_fields__} | {"anchors": anchors})
    assert len(encode_status(full, sign)) <= MAX_STATUS_BYTES
    assert decode_status(encode_status(full, sign))[0] == full
    too_many = Status(**{name: getattr(full, name) for name in full.__struct_fields__} | {"anchors": anchors * 2})
    assert refused(decode_status, encode_status(too_many, sign)) == "bad_status"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_json_without_repeats_is_taken_for_one_with_them(value: object) -> None:
    try:
        line = json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    forbid_repeated_keys(line, "bad_event")
