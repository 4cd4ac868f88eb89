"""A tap until the manager's live page has it. Yardstick: one bare message until its broker's PUBACK."""

import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from queue import Queue
from random import Random

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from tests.bench.figures import Figure
from tests.journeys.hall import Hall

from huiyin_firmware_sim.latency import KioskTap, latencies_ms
from huiyin_firmware_sim.page import PageWatch
from huiyin_firmware_sim.terminals import broker_of
from huiyin_kiosk.clock import DeviceClock
from huiyin_kiosk.outbox.store import Outbox
from huiyin_kiosk.settings import KioskSettings, load_settings
from huiyin_kiosk.sync.loop import SyncedDevice, SyncLoop
from huiyin_shared import topics
from huiyin_shared.events import Rating

TAPS = 40
PAUSE_S = 0.4
COUNTER = "h1-c1"


def measure() -> Figure:
    """Return the median over single taps, in ms, from before the device's commit to the page's own update."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hall = Hall(folder, stack)
        hall.start_hub()
        settings = load_settings(folder / "devices" / "t-01.toml")
        watch = PageWatch(address=hall.web, login="manager-h1", password=hall.passwords["manager-h1"], hall="h1")
        watch.start()
        taps = _tap(settings, stack)
        time.sleep(2)
        value = statistics.median(latencies_ms(taps, watch.stop()))
        return Figure("tap_to_page", value, "ms", _broker_round_trip_ms(settings))


def _tap(settings: KioskSettings, stack: ExitStack) -> list[KioskTap]:
    clock = DeviceClock()
    outbox = Outbox.open(settings.outbox_path, device=settings.device_id)
    stack.callback(outbox.close)
    device = SyncedDevice(outbox=outbox, clock=clock, broker=broker_of(settings), rng=Random(1), version="bench")
    loop = SyncLoop()
    loop.add(device)
    loop.start()
    stack.callback(loop.stop)
    while device.state().last_ack_ms is None:
        time.sleep(0.05)
    time.sleep(2)  # The page has shown the counter at least once.
    taps = []
    for number in range(TAPS):
        taps.append(KioskTap(time.time_ns() // 1_000_000, COUNTER))
        outbox.add(Rating(at=clock.reading(), visit=f"v{number}", counter=COUNTER, level=5))
        loop.notify(device)
        time.sleep(PAUSE_S)
    return taps


def _broker_round_trip_ms(settings: KioskSettings) -> float:
    """Publish where nobody of ours listens and wait for the broker's PUBACK."""
    address = broker_of(settings)
    acknowledged: Queue[float] = Queue()
    client = Client(CallbackAPIVersion.VERSION2, client_id="bench", protocol=MQTTProtocolVersion.MQTTv311)
    client.username_pw_set(address.username, address.password)
    client.on_publish = lambda *_: acknowledged.put(time.perf_counter())
    client.connect(address.host, address.port)
    client.loop_start()
    while not client.is_connected():
        time.sleep(0.05)
    found = []
    for _ in range(TAPS):
        started = time.perf_counter()
        client.publish(topics.up(settings.device_id, "reported"), b"{}", qos=1)
        found.append((acknowledged.get(timeout=5) - started) * 1_000)
    client.disconnect()
    client.loop_stop()
    return statistics.median(found)
