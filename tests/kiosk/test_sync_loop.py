"""The sync of a real store over a real broker, with a small model of the hub at the other end."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from nacl.signing import VerifyKey
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from huiyin_kiosk.clock import DeviceClock
from huiyin_kiosk.outbox.store import Outbox
from huiyin_kiosk.sync.engine import Pace
from huiyin_kiosk.sync.loop import BrokerAddress, SyncedDevice, SyncLoop
from huiyin_shared import chain, topics
from huiyin_shared.desired import CounterCard, Desired, Text, encode_desired
from huiyin_shared.events import Rating, Reading
from huiyin_shared.frames import (
    Ack,
    Header,
    HubState,
    Status,
    batch_statement,
    decode_batch,
    decode_status,
    encode,
    encode_answer,
    status_statement,
)
from huiyin_shared.ids import device_id

DEVICE = device_id("k1")
HUB_MS = 1_770_000_000_000
AT = Reading(boot="b", mono_ms=5, wall_ms=1_700_000_000_000)
QUICK = Pace(answer_timeout_ms=400, redial_min_ms=50, redial_max_ms=300, beat_ms=1_000)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


class BrokerProcess:
    """A broker of the machine, open to everyone on the loopback; killed and started again at will."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        if kind == "nats":
            store = folder / "js"
            config = (
                f'listen: "127.0.0.1:{free_port()}"\nserver_name: test\n'
                f'jetstream {{ store_dir: "{store}" }}\nmqtt {{ listen: "127.0.0.1:{self.port}" }}\n'
            )
            self._command = [str(Path(sys.executable).with_name("nats-server")), "-c"]
        else:
            config = f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"
            self._command = [shutil.which("mosquitto", path="/usr/sbin:/usr/bin") or "mosquitto", "-c"]
        self._config = folder / "broker.conf"
        self._config.write_text(config)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [*self._command, str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_for(listens)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        for state in self._folder.glob("js"):
            shutil.rmtree(state)


@pytest.fixture(params=["nats", pytest.param("mosquitto", marks=pytest.mark.needs_mosquitto)])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BrokerProcess]:
    folder = tmp_path / "broker"
    folder.mkdir()
    process = BrokerProcess(request.param, folder)
    process.start()
    yield process
    process.kill()


def assert_signed(key: str, signature: bytes, statement: bytes) -> None:
    VerifyKey(bytes.fromhex(key)).verify(statement, bytes.fromhex(signature.decode()))


class ModelHub:
    """Keeps a cursor and lines in memory and answers as the hub does; forgets on purpose."""

    def __init__(self, port: int, store: str) -> None:
        self.lines: list[bytes] = []
        self.statuses: list[Status] = []
        self.headers: list[Header] = []
        self.key = ""
        self.mute = False
        self._store = store
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="model-hub", protocol=MQTTProtocolVersion.MQTTv311)
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect
        self._client.reconnect_delay_set(0.1, 0.3)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        wait_for(self._client.is_connected)

    def announce(self, instance: str) -> None:
        self._client.publish(topics.HUB_STATE, encode(HubState("online", instance, 1)), qos=1, retain=True)

    def publish(self, leaf: topics.DownLeaf, payload: bytes) -> None:
        self._client.publish(topics.down(DEVICE, leaf), payload, qos=1, retain=leaf == "desired")

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Client, *_: Any) -> None:
        client.subscribe(topics.ALL_UP, 1)

    def _on_message(self, _client: Client, _user: Any, message: Any) -> None:
        if self.mute:
            return
        if message.topic.endswith("/status"):
            status, line, signature = decode_status(message.payload)
            assert_signed(status.key, signature, status_statement(DEVICE, line))
            self.key = status.key
            sent = status.sent
            self.statuses.append(status)
            if status.t != "birth":
                return
        else:
            batch = decode_batch(message.payload)
            end = chain.advance_all(bytes.fromhex(batch.header.prev), batch.lines)
            assert_signed(self.key, batch.signature, batch_statement(DEVICE, batch.header_line, end))
            sent = batch.header.sent
            self.headers.append(batch.header)
            behind = len(self.lines) + 1 - batch.header.first
            if 0 <= behind < len(batch.lines):
                assert (
                    batch.header.prev == chain.advance_all(self._genesis(), self.lines[: batch.header.first - 1]).hex()
                )
                self.lines.extend(batch.lines[behind:])
        head = chain.advance_all(self._genesis(), self.lines).hex()
        assert sent is not None
        answer = Ack(self._store, len(self.lines) + 1, head, HUB_MS, sent.boot, sent.mono_ms)
        self.publish("ack", encode_answer(answer))

    def _genesis(self) -> bytes:
        return chain.genesis(DEVICE, self._store)


class Bench:
    """A device and a model hub on one broker."""

    def __init__(self, broker: BrokerProcess, folder: Path, protocol: Any) -> None:
        self.wishes: list[Desired] = []
        self.outbox = Outbox.open(folder / "outbox.db", device=DEVICE)
        self.device = SyncedDevice(
            outbox=self.outbox,
            clock=DeviceClock(),
            broker=BrokerAddress("127.0.0.1", broker.port, "k1", "k1", protocol),
            rng=Random(7),
            version="test",
            on_desired=self.wishes.append,
            pace=QUICK,
        )
        self.loop = SyncLoop()
        self.hub = ModelHub(broker.port, self.outbox.store)
        self.loop.add(self.device)
        self.loop.start()

    def tap(self, times: int = 1) -> None:
        for _ in range(times):
            self.outbox.add(Rating(at=AT, visit="v", counter="c1", level=5))
        self.loop.notify(self.device)

    def settled(self, total: int) -> bool:
        return self.outbox.backlog() == 0 and len(self.hub.lines) == total

    def close(self) -> None:
        self.loop.stop()
        self.hub.stop()
        self.outbox.close()


@pytest.fixture
def bench(broker: BrokerProcess, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    mosquitto = "mosquitto" in request.node.callspec.params.get("broker", "")
    bench = Bench(broker, tmp_path / "device", "5" if mosquitto else "3.1.1")
    yield bench
    bench.close()


def test_taps_reach_the_hub_in_order_and_the_ack_settles_them(bench: Bench) -> None:
    bench.tap(3)
    wait_for(lambda: bench.settled(3))
    bench.tap(1_200)
    wait_for(lambda: bench.settled(1_203))
    assert bench.hub.lines == bench.outbox.read(1, max_events=5_000, max_bytes=1 << 30).lines
    assert bench.device.state().connected
    birth = bench.hub.statuses[0]
    assert (birth.t, birth.refused) == ("birth", 0)
    assert birth.free_kb is not None
    # Every ack is a clock sample: what the device knows of the hub's time goes with what it sends from then on.
    known = [header.anchor for header in bench.hub.headers]
    assert known[-1] is not None
    assert 0 <= known[-1].hub_ms - HUB_MS < 60_000


def test_a_broker_killed_with_its_memory_loses_nothing(bench: Bench, broker: BrokerProcess) -> None:
    bench.tap(5)
    wait_for(lambda: bench.settled(5))
    broker.kill()
    bench.tap(7)
    wait_for(lambda: not bench.device.state().connected)
    broker.start()
    wait_for(lambda: bench.settled(12))


def test_answers_that_never_come_are_made_up_for_later(bench: Bench) -> None:
    bench.tap(2)
    wait_for(lambda: bench.settled(2))
    bench.hub.mute = True
    bench.tap(4)
    time.sleep(1.0)
    assert bench.outbox.backlog() == 4
    bench.hub.mute = False
    wait_for(lambda: bench.settled(6))


def test_a_hub_that_lost_its_memory_is_filled_again(bench: Bench) -> None:
    bench.hub.announce("first")
    bench.tap(9)
    wait_for(lambda: bench.settled(9))
    # A device that has not heard of the first instance yet cannot know that the next is another.
    wait_for(lambda: bench.device.engine._hub_instance == "first")
    del bench.hub.lines[4:]
    bench.hub.announce("restored")
    wait_for(lambda: bench.settled(9))


def test_a_configuration_is_kept_and_told_once_and_a_broken_one_changes_nothing(bench: Bench) -> None:
    name = Text("窗口", "Counter")
    desired = Desired(1, name, name, "c1", [CounterCard("c1", name)])
    bench.tap()
    wait_for(lambda: bench.settled(1))
    bench.hub.publish("desired", b"{half")
    bench.hub.publish("desired", b"")
    bench.hub.publish("desired", encode_desired(desired))
    bench.hub.publish("desired", encode_desired(desired))
    wait_for(lambda: bench.wishes)
    bench.tap()
    wait_for(lambda: bench.settled(2))
    assert bench.wishes == [desired]
    assert bench.outbox.setting("desired") == encode_desired(desired)


def test_nonsense_from_the_broker_does_not_stop_the_sync(bench: Bench) -> None:
    for payload in (b"", b"\xff", b"[]", b'{"t":"ack"}', b"x" * 50_000):
        bench.hub.publish("ack", payload)
        bench.hub.publish("cmd", payload)
    bench.tap()
    wait_for(lambda: bench.settled(1))


def test_a_farewell_is_said_when_the_loop_stops(bench: Bench) -> None:
    bench.tap()
    wait_for(lambda: bench.settled(1))
    bench.loop.stop()
    wait_for(lambda: bench.hub.statuses[-1].t == "will")
