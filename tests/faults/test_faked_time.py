"""Devices whose wall clock lies, while the time since boot stays true."""

import signal
import time
from pathlib import Path

import pytest

from faults.device import STEP_AFTER_S
from faults.rig import Arrived, Device, Hall, Nursery, Thanked, verify, wait_for

RUNNING_BOOT_ERROR_MS = 5_000
"""What the hub may be unsure of at most, for what happened while the device that now sends was running."""

WALLS = {"t-01": "1970", "t-02": "ten years ahead", "t-03": "stepped back", "t-04": "leap second"}
TAPS = 300
PAUSE_S = 0.01
assert TAPS * PAUSE_S > 2 * STEP_AFTER_S

STANDSTILL_S = 3.0

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

SHIFTS_MS = {
    "ten years ahead": (3_650 * DAY_MS, 3_650 * DAY_MS),
    "stepped back": (3 * HOUR_MS, -2 * HOUR_MS),
    "leap second": (0, -1_000),
}
"""By how much a wall clock is ahead of the true time at the beginning and at the end."""


def lies_as_meant(wall: str, taps: list[Thanked]) -> bool:
    """Tell whether the device's clock really said what this run is about."""
    first, last = taps[0], taps[-1]
    if wall == "1970":
        return 0 <= first.wall_ms < last.wall_ms < DAY_MS
    begins_ms, ends_ms = SHIFTS_MS[wall]
    return first.off_ms(first.wall_ms - begins_ms) == last.off_ms(last.wall_ms - ends_ms) == 0


def assert_well_dated(arrived: list[Arrived], device: Device) -> None:
    """The raw readings are kept, and the bounds, which `verify` has found to be honest, are also narrow."""
    taps = {tap.visit: tap for tap in device.thanked()}
    events = [event for event in arrived if event.visit in taps]
    changed = [event.visit for event in events if event.line["at"]["wall_ms"] != taps[event.visit].wall_ms]
    assert not changed, f"{device.name}: other readings than the device's in {changed[:3]}"
    vague = [event.visit for event in events if event.error_ms > RUNNING_BOOT_ERROR_MS]
    assert not vague, f"{device.name}: {len(vague)} of {len(events)} may be off by seconds, such as {vague[:3]}"


@pytest.mark.parametrize("hub", ["there", "away"])
def test_the_hub_knows_when_it_was_whatever_the_wall_clocks_said(nursery: Nursery, tmp_path: Path, hub: str) -> None:
    hall = Hall(nursery, tmp_path, broker="nats")
    hall.start_ready("broker")
    if hub == "there":
        hall.start_ready("ingest")
    devices = {wall: Device(hall, name, wall=wall, pause_s=PAUSE_S) for name, wall in WALLS.items()}
    for device in devices.values():
        device.start(taps=TAPS)
    for device in devices.values():
        device.wait_for_word("quiet")
    if hub == "away":
        # All of it waited on the devices, from both sides of the step, and comes in few batches.
        hall.start_ready("ingest")
    for device in devices.values():
        device.wait_until_drained()
        device.stop()

    # The order by number is the order of the taps: verify has compared them.
    arrived = verify(hall, *devices.values())
    for wall, device in devices.items():
        taps = device.thanked()
        assert len(taps) == TAPS
        assert lies_as_meant(wall, taps), f"{wall}: {taps[0]} … {taps[-1]}"
        assert_well_dated(arrived, device)


def test_a_hub_that_stood_still_does_not_take_the_time_it_woke_for_the_time_it_was(
    nursery: Nursery, tmp_path: Path
) -> None:
    # What devices send meanwhile waits in the broker: it comes long after it was sent, and nobody tells the hub so.
    hall = Hall(nursery, tmp_path, broker="nats")
    hall.start_ready("broker")
    ingest = hall.start_ready("ingest")
    device = Device(hall, "t-01", wall="1970", pause_s=PAUSE_S)
    device.start()
    wait_for(lambda: hall.count() > 50, "nothing arrives")
    ingest.send(signal.SIGSTOP)
    try:
        time.sleep(STANDSTILL_S)
    finally:
        ingest.send(signal.SIGCONT)
    wait_for(lambda: hall.count() > 50 + STANDSTILL_S / PAUSE_S / 2, "nothing arrives after the standstill")
    device.quieten()
    device.wait_until_drained()
    device.stop()
    assert_well_dated(verify(hall, device), device)
