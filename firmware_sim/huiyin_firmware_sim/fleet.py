"""A fleet of simulated button terminals: the device's own store and sync, with pretend visitors at the buttons."""

import json
import logging
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from threading import Event, Lock

import structlog

from huiyin_firmware_sim.history import HALL_TIME, Past, record_past
from huiyin_firmware_sim.plan import HOUR_MS, OPENS_MS, Act, Place, event_of, fleet_day
from huiyin_firmware_sim.terminals import broker_of
from huiyin_kiosk.clock import DeviceClock
from huiyin_kiosk.outbox.errors import OutboxFull
from huiyin_kiosk.outbox.opening import open_or_replace
from huiyin_kiosk.settings import KioskSettings
from huiyin_kiosk.sync.loop import SyncedDevice, SyncLoop
from huiyin_shared import __version__
from huiyin_shared.catalogue import Catalogue
from huiyin_shared.desired import Desired, decode_desired

BEGINS_MS = 9 * HOUR_MS
"""The first simulated day begins when visitors come in numbers, milliseconds since local midnight."""

CONFIGURATION_TIMEOUT_S = 10.0
DRAIN_TIMEOUT_S = 5.0
TELL_EVERY_S = 10.0


def log_warnings_only() -> None:
    """Send warnings and worse to standard error; standard output is for what a person or program reads."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@dataclass(frozen=True)
class Options:
    """How the fleet lives: `speed` seconds of a hall's day pass in one of ours; `resting` counters get no visitors."""

    seed: int = 7
    speed: float = 60.0
    history_days: int = 0
    resting: frozenset[str] = frozenset()


class Terminal:
    """One terminal of the fleet: its store, its sync, and where it stands as the hub told it."""

    def __init__(self, settings: KioskSettings, *, clock: DeviceClock, seed: int) -> None:
        self.outbox = open_or_replace(settings.outbox_path, device=settings.device_id, at=clock.reading())
        self._lock = Lock()
        self._place = Place(settings.counter)
        self.configured = Event()
        kept = self.outbox.setting("desired")
        if kept is not None:
            self._on_desired(decode_desired(kept))
        self.synced = SyncedDevice(
            outbox=self.outbox,
            clock=clock,
            broker=broker_of(settings),
            rng=Random(f"{seed}/{settings.device}/network"),
            version=f"sim-{__version__}",
            on_desired=self._on_desired,
        )

    @property
    def place(self) -> Place:
        """Return where the terminal stands; the hub may say otherwise at any time."""
        with self._lock:
            return self._place

    def _on_desired(self, desired: Desired) -> None:
        staff = desired.own_counter().staff
        categories = frozenset(card.code for card in desired.categories)
        with self._lock:
            self._place = Place(desired.counter, staff.code if staff else "", categories)
        self.configured.set()


class Fleet:
    """All terminals, served by one sync thread.

    `say` gets a line for programs when the fleet is ready and when it has ended, and now and then one for people.
    """

    def __init__(
        self, devices: Sequence[KioskSettings], *, options: Options, texts: Catalogue, say: Callable[[str], None]
    ) -> None:
        self._options = options
        self._texts = texts
        self._say = say
        self._clock = DeviceClock()
        self._loop = SyncLoop()
        self._terminals = {
            settings.device_id: Terminal(settings, clock=self._clock, seed=options.seed) for settings in devices
        }
        self._past = 0
        self._live = 0
        self._refused = 0

    def run(self, *, stop: Event, seconds: float | None = None) -> None:
        """Live until `stop`, or for `seconds`; at the end let the stores drain, then say farewell."""
        self._loop.start()
        try:
            deadline_s = math.inf if seconds is None else time.monotonic() + seconds
            self._begin(stop, deadline_s)
            self._live_days(stop, deadline_s)
            self._wait_drained(time.monotonic() + DRAIN_TIMEOUT_S)
            self._say(json.dumps(self.figures()))
        finally:
            self._loop.stop()
            for terminal in self._terminals.values():
                terminal.outbox.close()

    def figures(self) -> dict[str, int]:
        """Return what the fleet did, counted."""
        states = [terminal.synced.state() for terminal in self._terminals.values()]
        return {
            "devices": len(states),
            "connected": sum(state.connected for state in states),
            "past_events": self._past,
            "live_events": self._live,
            "refused": self._refused,
            "backlog": sum(state.backlog for state in states),
        }

    def _begin(self, stop: Event, deadline_s: float) -> None:
        wished = Past(seed=self._options.seed, days=self._options.history_days, until_ms=time.time_ns() // 1_000_000)
        for terminal in self._terminals.values():
            self._loop.add(terminal.synced)
        # Who sits at a counter and what complaints are filed under comes from the hub; without it, it is left open.
        give_up_s = min(deadline_s, time.monotonic() + CONFIGURATION_TIMEOUT_S)
        while not all(terminal.configured.is_set() for terminal in self._terminals.values()):
            if stop.wait(0.05) or time.monotonic() > give_up_s:
                break
        for terminal in self._terminals.values():
            if stop.is_set():
                return
            self._past += record_past(terminal.outbox, place=terminal.place, wished=wished)
            self._loop.notify(terminal.synced)
        while not stop.wait(0.05) and time.monotonic() < deadline_s:
            states = [terminal.synced.state() for terminal in self._terminals.values()]
            if all(state.connected and not state.backlog for state in states):
                self._say(f"fleet ready {len(states)}")
                return

    def _live_days(self, stop: Event, deadline_s: float) -> None:
        began_s = told_s = time.monotonic()
        day = datetime.now(HALL_TIME).date()
        lived_ms = BEGINS_MS
        while not stop.is_set():
            for act in fleet_day(seed=self._options.seed, devices=self._terminals, day=day):
                if act.at_ms < lived_ms:
                    continue
                due_s = began_s + (act.at_ms - lived_ms) / 1000 / self._options.speed
                if due_s > deadline_s:
                    stop.wait(max(0.0, deadline_s - time.monotonic()))
                    return
                if stop.wait(max(0.0, due_s - time.monotonic())):
                    return
                self._perform(act)
                if time.monotonic() > told_s + TELL_EVERY_S:
                    told_s = time.monotonic()
                    self._say(self._texts("fleet-living", **self.figures()))
            # Nights are left out: the next day opens when the last visitor has gone.
            day += timedelta(days=1)
            began_s, lived_ms = time.monotonic(), OPENS_MS

    def _perform(self, act: Act) -> None:
        terminal = self._terminals[act.device]
        place = terminal.place
        if place.counter in self._options.resting:
            return
        try:
            terminal.outbox.add(event_of(act, at=self._clock.reading(), place=place))
        except OutboxFull:
            self._refused += 1  # A real terminal lights its red lamp: the visitor knows, nothing was accepted.
            return
        self._live += 1
        self._loop.notify(terminal.synced)

    def _wait_drained(self, deadline_s: float) -> None:
        while time.monotonic() < deadline_s:
            if not any(terminal.synced.state().backlog for terminal in self._terminals.values()):
                return
            time.sleep(0.05)
