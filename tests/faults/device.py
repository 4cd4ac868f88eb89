"""A device as a process of its own: a real store, a real sync, and a pretend visitor who taps and keeps a journal.

The journal is what the tests hold the hub to. A line is written before a tap is given to the store (`try`) and after
the store has taken it (`thanked`); a write that returned survives SIGKILL, so the journal never claims too much.
"""

import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import msgspec

from huiyin_kiosk.clock import DeviceClock
from huiyin_kiosk.outbox.store import Limits, Outbox
from huiyin_kiosk.settings import load_settings
from huiyin_kiosk.sync import link
from huiyin_kiosk.sync.engine import Pace
from huiyin_kiosk.sync.loop import BrokerAddress, SyncedDevice, SyncLoop
from huiyin_shared.errors import HuiyinError
from huiyin_shared.events import Feedback, Rating

QUICK = Pace(
    answer_timeout_ms=800,
    answer_timeout_max_ms=3_000,
    redial_min_ms=50,
    redial_max_ms=400,
    beat_ms=1_000,
    halted_retry_ms=500,
    hub_away_ms=2_000,
)
"""The product's engine with shorter waits: a hundred faults are to fit into seconds."""

REFUSED_PAUSE_S = 0.005
TEXT = "排队四十分钟，窗口却在聊天。"


class Job(msgspec.Struct):
    """What a device process is to do. `taps` none: until SIGUSR1; the journal says `drained` when all is at the hub."""

    settings: str
    journal: str
    outbox: str
    run: int = 1
    taps: int | None = None
    pause_s: float = 0.0
    feedback_every: int = 0
    port: int | None = None
    protocol: str | None = None
    limits: dict[str, int] | None = None
    wall: str = "true"
    max_file_bytes: int = 0


class Kit:
    """The one place that puts a device together: its store, its sync and the loop that drives it."""

    def __init__(self, job: Job) -> None:
        settings = load_settings(Path(job.settings))
        self.name = settings.device
        self.counter = settings.counter
        self.clock = DeviceClock()
        self.outbox = Outbox.open(Path(job.outbox), device=settings.device_id, limits=Limits(**(job.limits or {})))
        self.synced = SyncedDevice(
            outbox=self.outbox,
            clock=self.clock,
            broker=BrokerAddress(
                settings.broker.host,
                job.port or settings.broker.port,
                settings.device,
                settings.password,
                job.protocol or settings.broker.protocol,  # type: ignore[arg-type]
            ),
            rng=Random(f"{settings.device}/{job.run}"),
            version="faults",
            pace=QUICK,
        )
        self.loop = SyncLoop()
        self.loop.add(self.synced)
        self.loop.start()

    def close(self) -> None:
        self.loop.stop()
        self.outbox.close()


class Journal:
    """Lines that are in the kernel's hands when `note` returns."""

    def __init__(self, path: str) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, *words: object) -> None:
        os.write(self._handle, (" ".join(str(word) for word in words) + "\n").encode())


def run(argument: Any) -> None:
    """Live as the job says until SIGTERM."""
    quiet, ended = Event(), Event()
    signal.signal(signal.SIGUSR1, lambda *_: quiet.set())
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    if hasattr(link, "PUBACK_PATIENCE_S"):
        link.PUBACK_PATIENCE_S = 1.0
    job = msgspec.convert(argument, Job)
    wear_wall_clock(job.wall)
    journal = Journal(job.journal)
    journal.note("begin", job.run)
    if job.max_file_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job.max_file_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    kit = Kit(job)
    journal.note("ready", job.run)
    halted = Halts(kit, journal)
    number = 0
    while not ended.is_set() and not quiet.is_set() and (job.taps is None or number < job.taps):
        number += 1
        tap(kit, job, journal, number)
        halted.watch()
        if job.pause_s:
            ended.wait(job.pause_s)
    journal.note("quiet", job.run)
    was_drained = False
    while not ended.wait(0.01):
        drained = kit.synced.state().connected and kit.outbox.backlog() == 0
        if drained and not was_drained:
            journal.note("drained", job.run)
        was_drained = drained
        halted.watch()
    kit.close()


class Halts:
    """Notes in the journal why the sync has halted, each time it does."""

    def __init__(self, kit: Kit, journal: Journal) -> None:
        self._kit = kit
        self._journal = journal
        self._last = ""

    def watch(self) -> None:
        reason = self._kit.synced.state().halted
        if reason and reason != self._last:
            self._journal.note("halted", reason)
        self._last = reason


def true_ms() -> int:
    """Return the machine's wall clock, whatever this process believes."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME) // 1_000_000


def tap(kit: Kit, job: Job, journal: Journal, number: int) -> None:
    visit = f"{kit.name}-{job.run}-{number}"
    before_ms = true_ms()
    at = kit.clock.reading()
    after_ms = true_ms()
    event: Rating | Feedback
    if job.feedback_every and number % job.feedback_every == 0:
        kind = "feedback"
        event = Feedback(at=at, visit=visit, kind="complaint", counter=kit.counter, text=TEXT)
    else:
        kind = "rating"
        event = Rating(at=at, visit=visit, counter=kit.counter, level=number % 5 + 1)
    journal.note("try", visit, kind)
    try:
        stored = kit.outbox.add(event)
    except HuiyinError as error:
        journal.note("refused", visit, kind, type(error).__name__)
        time.sleep(REFUSED_PAUSE_S)
        return
    journal.note("thanked", visit, kind, stored.seq, before_ms, after_ms, at.wall_ms)
    kit.loop.notify(kit.synced)


STEP_AFTER_S = 1.0
HOUR_NS = 3_600 * 10**9
YEAR_NS = 365 * 24 * HOUR_NS


def wear_wall_clock(name: str) -> None:
    """Have this process believe another wall clock; the time since boot stays true."""
    if name == "true":
        return
    true_ns = time.time_ns
    since_ns: Callable[[], int] = lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME)  # noqa: E731
    began_ns = since_ns()

    def stepped() -> bool:
        return since_ns() - began_ns > STEP_AFTER_S * 10**9

    walls: dict[str, Callable[[], int]] = {
        "1970": lambda: since_ns() - began_ns,
        "ten years ahead": lambda: true_ns() + 10 * YEAR_NS,
        "stepped back": lambda: true_ns() + (-2 if stepped() else 3) * HOUR_NS,
        "leap second": lambda: true_ns() - (10**9 if stepped() else 0),
    }
    wall_ns = walls[name]
    time.time_ns = wall_ns
    time.time = lambda: wall_ns() / 10**9
