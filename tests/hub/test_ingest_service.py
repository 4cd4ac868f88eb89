"""The ingest loop on real brokers: what it tells devices, what it survives."""

import os
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from bench.load import PretendDevice, drive, pretend_device
from hub.wire import Registry
from huiyin_hub.broker.mosquitto import MosquittoBroker
from huiyin_hub.broker.nats import NatsBroker
from huiyin_hub.broker.passwords import bcrypt_hash, pbkdf2_hash
from huiyin_hub.broker.port import DeviceLogin
from huiyin_hub.check import check
from huiyin_hub.db.engine import open_engine, sqlite_url
from huiyin_hub.db.schema import migrate
from huiyin_hub.ingest.link import READ_BYTES
from huiyin_hub.ingest.service import IngestService
from huiyin_hub.ingest.tables import dead_letter_count
from huiyin_shared.frames import decode_hub_state

DEVICES = ("k1", "k2", "k3")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


class NoWishes:
    """Devices are told nothing but answers."""

    def all(self) -> list[tuple[str, bytes]]:
        return []

    def changed(self) -> list[tuple[str, bytes]]:
        return []


@dataclass
class Hall:
    """A broker and an ingest loop on a database, all real."""

    broker: NatsBroker | MosquittoBroker
    engine: Engine
    ingest: IngestService
    stack: ExitStack

    def device(self, name: str, *, batches: int, per_batch: int, seed: int = 1) -> PretendDevice:
        device = pretend_device(name, f"{name}-password", batches=batches, per_batch=per_batch, seed=seed)
        device.connect(self.broker.address.host, self.broker.address.port)
        self.stack.callback(device.sock.close)
        return device


@pytest.fixture(
    params=[
        "nats 3.1.1",
        pytest.param("mosquitto 3.1.1", marks=pytest.mark.needs_mosquitto),
        pytest.param("mosquitto 5", marks=pytest.mark.needs_mosquitto),
    ]
)
def hall(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hall]:
    kind, protocol = request.param.split()
    folder, port = tmp_path / "broker", free_port()
    broker: NatsBroker | MosquittoBroker
    if kind == "nats":
        broker = NatsBroker(folder, host="127.0.0.1", port=port)
    else:
        broker = MosquittoBroker(folder, host="127.0.0.1", port=port, protocol=protocol)
    engine = open_engine(sqlite_url(tmp_path / "hub.db"))
    migrate(engine)
    with ExitStack() as stack:
        broker.start(
            [
                DeviceLogin(name, bcrypt_hash(f"{name}-password"), pbkdf2_hash(f"{name}-password"))
                for name in (*DEVICES, "listener")
            ]
        )
        stack.callback(engine.dispose)
        stack.callback(broker.stop)
        ingest = IngestService(engine=engine, address=broker.address, registry=Registry(), wishes=NoWishes())
        ingest.start()
        stack.callback(ingest.stop)
        assert ingest.connected.wait(20)
        yield Hall(broker, engine, ingest, stack)


def test_messages_small_and_larger_than_any_buffer_arrive_in_order(hall: Hall) -> None:
    # Single taps, and batches so large that many of them cross the ends of what is read at once.
    taps = hall.device("k1", batches=300, per_batch=1)
    backlogs = [hall.device(name, batches=40, per_batch=300, seed=seed) for seed, name in enumerate(("k2", "k3"))]
    assert sum(len(packet) for packet in backlogs[0].packets) > 5 * READ_BYTES
    drive([taps, *backlogs])
    report = check(hall.engine)
    assert (report.events, report.dead, report.holds) == (300 + 2 * 40 * 300, 0, True)


def test_a_broker_that_is_killed_costs_nothing_but_time(hall: Hall) -> None:
    first = hall.device("k1", batches=20, per_batch=5)
    drive([first])
    pid = hall.broker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not hall.ingest.connected.is_set())
    wait_for(hall.ingest.connected.is_set)
    second = hall.device("k2", batches=20, per_batch=5)
    drive([second])
    report = check(hall.engine)
    assert (report.events, report.holds) == (200, True)


def test_the_hubs_state_is_retained_and_changes_when_it_leaves(hall: Hall) -> None:
    def state() -> str:
        listener = pretend_device("listener", "listener-password", batches=1, per_batch=1, seed=9)
        listener.connect(hall.broker.address.host, hall.broker.address.port)
        name = b"hy/v1/hub/state"
        listener.sock.sendall(struct.pack("!BBHH", 0x82, 5 + len(name), 2, len(name)) + name + b"\x00")
        listener.sock.settimeout(5)
        heard = b""
        while b"}" not in heard:
            heard += listener.sock.recv(4096)
        listener.sock.close()
        return decode_hub_state(heard[heard.index(b"{") : heard.index(b"}") + 1]).state

    assert state() == "online"
    hall.ingest.stop()
    assert state() == "offline"


def test_nonsense_from_one_device_does_not_keep_the_others_waiting(hall: Hall) -> None:
    noisy = hall.device("k1", batches=1, per_batch=1)
    topic = b"hy/v1/k1/up/events"
    for number in range(200):
        body = struct.pack("!H", len(topic)) + topic + struct.pack("!H", number + 1) + b"\xff\x00nonsense"
        noisy.sock.sendall(bytes([0x32, len(body)]) + body)
    quiet = hall.device("k2", batches=20, per_batch=1)
    drive([quiet])

    def counted() -> int:
        with hall.engine.connect() as connection:
            return connection.execute(select(func.coalesce(func.sum(dead_letter_count.c.n), 0))).scalar_one()

    wait_for(lambda: counted() == 200)
    assert check(hall.engine).holds
