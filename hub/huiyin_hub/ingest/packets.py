"""The two MQTT packets that come and go by the ten thousand, read from and written into large buffers. Pure.

paho handles a connection's life and every other packet. For these two it costs about 60 µs a message, several times
what judging, storing and counting a rating takes.
"""

from typing import NamedTuple

PUBLISH = 0x30
_RETAIN = 0x01


class Publish(NamedTuple):
    """A PUBLISH packet. `packet_id` is None at QoS 0; `end` is where the next packet begins."""

    topic: bytes
    payload: bytes
    packet_id: bytes | None
    retained: bool
    end: int


def is_publish(first_byte: int) -> bool:
    """Tell whether a packet's first byte is that of a PUBLISH at QoS 0 or 1."""
    return first_byte & 0xF4 == PUBLISH


def read_publish(buffer: bytes, at: int, *, v5: bool) -> Publish | None:
    """Return the PUBLISH packet that begins at `at`, or None when it is not all here or not well-formed.

    Of MQTT 5's properties none concerns us: they are skipped. We announce no topic aliases, so the topic is there.
    """
    here = len(buffer)
    length, shift, place = 0, 0, at + 1
    while True:
        if place >= here or shift > 21:
            return None
        digit = buffer[place]
        place += 1
        length |= (digit & 0x7F) << shift
        if digit < 0x80:
            break
        shift += 7
    end = place + length
    if end > here or length < 2:
        return None
    topic_end = place + 2 + (buffer[place] << 8 | buffer[place + 1])
    first = buffer[at]
    payload_start = topic_end + 2 if first & 0x06 else topic_end
    packet_id = buffer[topic_end:payload_start] if first & 0x06 else None
    if v5:
        skip, shift = 0, 0
        while True:
            if payload_start >= end or shift > 21:
                return None
            digit = buffer[payload_start]
            payload_start += 1
            skip |= (digit & 0x7F) << shift
            if digit < 0x80:
                break
            shift += 7
        payload_start += skip
    if payload_start > end:
        return None
    return Publish(buffer[place + 2 : topic_end], buffer[payload_start:end], packet_id, bool(first & _RETAIN), end)


def puback(packet_id: bytes) -> bytes:
    """Return the PUBACK of a packet id; the same in both versions."""
    return b"\x40\x02" + packet_id


def publish_qos0(topic: str, payload: bytes, *, v5: bool) -> bytes:
    """Return a PUBLISH at QoS 0, not retained."""
    name = topic.encode()
    rest = 2 + len(name) + v5 + len(payload)
    packet = bytearray((PUBLISH,))
    while rest > 0x7F:
        packet.append(rest & 0x7F | 0x80)
        rest >>= 7
    packet.append(rest)
    packet += len(name).to_bytes(2)
    packet += name
    if v5:
        packet.append(0)
    packet += payload
    return bytes(packet)
