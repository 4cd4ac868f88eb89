"""A TCP proxy between a device and its broker that loses, delays, repeats and reorders what the broker sends.

From the device to the broker everything passes untouched. TCP itself does none of this to a packet; brokers under
load, bridges and gateways that speak MQTT on both sides do.
"""

import heapq
import itertools
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from threading import Condition, Lock, Thread

PUBLISH, PUBACK = 3, 4


@dataclass(frozen=True)
class Faults:
    """What happens to packets of one kind; shares of all of them. What is delayed is overtaken by what follows."""

    kind: int
    lost: float = 0.0
    delayed: float = 0.0
    repeated: float = 0.0
    delay_max_s: float = 0.0
    lost_max: int | None = None
    """No more than this are lost on one connection."""


@dataclass(eq=False)
class _Connection:
    device: socket.socket
    broker: socket.socket
    lost: int = 0
    lock: Lock = field(default_factory=Lock)

    def send(self, packet: bytes) -> None:
        # The device may have hung up while this packet was held back.
        with suppress(OSError), self.lock:
            self.device.sendall(packet)

    def shut(self) -> None:
        for sock in (self.device, self.broker):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class MqttProxy:
    """Listens on a free port and passes connections on to `port`; `done` counts what it did to packets."""

    def __init__(self, port: int, faults: list[Faults], seed: int) -> None:
        self._target = port
        self._faults = {fault.kind: fault for fault in faults}
        self._dice = Random(seed)
        self.done: Counter[str] = Counter()
        self._connections: list[_Connection] = []
        self._held: list[tuple[float, int, _Connection, bytes]] = []
        self._number = itertools.count()
        self._changed = Condition()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads: list[Thread] = []
        self._run(self._accept)
        self._run(self._release)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in self._connections:
            connection.shut()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()
        for connection in self._connections:
            connection.device.close()
            connection.broker.close()

    def _run(self, what: object, *values: object) -> None:
        thread = Thread(target=what, args=values, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closed:
            try:
                device, _ = self._listener.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                device.close()
                continue
            connection = _Connection(device, broker)
            self._connections.append(connection)
            self._run(self._pass_up, connection)
            self._run(self._pass_down, connection)

    def _pass_up(self, connection: _Connection) -> None:
        with suppress(OSError):
            while some := connection.device.recv(65_536):
                connection.broker.sendall(some)
        connection.shut()

    def _pass_down(self, connection: _Connection) -> None:
        with suppress(OSError):
            for packet in packets(connection.broker):
                self._treat(connection, packet)
        connection.shut()

    def _treat(self, connection: _Connection, packet: bytes) -> None:
        fault = self._faults.get(packet[0] >> 4)
        if fault is None:
            connection.send(packet)
            return
        with self._changed:
            if self._dice.random() < fault.lost and (fault.lost_max is None or connection.lost < fault.lost_max):
                connection.lost += 1
                self.done["lost"] += 1
                return
            delays = [0.0]
            if self._dice.random() < fault.delayed:
                delays = [self._dice.uniform(0.0, fault.delay_max_s)]
                self.done["delayed"] += 1
            if self._dice.random() < fault.repeated:
                delays.append(self._dice.uniform(0.0, fault.delay_max_s))
                self.done["repeated"] += 1
            for delay_s in delays:
                if delay_s:
                    due = (time.monotonic() + delay_s, next(self._number), connection, packet)
                    heapq.heappush(self._held, due)
            self._changed.notify()
        if 0.0 in delays:
            connection.send(packet)

    def _release(self) -> None:
        """Let go what was held back, when its time has come."""
        while True:
            with self._changed:
                while not self._closed and (not self._held or self._held[0][0] > time.monotonic()):
                    self._changed.wait(self._held[0][0] - time.monotonic() if self._held else None)
                if self._closed:
                    return
                _, _, connection, packet = heapq.heappop(self._held)
            connection.send(packet)


def packets(sock: socket.socket) -> Iterator[bytes]:
    """Yield whole MQTT packets as they come: a byte for the kind, up to four for the length, the rest."""
    unread = bytearray()
    while some := sock.recv(65_536):
        unread += some
        while (size := _size(unread)) is not None and size <= len(unread):
            yield bytes(unread[:size])
            del unread[:size]


def _size(unread: bytearray) -> int | None:
    """Return the size of the packet at the front, or None while its length is not here yet."""
    length = 0
    for place in range(1, min(len(unread), 5)):
        length |= (unread[place] & 0x7F) << 7 * (place - 1)
        if not unread[place] & 0x80:
            return place + 1 + length
    return None
