"""The device store: durable, gap-free, chained, bounded, and honest about what is wrong with it."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from huiyin_kiosk.outbox.errors import OutboxFull, OutboxNewer, OutboxUnusable, WrongDevice
from huiyin_kiosk.outbox.store import Limits, Outbox
from huiyin_shared import chain
from huiyin_shared.errors import FrameError
from huiyin_shared.events import Feedback, Rating, Reading
from huiyin_shared.ids import device_id, receipt_number

DEVICE = device_id("k1")
AT = Reading(boot="b", mono_ms=5, wall_ms=1_700_000_000_000)


def rating(level: int = 5) -> Rating:
    return Rating(at=AT, visit="v", counter="c1", level=level)


def complaint() -> Feedback:
    return Feedback(at=AT, visit="v", kind="complaint", counter="c1", text="等待时间太长")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "device" / "outbox.db"


def test_events_are_numbered_without_gaps_and_chained(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    assert [outbox.add(rating()).seq for _ in range(3)] == [1, 2, 3]
    part = outbox.read(1, max_events=10, max_bytes=10_000)
    assert part.prev == chain.genesis(DEVICE, outbox.store)
    assert chain.advance_all(part.prev, part.lines) == outbox.cursor().head == outbox.head_before(4)
    outbox.close()


def test_a_reopened_store_goes_on_where_it_stopped(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    stored = outbox.add(rating())
    assert stored.receipt == receipt_number(outbox.store, 1)
    outbox.close()
    again = Outbox.open(path, device=DEVICE)
    assert again.store == outbox.store
    assert again.add(rating()).seq == 2
    again.close()


def test_a_refused_event_leaves_no_gap(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    with pytest.raises(FrameError):
        outbox.add(rating(level=9))
    assert outbox.add(rating()).seq == 1
    outbox.close()


def test_taps_from_several_threads_never_share_a_number(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    seqs: list[int] = []
    threads = [
        threading.Thread(target=lambda: seqs.extend(outbox.add(rating()).seq for _ in range(25))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seqs) == list(range(1, 101))
    part = outbox.read(1, max_events=500, max_bytes=1_000_000)
    assert chain.advance_all(part.prev, part.lines) == outbox.cursor().head
    outbox.close()


def test_a_slice_keeps_to_its_limits_but_is_never_empty(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    for _ in range(5):
        outbox.add(rating())
    size = len(outbox.read(1, max_events=1, max_bytes=1).lines[0])
    assert len(outbox.read(2, max_events=2, max_bytes=10_000).lines) == 2
    assert len(outbox.read(1, max_events=5, max_bytes=3 * (size + 1)).lines) == 3
    assert len(outbox.read(1, max_events=5, max_bytes=1).lines) == 1
    outbox.close()


def test_acknowledged_events_stay_for_the_retention_and_then_go_oldest_first(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE, limits=Limits(keep_acked=2))
    for _ in range(6):
        outbox.add(rating())
    outbox.mark_acked(5)
    assert [outbox.has(seq) for seq in range(1, 7)] == [False, False, True, True, True, True]
    assert outbox.backlog() == 2
    outbox.mark_acked(3)
    assert outbox.backlog() == 4
    outbox.close()


def test_a_full_queue_refuses_ratings_but_still_takes_complaints(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE, limits=Limits(max_backlog=2, reserve_backlog=1))
    outbox.add(rating())
    outbox.add(rating())
    with pytest.raises(OutboxFull):
        outbox.add(rating())
    assert outbox.add(complaint()).seq == 3
    with pytest.raises(OutboxFull):
        outbox.add(complaint())
    outbox.mark_acked(4)
    assert outbox.add(rating()).seq == 4
    outbox.close()


def test_a_nearly_full_disk_refuses_before_anything_breaks(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE, limits=Limits(min_free_bytes=1 << 60, reserve_free_bytes=0))
    with pytest.raises(OutboxFull, match="free"):
        outbox.add(rating())
    assert outbox.add(complaint()).seq == 1
    outbox.close()


def test_another_devices_store_is_not_continued(path: Path) -> None:
    Outbox.open(path, device=DEVICE).close()
    with pytest.raises(WrongDevice, match="k2"):
        Outbox.open(path, device=device_id("k2"))


def test_a_store_of_a_newer_release_is_refused_untouched(path: Path) -> None:
    Outbox.open(path, device=DEVICE).close()
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('huiyin_outbox', 'm999', '')"
        )
    db.close()
    with pytest.raises(OutboxNewer, match="newer"):
        Outbox.open(path, device=DEVICE)


def test_a_folder_without_permission_is_one_sentence(path: Path) -> None:
    path.parent.write_bytes(b"a file where the folder should be")
    with pytest.raises(OutboxUnusable, match="cannot be used"):
        Outbox.open(path, device=DEVICE)


def test_thanks_are_given_with_full_synchronisation(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert outbox._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    outbox.close()


CHILD = """
import sys
from pathlib import Path
from huiyin_kiosk.outbox.store import Outbox
from huiyin_shared.events import Rating, Reading
outbox = Outbox.open(Path(sys.argv[1]), device="k1")
while True:
    stored = outbox.add(Rating(at=Reading(boot="b", mono_ms=1, wall_ms=1), visit="v", counter="c1", level=5))
    print(stored.seq, flush=True)
"""


def test_every_number_ever_printed_is_there_after_sigkill(path: Path) -> None:
    printed = 0
    for kill_after in (1, 7, 40):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for _ in range(kill_after):
            printed = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        printed = max([printed, *(int(line) for line in child.stdout.read().split())])
        child.stdout.close()
        child.wait()
    outbox = Outbox.open(path, device=DEVICE)
    assert outbox.cursor().next_seq - 1 >= printed >= 48
    part = outbox.read(1, max_events=100_000, max_bytes=1 << 30)
    assert len(part.lines) == outbox.cursor().next_seq - 1
    assert chain.advance_all(part.prev, part.lines) == outbox.cursor().head
    outbox.close()
