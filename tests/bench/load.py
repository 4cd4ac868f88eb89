"""A fleet of pretend devices that costs as little as possible: batches encoded beforehand, bare sockets, one thread.

The load must not be what is measured, so the MQTT packets are written by hand here; the product never does that.
"""

import random
import selectors
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from huiyin_shared import chain, topics
from huiyin_shared.events import Rating, Reading, encode_event
from huiyin_shared.frames import Ack, Header, decode_answer, encode_batch
from huiyin_shared.ids import CROCKFORD, DeviceId, StoreId

WINDOW_BATCHES = 4
"""As the device engine has it."""

PUBLISH_QOS1 = 0x32


@dataclass
class PretendDevice:
    """A device's connection: packets to send, and how far the hub has acknowledged them."""

    device: DeviceId
    password: str
    store: StoreId
    per_batch: int
    packets: list[bytes]
    sock: socket.socket = field(init=False)
    sent: int = 0
    acked: int = 0
    unread: bytearray = field(default_factory=bytearray)

    @property
    def done(self) -> bool:
        """Whether the hub has everything."""
        return self.acked == len(self.packets)

    def connect(self, host: str, port: int) -> None:
        """Log in and subscribe to the acks."""
        self.sock = socket.create_connection((host, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        variable = _text("MQTT") + bytes([4, 0xC2]) + struct.pack("!H", 0)
        self.sock.sendall(_packet(0x10, variable + _text(self.device) + _text(self.device) + _text(self.password)))
        assert self.sock.recv(4) == b"\x20\x02\x00\x00", "not let in"
        self.sock.sendall(_packet(0x82, b"\x00\x01" + _text(topics.down(self.device, "ack")) + b"\x00"))
        assert self.sock.recv(5)[:2] == b"\x90\x03"

    def send_more(self) -> None:
        """Fill the window."""
        last = min(len(self.packets), self.acked + WINDOW_BATCHES)
        if self.sent < last:
            self.sock.sendall(b"".join(self.packets[self.sent : last]))
            self.sent = last

    def read(self) -> None:
        """Take in what has come; only the hub's acks count."""
        self.unread += self.sock.recv(65_536)
        for kind, body in _packets(self.unread):
            if kind & 0xF0 == 0x30:
                (length,) = struct.unpack_from("!H", body)
                answer = decode_answer(body[2 + length :])
                assert isinstance(answer, Ack), answer
                self.acked = max(self.acked, (answer.next - 1) // self.per_batch)


def pretend_device(device: str, password: str, *, batches: int, per_batch: int, seed: int) -> PretendDevice:
    """Return a device with `batches` batches of ratings, encoded and ready."""
    dice = random.Random(seed)
    store = StoreId("".join(dice.choices(CROCKFORD, k=16)))
    head = chain.genesis(device, store)
    packets = []
    for number in range(batches):
        first = number * per_batch + 1
        lines = [
            encode_event(
                Rating(
                    at=_reading((first + offset) * 1_000),
                    visit="".join(dice.choices(CROCKFORD, k=12)),
                    counter=f"h{seed % 2 + 1}-c{seed % 6 + 1}",
                    level=dice.choices((5, 4, 3, 2, 1), (50, 27, 13, 6, 4))[0],
                    staff=f"s-{seed % 12 + 1:02}",
                )
            )
            for offset in range(per_batch)
        ]
        header = Header(
            v=1, store=store, first=first, n=per_batch, prev=head.hex(), sent=_reading((first + per_batch) * 1_000)
        )
        head = chain.advance_all(head, lines)
        body = _text(topics.up(DeviceId(device), "events")) + struct.pack("!H", number % 65_535 + 1)
        packets.append(_packet(PUBLISH_QOS1, body + encode_batch(header, lines)))
    return PretendDevice(DeviceId(device), password, store, per_batch, packets)


def drive(devices: list[PretendDevice], *, timeout_s: float = 120.0) -> float:
    """Send everything, a window at a time, and return the seconds until the hub has acknowledged it all."""
    with selectors.DefaultSelector() as selector:
        for device in devices:
            selector.register(device.sock, selectors.EVENT_READ, device)
        began_s = time.perf_counter()
        left = len(devices)
        for device in devices:
            device.send_more()
        while left:
            ready = selector.select(5.0)
            assert ready or time.perf_counter() - began_s < timeout_s, f"{left} devices wait in vain"
            for key, _ in ready:
                device = key.data
                device.read()
                device.send_more()
                if device.done:
                    selector.unregister(device.sock)
                    left -= 1
        return time.perf_counter() - began_s


def _reading(mono_ms: int) -> Reading:
    return Reading(boot="5f0c2f9e7c3b4d0e8a1b2c3d4e5f6071", mono_ms=mono_ms, wall_ms=1_760_000_000_000 + mono_ms)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("!H", len(encoded)) + encoded


def _packet(kind: int, body: bytes) -> bytes:
    length, rest = bytearray(), len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes([kind]) + bytes(length) + body


def _packets(unread: bytearray) -> Iterator[tuple[int, bytes]]:
    """Yield and remove the complete packets at the front."""
    at = 0
    while at + 2 <= len(unread):
        length, shift, place = 0, 0, at + 1
        while place < len(unread):
            length |= (unread[place] & 0x7F) << shift
            place += 1
            if not unread[place - 1] & 0x80:
                break
            shift += 7
        else:
            break
        if place + length > len(unread):
            break
        yield unread[at], bytes(unread[place : place + length])
        at = place + length
    del unread[:at]
