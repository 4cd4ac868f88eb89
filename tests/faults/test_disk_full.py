"""A disk that really fills up, under a device's store and under the hub's database."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.rig import Device, Hall, Nursery, verify, wait_for
from faults.small_disk import Disk, small_disk

NO_WATERMARKS = {"min_free_bytes": 0, "reserve_free_bytes": 0}


@pytest.fixture
def disk(nursery: Nursery, tmp_path: Path) -> Iterator[Disk]:
    with small_disk(nursery, tmp_path / "disk") as made:
        print(type(made).__name__)
        yield made


@pytest.fixture
def hall(nursery: Nursery, tmp_path: Path) -> Hall:
    made = Hall(nursery, tmp_path, broker="nats")
    made.start_ready("broker")
    made.start_ready("ingest")
    return made


def device_on(disk: Disk, hall: Hall, **limits: int) -> Device:
    outbox = str(disk.folder / "device" / "outbox.db")
    return Device(hall, "t-01", disk.nursery, outbox=outbox, pause_s=0.002, feedback_every=5, limits=limits)


def more(counted: Callable[[], int], by: int, why: str) -> None:
    """Wait until what is counted has grown by `by`."""
    before = counted()
    wait_for(lambda: counted() >= before + by, why)


def of_kind(device: Device, kind: str) -> Callable[[], int]:
    return lambda: sum(tap.kind == kind for tap in device.thanked())


def refused(device: Device, kind: str) -> Callable[[], int]:
    return lambda: sum(found == kind for found, _ in device.refused())


def finish(device: Device, hall: Hall) -> None:
    device.quieten()
    device.wait_until_drained()
    device.stop()
    verify(hall, device)


def test_ratings_are_refused_first_and_feedback_uses_the_reserve(disk: Disk, hall: Hall) -> None:
    device = device_on(
        disk,
        hall,
        min_free_bytes=disk.floor_bytes + 6 * disk.unit_bytes,
        reserve_free_bytes=disk.floor_bytes + 3 * disk.unit_bytes,
    )
    device.start()
    more(lambda: len(device.thanked()), 50, "no tap is taken")

    disk.leave(4.5)
    more(refused(device, "rating"), 20, "ratings are still taken")
    ratings = of_kind(device, "rating")()
    more(of_kind(device, "feedback"), 10, "feedback finds no room in the reserve")
    assert of_kind(device, "rating")() == ratings
    assert not refused(device, "feedback")()

    disk.leave(1.5)
    more(refused(device, "feedback"), 5, "feedback is still taken")
    thanked = len(device.thanked())
    more(refused(device, "feedback"), 5, "feedback is still taken")
    assert len(device.thanked()) == thanked
    assert {error for _, error in device.refused()} == {"OutboxFull"}

    disk.leave(12)
    more(of_kind(device, "rating"), 50, "no rating is taken though there is room again")
    more(of_kind(device, "feedback"), 10, "no feedback is taken though there is room again")
    finish(device, hall)


def test_a_write_that_finds_the_disk_full_is_refused_by_name_and_costs_nothing(disk: Disk, hall: Hall) -> None:
    device = device_on(disk, hall, **NO_WATERMARKS)
    wal = disk.seen(disk.folder / "device" / "outbox.db-wal")
    device.start()
    for _ in range(3):
        more(lambda: len(device.thanked()), 50, "no tap is taken")
        disk.exhaust(device.child, wal)
        more(refused(device, "rating"), 50, "the disk is full and the store takes ratings")
        more(refused(device, "feedback"), 10, "the disk is full and the store takes feedback")
        assert device.child.alive(), device.child.errors()[-2_000:]
        # A power cut now: the store opens on the full disk too, and goes on refusing.
        device.kill()
        disk.restart_exhausted(device, wal)
        more(refused(device, "rating"), 20, "the store does not open on a full disk")
        disk.relieve(device.child)
    errors = {error for _, error in device.refused()}
    assert errors <= disk.refusals, errors
    more(lambda: len(device.thanked()), 50, "no tap is taken though there is room again")
    finish(device, hall)


def test_a_hub_whose_disk_is_full_acknowledges_nothing_and_goes_on_when_there_is_room(
    disk: Disk, nursery: Nursery, tmp_path: Path
) -> None:
    # The broker keeps its own files on the machine's disk: here it is the hub's database that has no room.
    hall = Hall(disk.nursery, tmp_path, broker="nats", database=disk.folder / "hub.db")
    hall.start_ready("broker")
    ingest = hall.start_ready("ingest")
    devices = [Device(hall, name, nursery, pause_s=0.002, feedback_every=20) for name in ("t-01", "t-02")]
    for device in devices:
        device.start()
    for _ in range(2):
        more(hall.count, 100, "nothing arrives")
        complaints = ingest.errors().count("database cannot be written to")
        disk.exhaust(ingest, disk.seen(disk.folder / "hub.db-wal"))
        wait_for(
            lambda complaints=complaints: ingest.errors().count("database cannot be written to") > complaints + 1,
            lambda: f"the hub's disk is not full: {ingest.errors()[-2_000:]}",
        )
        for device in devices:
            more(lambda device=device: len(device.thanked()), 50, "a device stopped because the hub's disk is full")
        kept, acked = hall.count(), [device.acked() for device in devices]
        time.sleep(1.0)
        assert ingest.alive(), ingest.errors()[-2_000:]
        assert sum(acked) <= kept, "the hub has acknowledged what it did not keep"
        assert (hall.count(), [device.acked() for device in devices]) == (kept, acked)
        disk.relieve(ingest)
    for device in devices:
        device.quieten()
    for device in devices:
        device.wait_until_drained()
        device.stop()
    assert ingest.end() == 0, ingest.errors()[-2_000:]
    verify(hall, *devices)
