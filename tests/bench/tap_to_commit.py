"""A tap until it is safe on the device's disk. Yardstick: one bare fsynced SQLite commit of a line as long."""

import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from tests.bench.figures import Figure

from huiyin_kiosk.clock import DeviceClock
from huiyin_kiosk.outbox.store import Outbox
from huiyin_shared.events import Rating, encode_event
from huiyin_shared.ids import device_id

TAPS = 2_000
ROUNDS = 20


def measure() -> Figure:
    """Return the median time of a tap in ms; tap and bare commit take turns, so that a busy disk hits both."""
    with tempfile.TemporaryDirectory() as folder:
        clock = DeviceClock()
        outbox = Outbox.open(Path(folder) / "outbox.db", device=device_id("bench"))
        bare = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            bare.execute(f"PRAGMA {pragma}")
        bare.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, line BLOB NOT NULL)")
        line = encode_event(_tap(clock, 0))
        taps_ms: list[float] = []
        bare_ms: list[float] = []
        for number in range(TAPS):
            if number % (TAPS // ROUNDS) < TAPS // ROUNDS // 2:
                started = time.perf_counter()
                outbox.add(_tap(clock, number))
                taps_ms.append((time.perf_counter() - started) * 1_000)
            else:
                started = time.perf_counter()
                bare.execute("INSERT INTO event (line) VALUES (?)", (line,))
                bare_ms.append((time.perf_counter() - started) * 1_000)
        outbox.close()
        bare.close()
    return Figure("tap_to_commit", statistics.median(taps_ms), "ms", statistics.median(bare_ms))


def _tap(clock: DeviceClock, number: int) -> Rating:
    return Rating(at=clock.reading(), visit=f"v{number}", counter="h1-c1", level=1 + number % 5)
