"""What the hub and its devices need of a broker, tried on every broker that runs as our child process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from huiyin_hub.broker import child
from huiyin_hub.broker.mosquitto import MosquittoBroker
from huiyin_hub.broker.nats import NatsBroker
from huiyin_hub.broker.passwords import bcrypt_hash, new_password, pbkdf2_hash
from huiyin_hub.broker.port import Address, BrokerError, DeviceLogin, FolderInUse, PortInUse
from huiyin_shared import topics
from huiyin_shared.ids import device_id

MAKERS = {"nats": NatsBroker, "mosquitto": MosquittoBroker}
EmbeddedBroker = NatsBroker | MosquittoBroker
K1, K2 = device_id("k1"), device_id("k2")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


PASSWORDS = {name: new_password() for name in ("k1", "k2")}


def login(device: str) -> DeviceLogin:
    return DeviceLogin(device, bcrypt_hash(PASSWORDS[device]), pbkdf2_hash(PASSWORDS[device]))


LOGINS = {name: login(name) for name in PASSWORDS}


class Party:
    """Somebody with a connection to the broker, who remembers what was heard."""

    def __init__(self, address: Address, *, protocol: str = "3.1.1", client_id: str = "", will: str = "") -> None:
        version = MQTTProtocolVersion.MQTTv5 if protocol == "5" else MQTTProtocolVersion.MQTTv311
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id or f"party-{time.monotonic_ns()}",
            protocol=version,
        )
        self.client.username_pw_set(address.username, address.password)
        self.client.reconnect_delay_set(1, 1)
        if will:
            self.client.will_set(will, b"gone", qos=1, retain=True)
        self.heard: list[tuple[str, bytes]] = []
        self.refused = False
        self.connections = 0
        self.granted = 0
        self.client.on_message = lambda _c, _u, message: self.heard.append((message.topic, bytes(message.payload)))
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.connect(address.host, address.port)
        self.client.loop_start()

    def _on_connect(self, _client: Client, _user: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.refused = True
        else:
            self.connections += 1

    def _on_subscribe(self, *_: Any) -> None:
        self.granted += 1

    def up(self) -> "Party":
        wait_for(lambda: self.connections or self.refused)
        assert not self.refused
        return self

    def subscribe(self, *filters: str) -> "Party":
        wanted = self.granted + len(filters)
        for topic_filter in filters:
            self.client.subscribe(topic_filter, 1)
        wait_for(lambda: self.granted >= wanted)
        return self

    def say(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain)

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Table:
    """A running broker and the parties at it."""

    def __init__(self, broker: EmbeddedBroker) -> None:
        self.broker = broker
        self._parties: list[Party] = []

    def _seat(self, address: Address, **options: Any) -> Party:
        party = Party(address, **options)
        self._parties.append(party)
        return party

    def hub(self, **options: Any) -> Party:
        return self._seat(self.broker.address, **options).up()

    def device(self, name: str, password: str = "", **options: Any) -> Party:
        address = self.broker.address
        return self._seat(Address(address.host, address.port, name, password or PASSWORDS[name], "3.1.1"), **options)

    def clear(self) -> None:
        for party in self._parties:
            party.leave()


@pytest.fixture(params=["nats", pytest.param("mosquitto", marks=pytest.mark.needs_mosquitto)])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def table(kind: str, tmp_path: Path) -> Iterator[Table]:
    broker = MAKERS[kind](tmp_path / "broker", host="127.0.0.1", port=free_port())
    broker.start(LOGINS.values())
    laid = Table(broker)
    try:
        yield laid
    finally:
        laid.clear()
        broker.stop()


def test_the_hub_hears_every_device_and_each_device_its_own(table: Table) -> None:
    hub = table.hub().subscribe(topics.ALL_UP)
    one = table.device("k1").up().subscribe(topics.down(K1, "ack"), topics.HUB_STATE)
    two = table.device("k2").up().subscribe(topics.down(K2, "ack"), topics.HUB_STATE)
    one.say(topics.up(K1, "events"), b"from one")
    two.say(topics.up(K2, "status"), b"from two")
    wait_for(lambda: len(hub.heard) == 2)
    assert sorted(hub.heard) == [(topics.up(K1, "events"), b"from one"), (topics.up(K2, "status"), b"from two")]
    hub.say(topics.down(K1, "ack"), b"for one")
    hub.say(topics.HUB_STATE, b"online", retain=True)
    wait_for(lambda: len(one.heard) == 2 and len(two.heard) == 1)
    assert (topics.down(K1, "ack"), b"for one") in one.heard
    assert two.heard == [(topics.HUB_STATE, b"online")]


def test_a_wrong_password_does_not_get_in(table: Table) -> None:
    intruder = table.device("k1", "wrong")
    nameless = table.device("nobody", "wrong")
    wait_for(lambda: intruder.refused and nameless.refused)
    assert intruder.connections == nameless.connections == 0


def test_no_device_can_speak_for_another_nor_for_the_hub(table: Table) -> None:
    hub = table.hub().subscribe("hy/v1/#")
    two = table.device("k2").up()
    for topic in (topics.up(K1, "events"), topics.down(K1, "ack"), topics.HUB_STATE, topics.down(K2, "ack"), "hy/v1"):
        two.say(topic, b"forged")
    one = table.device("k1").up()
    one.say(topics.up(K1, "events"), b"true")
    wait_for(lambda: hub.heard)
    wait_for(lambda: (topics.up(K1, "events"), b"true") in hub.heard)
    assert [payload for _, payload in hub.heard] == [b"true"]


def test_no_device_hears_what_is_meant_for_another(table: Table) -> None:
    # That a subscription is granted proves nothing: what counts is what arrives.
    hub = table.hub()
    one = table.device("k1").up()
    for topic_filter in ("hy/v1/k2/down/#", "hy/v1/+/down/ack", "#", "hy/v1/+/up/#", topics.down(K2, "ack")):
        one.client.subscribe(topic_filter, 1)
    time.sleep(0.2)
    two = table.device("k2").up().subscribe(topics.down(K2, "ack"))
    hub.say(topics.down(K2, "ack"), b"secret")
    hub.say(topics.HUB_STATE, b"online")
    wait_for(lambda: two.heard)
    time.sleep(0.3)
    assert not [topic for topic, _ in one.heard if topic.startswith("hy/v1/k2/")]


def test_what_is_retained_waits_for_who_comes_later(table: Table) -> None:
    hub = table.hub()
    hub.say(topics.down(K1, "desired"), b"wish", retain=True)
    hub.say(topics.HUB_STATE, b"online", retain=True)
    time.sleep(0.2)
    one = table.device("k1").up().subscribe(topics.down(K1, "desired"), topics.HUB_STATE)
    wait_for(lambda: len(one.heard) == 2)
    one.say(topics.up(K1, "status"), b"birth", retain=True)
    time.sleep(0.2)
    late = table.hub().subscribe(topics.ALL_UP)
    wait_for(lambda: late.heard)
    assert late.heard == [(topics.up(K1, "status"), b"birth")]


def test_a_device_that_falls_silent_leaves_its_will(table: Table) -> None:
    hub = table.hub().subscribe(topics.ALL_UP)
    one = table.device("k1", will=topics.up(K1, "status")).up()
    sock = one.client.socket()
    assert sock is not None
    sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
    wait_for(lambda: (topics.up(K1, "status"), b"gone") in hub.heard)


def test_the_largest_batch_gets_through(table: Table) -> None:
    hub = table.hub().subscribe(topics.ALL_UP)
    one = table.device("k1").up()
    payload = b"x" * 100_000
    one.say(topics.up(K1, "events"), payload)
    wait_for(lambda: hub.heard)
    assert hub.heard == [(topics.up(K1, "events"), payload)]


def test_devices_come_and_go_without_disturbing_the_others(table: Table) -> None:
    hub = table.hub().subscribe(topics.ALL_UP)
    table.broker.set_devices([LOGINS["k1"]])
    one = table.device("k1").up()
    two = table.device("k2")
    wait_for(lambda: two.refused)
    table.broker.set_devices(LOGINS.values())
    wait_for(lambda: two.connections)
    two.say(topics.up(K2, "events"), b"new")
    wait_for(lambda: (topics.up(K2, "events"), b"new") in hub.heard)
    assert one.connections == hub.connections == 1
    table.broker.set_devices([LOGINS["k1"]])
    time.sleep(0.5)
    two.say(topics.up(K2, "events"), b"after revocation")
    one.say(topics.up(K1, "events"), b"still here")
    wait_for(lambda: (topics.up(K1, "events"), b"still here") in hub.heard)
    assert (topics.up(K2, "events"), b"after revocation") not in hub.heard
    assert one.connections == hub.connections == 1


def test_a_killed_broker_comes_back(table: Table) -> None:
    hub = table.hub()
    first = table.broker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: hub.connections == 2)
    assert table.broker.pid != first
    hub.subscribe(topics.ALL_UP)
    table.device("k1").up().say(topics.up(K1, "events"), b"again")
    wait_for(lambda: hub.heard)


@pytest.mark.needs_mosquitto
def test_mosquitto_speaks_both_versions_at_once(tmp_path: Path) -> None:
    broker = MosquittoBroker(tmp_path / "broker", host="127.0.0.1", port=free_port())
    broker.start(LOGINS.values())
    table = Table(broker)
    try:
        hub = table.hub(protocol="5").subscribe(topics.ALL_UP)
        table.device("k1", protocol="5").up().say(topics.up(K1, "events"), b"five")
        table.device("k2", protocol="3.1.1").up().say(topics.up(K2, "events"), b"three")
        wait_for(lambda: len(hub.heard) == 2)
    finally:
        table.clear()
        broker.stop()


def test_a_port_in_use_is_said_in_one_sentence(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "FREE_PORT_PATIENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} .* in use by another program; set broker_port"):
            MAKERS[kind](tmp_path / "broker", host="127.0.0.1", port=port).start([])


def test_two_hubs_cannot_share_a_brokers_folder(table: Table, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "FREE_PORT_PATIENCE_S", 0.2)
    folder = table.broker._folder
    with pytest.raises(FolderInUse):
        MAKERS[kind](folder, host="127.0.0.1", port=free_port()).start([])


def test_a_program_that_is_not_there_or_cannot_start_is_named(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[MAKERS[kind].__module__]
    monkeypatch.setattr(module, "_program", lambda: "/bin/false")
    with pytest.raises(BrokerError, match="false did not start"):
        MAKERS[kind](tmp_path / "one", host="127.0.0.1", port=free_port()).start([])
    monkeypatch.undo()
    monkeypatch.setattr(module.shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(BrokerError, match="is not on this machine"):
        MAKERS[kind](tmp_path / "two", host="127.0.0.1", port=free_port()).start([])


ORPHAN = """
import sys, time
from pathlib import Path
from huiyin_hub.broker.{kind} import {maker}
broker = {maker}(Path(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]))
broker.start([])
print(broker.pid, flush=True)
time.sleep(60)
"""


def test_the_broker_dies_with_a_hub_that_is_killed(kind: str, tmp_path: Path) -> None:
    port = free_port()
    code = ORPHAN.format(kind=kind, maker=MAKERS[kind].__name__)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "broker"), str(port)], stdout=subprocess.PIPE, text=True
    ) as hub:
        assert hub.stdout is not None
        pid = int(hub.stdout.readline())
        hub.send_signal(signal.SIGKILL)

    def gone() -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    wait_for(gone)
    # And its place can be taken at once.
    broker = MAKERS[kind](tmp_path / "broker", host="127.0.0.1", port=port)
    broker.start([])
    assert broker.pid != pid
    broker.stop()
