"""A store whose history cannot be continued goes on under a new name, and keeps what is acked by the hub's time."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from huiyin_kiosk.outbox.errors import OutboxFull, OutboxUnusable
from huiyin_kiosk.outbox.store import Limits, Outbox
from huiyin_shared import chain
from huiyin_shared.events import Feedback, Rating, Reading, Salvaged, StoreReplaced, decode_event
from huiyin_shared.ids import device_id, receipt_number

DEVICE = device_id("k1")
AT = Reading(boot="b", mono_ms=5, wall_ms=1_700_000_000_000)
NOW = Reading(boot="b", mono_ms=900, wall_ms=1_700_000_001_000)
DAY_MS = 86_400_000
HUB_MS = 1_770_000_000_000


def rating(visit: str = "v") -> Rating:
    return Rating(at=AT, visit=visit, counter="c1", level=5)


def complaint() -> Feedback:
    return Feedback(at=AT, visit="v", kind="complaint", counter="c1", text="等待时间太长")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


def lines_of(outbox: Outbox) -> list[bytes]:
    return outbox.read(1, max_events=100_000, max_bytes=1 << 30).lines


def test_everything_still_here_goes_on_in_the_new_store_under_its_old_numbers(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE, limits=Limits(keep_acked=2))
    for number in range(6):
        outbox.add(rating(f"v{number}"))
    outbox.mark_acked(5)
    old = outbox.store
    part = outbox.read(3, max_events=10, max_bytes=10_000).lines
    outbox.begin_anew(NOW, why="fork", hub_next=5)
    assert outbox.store != old
    note, *carried = [decode_event(line) for line in lines_of(outbox)]
    assert note == StoreReplaced(at=NOW, predecessor=old, kind="forked", why="fork", recovered=4, missing=[])
    assert [(event.store, event.seq, event.line) for event in carried if isinstance(event, Salvaged)] == [
        (old, seq, line) for seq, line in enumerate(part, 3)
    ]
    assert len(carried) == 4
    cursor = outbox.cursor()
    assert (cursor.next_seq, cursor.acked_next) == (6, 1)
    assert cursor.head == chain.advance_all(chain.genesis(DEVICE, outbox.store), lines_of(outbox))
    assert outbox.add(rating()).receipt == receipt_number(outbox.store, 6)
    outbox.close()


def test_the_new_name_stays_after_the_next_start(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    outbox.add(rating())
    outbox.set_setting("desired", b"kept")
    outbox.begin_anew(NOW, why="fork", hub_next=1)
    name, lines = outbox.store, lines_of(outbox)
    outbox.close()
    again = Outbox.open(path, device=DEVICE)
    assert (again.store, lines_of(again)) == (name, lines)
    assert again.setting("desired") == b"kept"
    assert again.add(rating()).seq == 3
    again.close()


def test_what_is_gone_is_named_when_the_hub_lacks_a_stretch(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE, limits=Limits(keep_acked=2))
    for _ in range(6):
        outbox.add(rating())
    outbox.mark_acked(6)
    outbox.begin_anew(NOW, why="history_gone", hub_next=2)
    note = decode_event(lines_of(outbox)[0])
    assert isinstance(note, StoreReplaced)
    assert (note.kind, note.missing, note.recovered, note.closes) == ("history_gone", [(2, 3)], 3, True)
    outbox.close()


def test_an_empty_store_begins_anew_too(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    outbox.begin_anew(NOW, why="hub_ahead", hub_next=8)
    (line,) = lines_of(outbox)
    note = decode_event(line)
    assert isinstance(note, StoreReplaced)
    assert (note.kind, note.recovered) == ("forked", 0)
    outbox.close()


def test_what_was_carried_once_is_carried_on_as_it_is(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    first = outbox.store
    outbox.add(rating("one"))
    outbox.begin_anew(NOW, why="fork", hub_next=1)
    second = outbox.store
    outbox.add(rating("two"))
    before = lines_of(outbox)
    outbox.begin_anew(NOW, why="fork", hub_next=1)
    _, *carried = lines_of(outbox)
    assert carried[:2] == before[:2]
    origins = [(event.store, event.seq) for event in map(decode_event, carried) if isinstance(event, Salvaged)]
    assert origins == [(first, 1), (second, 3)]
    outbox.close()


def test_receipts_stay_true_while_visitors_go_on(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    given: list[tuple[str, str]] = []
    stop = threading.Event()

    def tap(name: str) -> None:
        number = 0
        while not stop.is_set():
            visit = f"{name}-{number}"
            given.append((visit, outbox.add(rating(visit)).receipt))
            number += 1

    threads = [threading.Thread(target=tap, args=(f"t{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(4):
        before = len(given)
        while len(given) < before + 5:
            stop.wait(0.001)
        outbox.begin_anew(NOW, why="fork", hub_next=1)
    stop.set()
    for thread in threads:
        thread.join()
    found: dict[str, str] = {}
    for seq, line in enumerate(lines_of(outbox), 1):
        event = decode_event(line)
        if isinstance(event, Salvaged):
            inner = decode_event(event.line)
            assert isinstance(inner, Rating)
            found[inner.visit] = receipt_number(event.store, event.seq)  # type: ignore[arg-type]
        elif isinstance(event, Rating):
            found[event.visit] = receipt_number(outbox.store, seq)
    assert found == dict(given)
    cursor = outbox.cursor()
    assert cursor.head == chain.advance_all(chain.genesis(DEVICE, outbox.store), lines_of(outbox))
    outbox.close()


class Watched:
    """The store's lock; `on_release` runs whenever it has just been let go entirely."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self.on_release = lambda: None

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        free = self._depth == 0
        self._lock.release()
        if free:
            hook, self.on_release = self.on_release, lambda: None
            hook()


def test_a_tap_at_the_very_moment_the_store_was_renamed_gets_a_receipt_of_the_new_one(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    outbox.add(rating())
    lock: Any = Watched()
    outbox._lock = lock
    given: list[tuple[int, str]] = []

    def tap() -> None:
        stored = outbox.add(rating())
        given.append((stored.seq, stored.receipt))

    lock.on_release = tap
    outbox.begin_anew(NOW, why="fork", hub_next=1)
    assert given == [(3, receipt_number(outbox.store, 3))]
    outbox.close()


def test_a_disk_that_is_full_while_beginning_anew_leaves_everything_as_it_was(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    for number in range(300):
        outbox.add(rating(f"v{number}"))
    outbox.mark_acked(100, HUB_MS)
    before = (outbox.store, outbox.cursor(), lines_of(outbox))
    # SQLite's own limit, the same SQLITE_FULL as a full disk gives.
    pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxFull):
        outbox.begin_anew(NOW, why="fork", hub_next=100)
    assert (outbox.store, outbox.cursor(), lines_of(outbox)) == before
    assert outbox._db.execute("SELECT count(*) FROM mark").fetchone() == (1,)
    outbox._db.execute("PRAGMA max_page_count = 1000000")
    assert outbox.add(rating()).receipt == receipt_number(before[0], 301)
    outbox.close()


def test_a_store_that_cannot_be_written_to_begins_nothing_anew(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    outbox.add(rating())
    before = (outbox.store, outbox.cursor())
    outbox._db.execute("PRAGMA query_only = 1")
    with pytest.raises(OutboxUnusable):
        outbox.begin_anew(NOW, why="fork", hub_next=1)
    assert (outbox.store, outbox.cursor()) == before
    outbox.close()


def test_acknowledged_events_stay_for_days_of_the_hubs_own_time(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE, limits=Limits(keep_acked_ms=30 * DAY_MS))
    for day in range(40):
        outbox.add(rating())
        outbox.mark_acked(day + 2, HUB_MS + day * DAY_MS)
    # On day 39 what was acknowledged by day 9 may go: numbers up to 10.
    assert [seq for seq in range(1, 41) if outbox.has(seq)] == list(range(11, 41))
    outbox.close()


def test_an_idle_devices_events_go_by_the_hubs_time_too(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    for _ in range(3):
        outbox.add(rating())
    outbox.mark_acked(4, HUB_MS)
    outbox.mark_acked(4, HUB_MS + 29 * DAY_MS)
    assert outbox.has(1)
    outbox.mark_acked(4, HUB_MS + 30 * DAY_MS)
    assert not outbox.has(3)
    assert outbox.add(rating()).seq == 4
    assert outbox.head_before(4) is None or outbox.cursor().next_seq == 5
    outbox.close()


def test_the_devices_own_wall_clock_ends_no_retention(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    for year in range(5):
        wall_ms = AT.wall_ms + year * 365 * DAY_MS
        outbox.add(Rating(at=Reading(boot="b", mono_ms=year, wall_ms=wall_ms), visit="v", counter="c1", level=5))
        outbox.mark_acked(year + 2, HUB_MS + year)
    assert all(outbox.has(seq) for seq in range(1, 6))
    outbox.close()


def test_a_hub_clock_that_goes_back_forgets_nothing(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    outbox.add(rating())
    outbox.mark_acked(2, HUB_MS)
    for days in (-400, -1, 0, 1):
        outbox.mark_acked(2, HUB_MS + days * DAY_MS)
    assert outbox.has(1)
    outbox.close()


def test_what_a_restored_hub_wants_again_is_not_dropped_for_its_age(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    for _ in range(10):
        outbox.add(rating())
    outbox.mark_acked(11, HUB_MS)
    # Restored: it has only the first three, and says so a month later.
    outbox.mark_acked(4, HUB_MS + 31 * DAY_MS)
    assert [seq for seq in range(1, 11) if outbox.has(seq)] == list(range(4, 11))
    assert outbox.backlog() == 7
    outbox.close()


def test_the_count_ends_the_retention_before_its_time(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE, limits=Limits(keep_acked=3))
    for _ in range(10):
        outbox.add(rating())
    outbox.mark_acked(9, HUB_MS)
    assert [seq for seq in range(1, 11) if outbox.has(seq)] == [6, 7, 8, 9, 10]
    outbox.close()


def test_the_marks_of_the_retention_are_few(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    for hour in range(24 * 100):
        outbox.mark_acked(1, HUB_MS + hour * 3_600_000)
    assert outbox._db.execute("SELECT count(*) FROM mark").fetchone()[0] <= 31
    outbox.close()


def test_visitors_turned_away_are_counted_since_the_start(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE, limits=Limits(max_backlog=1, reserve_backlog=1))
    outbox.add(rating())
    assert outbox.refused == 0
    for _ in range(3):
        with pytest.raises(OutboxFull):
            outbox.add(rating())
    assert outbox.refused == 3
    outbox.add(complaint())
    assert outbox.refused == 3
    outbox.close()
    again = Outbox.open(path, device=DEVICE)
    assert again.refused == 0
    again.close()


def test_a_store_of_the_release_before_learns_to_keep_marks(path: Path) -> None:
    outbox = Outbox.open(path, device=DEVICE)
    outbox.add(rating())
    outbox.close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE mark")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm002_marks_of_the_retention'")
    db.close()
    again = Outbox.open(path, device=DEVICE)
    again.mark_acked(2, HUB_MS)
    assert again.has(1)
    again.close()
