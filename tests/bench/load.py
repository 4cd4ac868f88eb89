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

from huiyin_kiosk.sync.signing import DeviceKey
from huiyin_shared import chain, topics
from huiyin_shared.events import Rating, Reading, encode_event
from huiyin_shared.frames import Answer, Header, Refusal, Status, decode_answer, encode_batch, encode_status
from huiyin_shared.ids import CROCKFORD, DeviceId, StoreId

WINDOW_BATCHES = 8
ANSWER_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_MAX_S = 60.0
"""As the device engine has them."""

PUBLISH_QOS1 = 0x32
BIRTH_ID = b"\xff\xff"
"""Batches count from 1."""


@dataclass
class PretendDevice:
    """A device's connection: packets to send, and how far the hub has acknowledged them."""

    device: DeviceId
    password: str
    store: StoreId
    key: DeviceKey
    per_batch: int
    packets: list[bytes]
    sock: socket.socket | None = None
    sent: int = 0
    acked: int = 0
    greeted: bool = True
    acked_by_broker: bool = False
    due_s: float = 0.0
    patience_s: float = ANSWER_TIMEOUT_S
    unread: bytearray = field(default_factory=bytearray)
    _went_back_to: int = -1

    @property
    def done(self) -> bool:
        """Whether the hub has everything."""
        return self.acked == len(self.packets)

    def connect(self, host: str, port: int) -> None:
        """Log in and subscribe to the acks."""
        self.sock = socket.create_connection((host, port))
        self.unread.clear()
        self.log_in()
        assert self.sock.recv(4) == b"\x20\x02\x00\x00", "not let in"
        self.sock.sendall(subscribe_packet(topics.down(self.device, "ack")))
        assert self.sock.recv(5)[:2] == b"\x90\x03"
        self.sock.sendall(_birth(self))

    def dial(self, host: str, port: int) -> None:
        """Begin to connect. Once that is through, `log_in`; the rest follows from what is read: subscription, birth,
        the hub's ack, batches.
        """
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.connect_ex((host, port))
        self.greeted = False

    def log_in(self) -> None:
        """Send the first packet."""
        self.sock.setblocking(True)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(connect_packet(self.device, self.device, self.password))

    def hang_up(self) -> None:
        """Close the connection, if there is one."""
        if self.sock:
            self.sock.close()

    def send_more(self) -> None:
        """Fill the window."""
        last = min(len(self.packets), self.acked + WINDOW_BATCHES)
        if self.greeted and self.sent < last:
            self.sock.sendall(b"".join(self.packets[self.sent : last]))
            self.sent = last

    def read(self) -> None:
        """Take in what has come."""
        self.unread += self.sock.recv(65_536)
        for kind, body in packets_in(self.unread):
            match kind & 0xF0:
                case 0x20:
                    assert body == b"\x00\x00", "not let in"
                    self.sock.sendall(subscribe_packet(topics.down(self.device, "ack")))
                case 0x90:
                    self.sock.sendall(_birth(self))
                case 0x40 if self.acked_by_broker and body != BIRTH_ID:
                    self.acked += 1
                case 0x30 if not self.acked_by_broker:
                    (length,) = struct.unpack_from("!H", body)
                    self._on_answer(decode_answer(body[2 + length :]))

    def go_back(self) -> None:
        """Send again from the last ack on."""
        self.sent = self.acked
        self.send_more()

    def remind(self, now_s: float) -> None:
        """Send again if nothing came for too long; each time that takes longer."""
        if self.greeted and not self.acked_by_broker and now_s > self.due_s:
            self.patience_s = min(ANSWER_TIMEOUT_MAX_S, self.patience_s * 2)
            self.due_s = now_s + self.patience_s
            self.go_back()

    def _on_answer(self, answer: Answer) -> None:
        reached = (answer.next - 1) // self.per_batch
        if reached > self.acked or not self.greeted:
            self.greeted = True
            self.acked, self._went_back_to = reached, -1
            self.patience_s = ANSWER_TIMEOUT_S
            self.due_s = time.perf_counter() + self.patience_s
        if isinstance(answer, Refusal):
            # The broker dropped a batch: every one behind it is refused, the first refusal turns us back.
            assert answer.reason == "gap", answer
            if self._went_back_to != reached:
                self._went_back_to = reached
                self.go_back()


def pretend_device(device: str, password: str, *, batches: int, per_batch: int, seed: int) -> PretendDevice:
    """Return a device with `batches` batches of ratings, encoded and ready."""
    dice = random.Random(seed)
    key = DeviceKey(dice.randbytes(32))
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
        end = head = chain.advance_all(head, lines)
        sign = lambda line, end=end: key.sign_batch(DeviceId(device), line, end)  # noqa: E731
        body = _text(topics.up(DeviceId(device), "events")) + struct.pack("!H", number % 65_535 + 1)
        packets.append(_packet(PUBLISH_QOS1, body + encode_batch(header, lines, sign)))
    return PretendDevice(DeviceId(device), password, store, key, per_batch, packets)


def drive(devices: list[PretendDevice], *, dial: tuple[str, int] | None = None, timeout_s: float = 300.0) -> float:
    """Send everything, a window at a time, and return the seconds until the hub has acknowledged it all.

    With `dial`, a host and a port, all devices begin to connect there first, and that counts too.
    """
    with selectors.DefaultSelector() as selector:
        began_s = time.perf_counter()
        for device in devices:
            device.due_s = began_s + ANSWER_TIMEOUT_S
            if dial:
                device.dial(*dial)
            selector.register(device.sock, selectors.EVENT_WRITE if dial else selectors.EVENT_READ, device)
        waiting = {device.device: device for device in devices}
        for device in devices:
            device.send_more()
        look_s = began_s + ANSWER_TIMEOUT_S
        while waiting:
            for key, events in selector.select(1.0):
                device = key.data
                if events & selectors.EVENT_WRITE:
                    selector.modify(device.sock, selectors.EVENT_READ, device)
                    device.log_in()
                    continue
                device.read()
                device.send_more()
                if device.done:
                    selector.unregister(device.sock)
                    del waiting[device.device]
            now_s = time.perf_counter()
            assert now_s - began_s < timeout_s, f"{len(waiting)} devices wait in vain"
            if now_s > look_s:
                look_s = now_s + 1
                for device in waiting.values():
                    device.remind(now_s)
        return time.perf_counter() - began_s


def _birth(device: PretendDevice) -> bytes:
    status = Status(
        t="birth",
        conn="1",
        store=device.store,
        next=len(device.packets) * device.per_batch + 1,
        sent=_reading(1),
        key=device.key.public,
    )
    payload = encode_status(status, lambda line: device.key.sign_status(device.device, line))
    return _packet(PUBLISH_QOS1, _text(topics.up(device.device, "status")) + BIRTH_ID + payload)


def _reading(mono_ms: int) -> Reading:
    return Reading(boot="5f0c2f9e7c3b4d0e8a1b2c3d4e5f6071", mono_ms=mono_ms, wall_ms=1_760_000_000_000 + mono_ms)


def connect_packet(client: str, user: str, password: str) -> bytes:
    """Return CONNECT as MQTT 3.1.1 has it: clean session, no will, no keep-alive."""
    variable = _text("MQTT") + bytes([4, 0xC2]) + struct.pack("!H", 0)
    return _packet(0x10, variable + _text(client) + _text(user) + _text(password))


def subscribe_packet(topic_filter: str, *, qos: int = 0) -> bytes:
    """Return SUBSCRIBE."""
    return _packet(0x82, b"\x00\x01" + _text(topic_filter) + bytes([qos]))


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


def packets_in(unread: bytearray) -> Iterator[tuple[int, bytes]]:
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
