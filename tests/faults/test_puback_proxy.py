"""A broker whose answers come late, twice, out of order or not at all."""

from pathlib import Path

import pytest

from faults.mqtt_proxy import PUBACK, PUBLISH, Faults, MqttProxy
from faults.rig import PATIENCE_S, Device, Hall, Nursery, verify

SEED = 11
TAPS = 800

PUBACKS = Faults(PUBACK, lost=0.05, delayed=0.3, repeated=0.2, delay_max_s=0.3, lost_max=15)
"""The device has twenty publishes on their way at most: see the last test for what becomes of more lost ones."""

ANSWERS = Faults(PUBLISH, delayed=0.3, repeated=0.3, delay_max_s=1.5)
"""Longer than the device waits for an answer: it has gone back, and sent again, when the old answer comes."""

BROKERS = [
    pytest.param("nats", "3.1.1", id="nats-3.1.1"),
    pytest.param("mosquitto", "3.1.1", id="mosquitto-3.1.1", marks=pytest.mark.needs_mosquitto),
    pytest.param("mosquitto", "5", id="mosquitto-5", marks=pytest.mark.needs_mosquitto),
]


@pytest.mark.parametrize(("broker", "protocol"), BROKERS)
@pytest.mark.parametrize("faults", [PUBACKS, ANSWERS], ids=["pubacks", "answers"])
def test_what_the_broker_says_late_twice_or_never_changes_nothing(
    nursery: Nursery, tmp_path: Path, broker: str, protocol: str, faults: Faults
) -> None:
    live_behind_a_proxy(nursery, tmp_path, broker, protocol, faults, wanted={"delayed", "repeated"})


@pytest.mark.parametrize(("broker", "protocol"), BROKERS)
def test_a_broker_that_confirms_nothing_does_not_silence_the_device(
    nursery: Nursery, tmp_path: Path, broker: str, protocol: str
) -> None:
    live_behind_a_proxy(
        nursery,
        tmp_path,
        broker,
        protocol,
        Faults(PUBACK, lost=1.0),
        wanted={"lost"},
    )


def live_behind_a_proxy(
    nursery: Nursery,
    folder: Path,
    broker: str,
    protocol: str,
    faults: Faults,
    *,
    wanted: set[str],
) -> None:
    print(f"seed {SEED}")
    hall = Hall(nursery, folder, broker=broker)
    keeper = hall.start_ready("broker")
    ingest = hall.start_ready("ingest")
    proxy = MqttProxy(hall.port, [faults], SEED)
    try:
        names = ("t-01", "t-02")
        devices = [Device(hall, name, port=proxy.port, protocol=protocol, pause_s=0.001) for name in names]
        for device in devices:
            device.start(taps=TAPS)
        for device in devices:
            device.wait_until_drained(PATIENCE_S)
            device.stop()
    finally:
        proxy.close()
        print(dict(proxy.done))
        ingest.end()
        keeper.end()
    assert proxy.done.keys() >= wanted
    arrived = verify(hall, *devices)
    assert len([event for event in arrived if event.visit]) == len(devices) * TAPS
