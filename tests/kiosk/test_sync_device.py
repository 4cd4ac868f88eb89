"""One device's sync without a broker: a link that hands its messages straight to the hub's real ingest, or none."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, select

from hub.wire import Registry, give_up
from huiyin_hub.check import check
from huiyin_hub.db.engine import open_engine, sqlite_url
from huiyin_hub.db.schema import migrate
from huiyin_hub.fleet.incidents import read_incidents
from huiyin_hub.fleet.tables import device_key, device_status
from huiyin_hub.ingest.link import Message
from huiyin_hub.ingest.tables import event, store
from huiyin_hub.ingest.writer import Writer
from huiyin_kiosk.outbox.errors import OutboxFull
from huiyin_kiosk.outbox.store import Limits, Outbox
from huiyin_kiosk.sync.device import ANCHORS_SETTING, SyncedDevice
from huiyin_kiosk.sync.engine import Pace
from huiyin_kiosk.sync.link import BrokerAddress
from huiyin_kiosk.sync.signing import DeviceKey, key_path, open_key
from huiyin_shared import topics
from huiyin_shared.events import Rating, Reading
from huiyin_shared.frames import Ack, Anchor, Refusal, Status, decode_answer, decode_batch, decode_status, encode_answer
from huiyin_shared.ids import device_id

DEVICE = device_id("k1")
HUB_MS = 1_770_000_000_000
PACE = Pace(redial_min_ms=100, redial_max_ms=200)


class Clock:
    """The device's clocks, moved by hand; the wall clock is years off."""

    def __init__(self) -> None:
        self.ms = 1_000
        self.boot = "b1"

    def mono_ms(self) -> int:
        return self.ms

    def reading(self) -> Reading:
        return Reading(boot=self.boot, mono_ms=self.ms, wall_ms=self.ms)


class Wire:
    """A link to a hub in the same thread; what is published is kept, and answered when the wire is read."""

    def __init__(self, hub: Writer | None, clock: Clock) -> None:
        self.hub = hub
        self.clock = clock
        self.said: list[tuple[str, bytes]] = []
        self.waiting: list[tuple[str, bytes]] = []
        self.events: Any = None
        self.deaf = False

    def open(self, _broker: BrokerAddress, _device: str, *, will: bytes, events: Any) -> "Wire":
        self.events = events
        return self

    def dial(self) -> int:
        return 0

    def publish(self, leaf: Any, payload: bytes, *, retain: bool = False) -> None:
        self.said.append((leaf, payload))
        self.waiting.append((leaf, payload))

    def hang_up(self, farewell: bytes | None = None) -> None:
        self.waiting.clear()

    def drive(self, **_: bool) -> None: ...

    def keep_alive(self) -> None: ...

    def statuses(self) -> list[Status]:
        return [decode_status(payload)[0] for leaf, payload in self.said if leaf == "status"]

    def deliver(self) -> None:
        waiting, self.waiting = self.waiting, []
        if not self.hub or self.deaf:
            return
        messages = [
            Message(topics.up(DEVICE, leaf), payload, HUB_MS + self.clock.ms)  # type: ignore[arg-type]
            for leaf, payload in waiting
        ]
        for topic, payload in self.hub.write(messages) if messages else []:
            self.events.on_message(topic, payload)


class Bench:
    """A device, its wire and a hub."""

    def __init__(
        self, folder: Path, hub: Writer | None, *, limits: Limits | None = None, name: str = "outbox.db"
    ) -> None:
        self.clock = Clock()
        self.outbox = Outbox.open(folder / name, device=DEVICE, limits=limits)
        self.wire = Wire(hub, self.clock)
        self.key = open_key(folder / "device.key")
        self.device = self.start()

    def start(self) -> SyncedDevice:
        self.device = SyncedDevice(
            outbox=self.outbox,
            clock=self.clock,  # type: ignore[arg-type]
            broker=BrokerAddress("nowhere", 1, "k1", "k1", "3.1.1"),
            rng=Random(5),
            version="test",
            pace=PACE,
            open_link=self.wire.open,  # type: ignore[arg-type]
            key=self.key,
        )
        return self.device

    def tap(self, times: int = 1) -> None:
        for _ in range(times):
            self.outbox.add(Rating(at=self.clock.reading(), visit="v", counter="c1", level=5))

    def run(self, for_ms: int) -> None:
        end = self.clock.ms + for_ms
        while self.clock.ms < end:
            self.device.step()
            if self.device.engine.phase == "dialling":
                self.device.on_connected(None)
            self.wire.deliver()
            self.clock.ms += 50

    def answer(self, answer: Ack | Refusal) -> None:
        self.device.on_message(topics.down(DEVICE, "ack"), encode_answer(answer))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(sqlite_url(tmp_path / "hub.db"))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def hub(engine: Engine) -> Writer:
    return Writer(engine, Registry(), clock=lambda: HUB_MS, pause=give_up)


@pytest.fixture
def bench(tmp_path: Path, engine: Engine, hub: Writer) -> Iterator[Bench]:
    bench = Bench(tmp_path, hub)
    hub._clock = lambda: HUB_MS + bench.clock.ms
    yield bench
    bench.outbox.close()


def copied(bench: Bench, folder: Path, hub: Writer | None) -> Bench:
    """A second card with the same history, as after copying the first."""
    bench.outbox._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (folder / "copy.db").write_bytes(bench.outbox.path.read_bytes())
    return Bench(folder, hub, name="copy.db")


def settled(bench: Bench) -> bool:
    return bench.outbox.backlog() == 0 and bench.device.engine.halted == ""


def test_the_devices_key_and_anchor_reach_the_hub_and_date_its_events(bench: Bench, engine: Engine) -> None:
    bench.tap(3)
    bench.run(2_000)
    assert settled(bench)
    with engine.connect() as connection:
        assert connection.execute(select(device_key.c.public_key)).scalar_one() == bench.key.public
        rows = list(connection.execute(select(event)))
    assert {row.timing for row in rows} == {"exact"}
    assert all(abs(row.occurred_ms - (HUB_MS + 1_000)) <= row.error_ms <= 200 for row in rows)
    assert check(engine).holds


def test_without_a_key_of_its_own_given_a_device_uses_the_one_beside_its_store(tmp_path: Path) -> None:
    outbox = Outbox.open(tmp_path / "outbox.db", device=DEVICE)
    device = SyncedDevice(
        outbox=outbox,
        clock=Clock(),  # type: ignore[arg-type]
        broker=BrokerAddress("nowhere", 1, "k1", "k1", "3.1.1"),
        rng=Random(5),
        version="test",
    )
    assert device._key.public == open_key(key_path(outbox.path)).public
    assert (tmp_path / "outbox.db.key").exists()
    outbox.close()


def test_what_is_known_of_the_last_boots_goes_into_the_next_birth(bench: Bench) -> None:
    bench.tap()
    bench.run(1_000)
    (first,) = bench.device._anchors.all()
    assert bench.outbox.setting(ANCHORS_SETTING)
    bench.clock.boot, bench.clock.ms = "b2", 200
    bench.start()
    bench.run(1_000)
    birth = [status for status in bench.wire.statuses() if status.t == "birth"][-1]
    assert [anchor.boot for anchor in birth.anchors] == ["b1"]
    assert isinstance(birth.anchors[0], Anchor)
    assert birth.anchors[0].error_ms >= first.error_ms
    assert all(status.anchors == [] for status in bench.wire.statuses() if status.t != "birth")
    batches = [decode_batch(payload) for leaf, payload in bench.wire.said if leaf == "events"]
    assert all(batch.header.anchor.boot == batch.header.sent.boot for batch in batches if batch.header.anchor)


def test_the_hub_is_told_of_visitors_turned_away_and_of_the_room_that_is_left(
    tmp_path: Path, engine: Engine, hub: Writer
) -> None:
    bench = Bench(tmp_path, hub, limits=Limits(max_backlog=1, reserve_backlog=0))
    bench.tap()
    for _ in range(2):
        with pytest.raises(OutboxFull):
            bench.tap()
    bench.run(2_000)
    with engine.connect() as connection:
        (status,) = connection.execute(select(device_status))
        (line,) = read_incidents(connection)
    assert status.refused == 2
    assert status.free_kb > 0
    assert (line.kind, line.detail) == ("disk_full", "visitors turned away: 2")
    bench.outbox.close()


def test_a_confirmed_fork_goes_on_under_a_new_name_and_everything_counts_once(
    bench: Bench, tmp_path: Path, engine: Engine, hub: Writer
) -> None:
    bench.tap(5)
    bench.run(2_000)
    copy = copied(bench, tmp_path, hub)
    bench.tap(3)
    bench.run(2_000)
    old = copy.outbox.store
    copy.clock.ms = bench.clock.ms
    copy.clock.boot = "b9"
    copy.tap(4)
    copy.run(30_000)
    assert copy.outbox.store == old
    assert copy.device.engine.halted in ("fork", "hub_ahead")
    copy.run(100_000)
    assert copy.outbox.store != old
    assert settled(copy)
    report = check(engine)
    assert report.holds, report
    assert report.ratings == 5 + 3 + 4
    with engine.connect() as connection:
        kinds = {line.kind for line in read_incidents(connection) if line.store == old}
    assert "fork" in kinds
    # The first card goes on as if nothing had happened.
    bench.tap(2)
    bench.run(2_000)
    assert settled(bench)
    report = check(engine)
    assert (report.ratings, report.holds) == (14, True)
    copy.outbox.close()


def test_an_older_copy_that_the_hub_is_ahead_of_goes_on_under_a_new_name(
    bench: Bench, tmp_path: Path, engine: Engine, hub: Writer
) -> None:
    bench.tap(5)
    bench.run(2_000)
    copy = copied(bench, tmp_path, hub)
    bench.tap(30)
    bench.run(2_000)
    copy.tap(2)
    copy.run(140_000)
    assert settled(copy)
    assert copy.outbox.store != bench.outbox.store
    report = check(engine)
    assert (report.ratings, report.holds) == (37, True)
    copy.outbox.close()


def test_one_refusal_alone_begins_nothing_anew(bench: Bench) -> None:
    bench.tap(2)
    bench.run(1_000)
    old = bench.outbox.store
    head = bench.outbox.cursor().head.hex()
    bench.answer(Refusal(old, "fork", 3, head, HUB_MS))
    assert bench.device.engine.halted == "fork"
    bench.run(100_000)
    bench.tap(2)
    bench.run(5_000)
    assert bench.outbox.store == old
    assert settled(bench)


def test_a_store_the_hub_has_closed_goes_on_under_a_new_name(bench: Bench, engine: Engine, hub: Writer) -> None:
    bench.tap(2)
    bench.run(1_000)
    old = bench.outbox.store
    with engine.begin() as connection:
        connection.execute(store.update().values(replaced_ms=5, epoch=store.c.epoch + 1))
    hub._cursors.forget()
    bench.tap()
    bench.run(140_000)
    assert bench.outbox.store != old
    assert settled(bench)
    report = check(engine)
    assert (report.ratings, report.holds) == (3, True)


@pytest.mark.parametrize("left_at_hub", [0, 2])
def test_a_hub_restored_from_before_the_retention_gets_the_rest_under_a_new_name(
    tmp_path: Path, engine: Engine, hub: Writer, left_at_hub: int
) -> None:
    bench = Bench(tmp_path, hub, limits=Limits(keep_acked=3))
    bench.tap(left_at_hub)
    bench.run(2_000)
    restored = tmp_path / "restored.db"
    with closing(sqlite3.connect(tmp_path / "hub.db")) as source, closing(sqlite3.connect(restored)) as copy:
        source.backup(copy)
    bench.tap(10)
    bench.run(2_000)
    assert settled(bench)
    old = bench.outbox.store
    again = open_engine(sqlite_url(restored))
    bench.wire.hub = Writer(again, Registry(), clock=lambda: HUB_MS, pause=give_up)
    bench.start()
    bench.run(200_000)
    assert bench.outbox.store != old
    assert settled(bench)
    report = check(again)
    assert (report.ratings, report.holds) == (left_at_hub + 3, True)
    with again.connect() as connection:
        incidents = {line.kind: line.detail for line in read_incidents(connection)}
    assert f"lost: {left_at_hub + 1}…{left_at_hub + 7}" in incidents["history_gone"]
    again.dispose()
    bench.outbox.close()


def test_a_disk_that_is_full_when_beginning_anew_is_tried_again_later(
    bench: Bench, tmp_path: Path, hub: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.tap(3)
    bench.run(1_000)
    copy = copied(bench, tmp_path, hub)
    bench.tap(3)
    bench.run(1_000)
    copy.tap(1)
    old = copy.outbox.store
    real, tries = copy.outbox.begin_anew, [2]

    def full(*args: Any, **more: Any) -> None:
        if tries[0]:
            tries[0] -= 1
            raise OutboxFull("the disk is full")
        real(*args, **more)

    monkeypatch.setattr(copy.outbox, "begin_anew", full)
    copy.run(100_000)
    assert copy.outbox.store == old
    copy.run(300_000)
    assert tries == [0]
    assert copy.outbox.store != old
    assert settled(copy)
    copy.outbox.close()


def test_a_hub_that_has_forgotten_the_key_is_told_it_again(bench: Bench, engine: Engine, hub: Writer) -> None:
    bench.tap(2)
    bench.run(1_000)
    with engine.begin() as connection:
        connection.execute(device_key.delete())
    hub._keys.forget()
    bench.tap(2)
    bench.run(10_000)
    assert settled(bench)
    report = check(engine)
    assert (report.ratings, report.holds) == (4, True)


def test_a_device_with_another_key_halts_and_says_so_and_loses_nothing(bench: Bench, engine: Engine) -> None:
    bench.tap(2)
    bench.run(1_000)
    right = bench.key
    bench.key = DeviceKey(b"x" * 32)
    bench.start()
    bench.tap(2)
    bench.run(20_000)
    assert bench.device.engine.halted == "bad_signature"
    assert bench.outbox.backlog() == 2
    with engine.connect() as connection:
        assert [line.kind for line in read_incidents(connection)] == ["key_changed"]
    bench.run(120_000)
    assert bench.device.engine.halted == "bad_signature"
    bench.key = right
    bench.start()
    bench.run(5_000)
    assert settled(bench)
    assert check(engine).ratings == 4


def test_an_answer_for_another_store_moves_no_clock_and_halts_nothing(bench: Bench) -> None:
    bench.tap()
    bench.run(1_000)
    known = bench.device._anchors.all()
    bench.answer(Ack("000000000000000z", 900, "ab" * 32, 5, bench.clock.boot, bench.clock.ms))
    bench.answer(Refusal("000000000000000z", "fork", 900, "ab" * 32, 5))
    assert bench.device.engine.halted == ""
    assert bench.device._anchors.all() == known


def test_a_damaged_answer_moves_no_clock(bench: Bench) -> None:
    bench.tap()
    bench.run(1_000)
    known = bench.device._anchors.all()
    good = encode_answer(Ack(bench.outbox.store, 2, "ab" * 32, HUB_MS, bench.clock.boot, bench.clock.ms))
    decode_answer(good)
    for at in range(len(good)):
        damaged = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        bench.device.on_message(topics.down(DEVICE, "ack"), damaged)
    assert bench.device._anchors.all() == known
    assert bench.device.engine.halted == ""
