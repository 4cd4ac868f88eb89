"""The fast way of reading a rating says nothing that the exact way does not say."""

import json

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from huiyin_hub.ingest.packets import is_publish, puback, publish_qos0, read_publish
from huiyin_hub.ingest.reading import PlainRating, read_plain_rating
from huiyin_shared.events import Rating, Reading, decode_event, encode_event

codes = st.from_regex(r"[A-Za-z0-9_.:-]{1,64}", fullmatch=True) | st.text(max_size=70)
values = st.none() | st.booleans() | st.integers(-3, 9) | codes
readings = st.fixed_dictionaries(
    {"boot": codes, "mono_ms": st.integers(-5, 1 << 54), "wall_ms": st.integers()},
    optional={"clock": st.sampled_from(["synced", "unsynced", "?"]), "more": values},
)
ratings = st.fixed_dictionaries(
    {"t": st.just("rating"), "at": readings | values, "visit": codes | values, "counter": codes, "level": values},
    optional={"staff": codes, "source": st.sampled_from(["touch", "button", "?"]), "lang": codes, "more": values},
)


@given(ratings | st.fixed_dictionaries({"t": st.just("rating")}))
@example({"t": "rating", "at": {"boot": "b", "mono_ms": 1, "wall_ms": 1}, "visit": "v\n", "counter": "c", "level": 1})
@example({"t": "rating", "at": {"boot": "b", "mono_ms": 1, "wall_ms": 1}, "visit": "v", "counter": "", "level": 1})
def test_what_is_read_fast_is_what_would_have_been_read_slowly(values: dict[str, object]) -> None:
    line = json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    fast = read_plain_rating(line)
    if fast is None:
        return
    exact = decode_event(line)
    assert msgspec.structs.asdict(fast) == msgspec.structs.asdict(exact)
    assert isinstance(exact, Rating)


@given(st.binary(max_size=200))
def test_the_fast_way_never_raises_and_never_accepts_nonsense(tail: bytes) -> None:
    line = b'{"t":"rating",' + tail
    if read_plain_rating(line) is not None:
        decode_event(line)


def test_ratings_as_devices_write_them_are_read_fast() -> None:
    at = Reading(boot="b", mono_ms=1, wall_ms=1)
    for rating in (
        Rating(at=at, visit="v", counter="h1-c1", level=5),
        Rating(at=at, visit="v", counter="h1-c1", level=1, staff="s-1", source="button", lang="en"),
    ):
        assert read_plain_rating(encode_event(rating)) is not None


def test_the_fast_type_has_exactly_the_fields_of_the_exact_one() -> None:
    fast = {field.name: field.default for field in msgspec.structs.fields(PlainRating)}
    exact = {field.name: field.default for field in msgspec.structs.fields(Rating)}
    assert fast == exact


@given(st.text(min_size=1, max_size=300), st.binary(max_size=20_000), st.booleans())
def test_a_packet_written_is_read_back(topic: str, payload: bytes, v5: bool) -> None:
    try:
        topic.encode()
    except UnicodeEncodeError:
        return
    packet = publish_qos0(topic, payload, v5=v5)
    assert is_publish(packet[0])
    found = read_publish(b"\x00" + packet + b"\x30", 1, v5=v5)
    assert found is not None
    assert (found.topic.decode(), found.payload, found.packet_id, found.end) == (topic, payload, None, len(packet) + 1)


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_are_read_as_a_packet_or_left_to_paho(buffer: bytes, v5: bool) -> None:
    found = read_publish(b"\x32" + buffer, 0, v5=v5)
    assert found is None or found.end <= len(buffer) + 1


def test_a_packet_that_is_not_all_here_is_left_alone() -> None:
    packet = publish_qos0("hy/v1/k/down/ack", b"x" * 300, v5=False)
    assert all(read_publish(packet[:length], 0, v5=False) is None for length in range(1, len(packet)))


def test_a_puback_names_the_packet() -> None:
    assert puback(b"\x12\x34") == b"\x40\x02\x12\x34"


@given(st.binary(max_size=300), st.integers(0, 65_535))
def test_the_properties_of_mqtt_5_are_skipped(properties: bytes, packet_id: int) -> None:
    length = (
        bytes([len(properties)])
        if len(properties) < 128
        else bytes([len(properties) % 128 | 128, len(properties) // 128])
    )
    body = b"\x00\x01t" + packet_id.to_bytes(2) + length + properties + b"payload"
    rest = bytes([len(body)]) if len(body) < 128 else bytes([len(body) % 128 | 128, len(body) // 128])
    found = read_publish(b"\x33" + rest + body, 0, v5=True)
    assert found is not None
    assert (found.topic, found.payload, found.packet_id, found.retained) == (
        b"t",
        b"payload",
        packet_id.to_bytes(2),
        True,
    )


RATING = encode_event(Rating(at=Reading(boot="b", mono_ms=5, wall_ms=1), visit="v", counter="c", level=5, staff="s"))
SAID_TWICE = [
    RATING.replace(b'"level":5', b'"level":1,"level":5'),
    RATING.replace(b'"level":5', b'"level" :1,"level":5'),
    RATING.replace(b'"mono_ms":5', b'"mono_ms":4,"mono_ms":5'),
    RATING.replace(b'"staff":"s"', b'"staff":"s","staff":""'),
    RATING.replace(b'"staff":"s"', b'"staff":"","staff":"s"'),
    RATING.replace(b'"t":"rating",', b'"t":"rating","t":"rating",'),
]


@given(st.sampled_from(SAID_TWICE), st.sampled_from([b"", b',"clock":1', b',"clock":"x"', b',"clock":{}', b',"x":1']))
def test_a_key_said_twice_is_never_read_fast_whatever_else_is_left_out_or_added(line: bytes, more: bytes) -> None:
    for without in (line, line.replace(b',"clock":"unsynced"', b"")):
        assert read_plain_rating(without[:-1] + more + b"}") is None
