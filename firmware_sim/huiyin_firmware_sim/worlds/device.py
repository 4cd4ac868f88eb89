"""A device in a world: the real outbox in a real file, the real engine, power that may go at any moment."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from huiyin_firmware_sim.worlds.clocks import WorldClock
from huiyin_firmware_sim.worlds.network import ADDRESS, Network
from huiyin_firmware_sim.worlds.timeline import Timeline
from huiyin_kiosk.outbox.errors import OutboxFull
from huiyin_kiosk.outbox.store import Outbox
from huiyin_kiosk.sync.engine import Pace
from huiyin_kiosk.sync.loop import SyncedDevice
from huiyin_shared.events import Event, Feedback, Rating
from huiyin_shared.ids import device_id

PACE = Pace(answer_timeout_ms=2_000, redial_min_ms=200, redial_max_ms=8_000, beat_ms=15_000, halted_retry_ms=5_000)
OFF_MS = (500, 20_000)


class PowerCutError(Exception):
    """The power went while the device was doing something."""


class FailingConnection:
    """The outbox's connection, with power that goes at a chosen statement: before it runs, or right after."""

    def __init__(self, connection: sqlite3.Connection, *, at: int, after: bool) -> None:
        self._connection = connection
        self._left = at
        self._after = after

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Run the statement, unless the power goes first."""
        self._left -= 1
        if self._left == 0 and not self._after:
            raise PowerCutError
        cursor = self._connection.execute(sql, *values)
        if self._left == 0:
            raise PowerCutError
        return cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class WorldDevice:
    """One device. `thanked` holds what visitors were thanked for, `attempted` also what was cut off half-way."""

    def __init__(
        self, name: str, path: Path, *, timeline: Timeline, network: Network, rng: Random, full: Callable[[], bool]
    ) -> None:
        self.name = device_id(name)
        self.path = path
        self.clock = WorldClock(timeline, name)
        self.thanked: dict[tuple[str, int], Event] = {}
        self.attempted: list[Event] = []
        self.refused = 0
        self.on = False
        self._timeline = timeline
        self._network = network
        self._rng = rng
        self._full = full
        self._visits = 0
        self._turn = 0
        self.boot()

    def boot(self) -> None:
        """Start with what is on the card."""
        self.clock.boot()
        self.outbox = Outbox.open(self.path, device=self.name, random_bytes=self._rng.randbytes)
        self.sync = SyncedDevice(
            outbox=self.outbox,
            clock=self.clock,
            broker=ADDRESS,
            rng=self._rng,
            version="world",
            pace=PACE,
            open_link=self._network.open_link,
        )
        self.on = True
        self.step()

    def step(self) -> None:
        """Let the sync do what is due, and plan its next turn."""
        if not self.on:
            return
        self._turn += 1
        turn = self._turn
        wake_at_ms = self.sync.step()
        # Messages change what is due; a short turn in between stands for the loop that they would have woken.
        delay_ms = max(1, min(250, self.clock.true_delay_ms(wake_at_ms)))
        self._timeline.after(delay_ms, lambda: self.step() if turn == self._turn else None)

    def tap(self, *, power_cut_at: int = 0, after: bool = False) -> None:
        """A visitor rates or complains; with `power_cut_at` the power goes at that statement of the write."""
        if not self.on:
            return
        event = self._event()
        if self._full():
            # What the outbox itself says on a full disk; nothing was accepted, the visitor is told.
            self.refused += 1
            return
        self.attempted.append(event)
        if power_cut_at:
            self.outbox._db = FailingConnection(self.outbox._db, at=power_cut_at, after=after)  # type: ignore[assignment]  # noqa: SLF001 - the fault is injected exactly here
        try:
            stored = self.outbox.add(event)
        except PowerCutError:
            self.cut_power()
            return
        except OutboxFull:
            self.refused += 1
            return
        self.thanked[self.outbox.store, stored.seq] = event
        if power_cut_at:
            self.cut_power()
            return
        self.step()

    def cut_power(self) -> None:
        """Everything not on the card is gone; some time later the device starts again."""
        if not self.on:
            return
        self.on = False
        self._network.drop_silently(self.name)
        self.outbox.close()
        self._timeline.after(self._rng.randint(*OFF_MS), self.boot)

    def stop(self) -> None:
        """Close the file; the world is over."""
        if self.on:
            self.on = False
            self.outbox.close()

    def _event(self) -> Event:
        self._visits += 1
        at = self.clock.reading()
        visit = f"{self.name}-{self._visits}"
        if self._rng.random() < 0.1:
            return Feedback(at=at, visit=visit, kind="complaint", counter="c1", text=f"第 {self._visits} 件")
        return Rating(at=at, visit=visit, counter="c1", level=self._rng.randint(1, 5))
