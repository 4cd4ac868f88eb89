"""A device in a world: the real outbox in a real file, the real engine, power that may go at any moment."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from huiyin_firmware_sim.worlds.clocks import WorldClock
from huiyin_firmware_sim.worlds.network import ADDRESS, Network
from huiyin_firmware_sim.worlds.timeline import Timeline
from huiyin_kiosk.outbox.errors import OutboxFull
from huiyin_kiosk.outbox.store import Outbox
from huiyin_kiosk.sync.engine import Pace
from huiyin_kiosk.sync.loop import SyncedDevice
from huiyin_kiosk.sync.signing import DeviceKey
from huiyin_shared.events import Event, Feedback, Rating
from huiyin_shared.ids import DeviceId

PACE = Pace(answer_timeout_ms=2_000, redial_min_ms=200, redial_max_ms=8_000, beat_ms=15_000, halted_retry_ms=5_000)
OFF_MS = (500, 20_000)
PAGE_BYTES = 4_096


class PowerCutError(Exception):
    """The power went while the device was doing something."""


class Card(NamedTuple):
    """What a card holds at one moment: the database's file and its write-ahead log."""

    database: bytes
    log: bytes

    @classmethod
    def read(cls, path: Path) -> "Card":
        """Read a card while it is in use or not."""
        log = _log_of(path)
        return cls(path.read_bytes(), log.read_bytes() if log.exists() else b"")

    def put(self, path: Path) -> None:
        """Make a card hold this and nothing else."""
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
        path.write_bytes(self.database)
        _log_of(path).write_bytes(self.log)


class FailingConnection:
    """The outbox's connection, with power that goes at a chosen statement: before it runs, or right after.

    With `torn`, the power goes while a COMMIT waits for the disk: some of the log's pages are written, others not.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, at: int, after: bool, torn: Callable[[], None] | None = None
    ) -> None:
        self._connection = connection
        self._left = at
        self._after = after
        self._torn = torn

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Run the statement, unless the power goes first."""
        self._left -= 1
        if self._torn and sql == "COMMIT":
            self._torn()
            self._connection.execute(sql)
            raise PowerCutError
        if self._left == 0 and not self._after:
            raise PowerCutError
        cursor = self._connection.execute(sql, *values)
        if self._left == 0:
            raise PowerCutError
        return cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class WorldDevice:
    """One device, or one copy of its card in another device.

    `thanked` holds what visitors were thanked for, `attempted` also what was cut off half-way, both by visit, and
    `happened_ms` when it truly was.
    """

    def __init__(
        self,
        label: str,
        device: DeviceId,
        path: Path,
        *,
        key: DeviceKey,
        timeline: Timeline,
        network: Network,
        rng: Random,
        full: Callable[[], bool],
        turn_ms: int,
    ) -> None:
        self.label = label
        self.name = device
        self.path = path
        self.key = key
        self.clock = WorldClock(timeline, label)
        self.thanked: dict[str, Event] = {}
        self.attempted: dict[str, Event] = {}
        self.happened_ms: dict[str, int] = {}
        self.stores: set[str] = set()
        self.on = False
        self._timeline = timeline
        self._network = network
        self._rng = rng
        self._full = full
        self._turn_ms = turn_ms
        self._visits = 0
        self._turn = 0
        self.boot()

    def boot(self) -> None:
        """Start with what is on the card."""
        self.clock.boot()
        self.outbox = Outbox.open(self.path, device=self.name, random_bytes=self._rng.randbytes)
        self.outbox.free_bytes = lambda: 0 if self._full() else 1 << 40  # type: ignore[method-assign]
        self.sync = SyncedDevice(
            outbox=self.outbox,
            clock=self.clock,
            broker=ADDRESS,
            rng=self._rng,
            version="world",
            pace=PACE,
            open_link=self._network.open_link,
            key=self.key,
            random_bytes=self._rng.randbytes,
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
        self.stores.add(self.outbox.store)
        # Messages change what is due; a short turn in between stands for the loop that they would have woken.
        delay_ms = max(1, min(self._turn_ms, self.clock.true_delay_ms(wake_at_ms)))
        self._timeline.after(delay_ms, lambda: self.step() if turn == self._turn else None)

    def tap(self, *, power_cut_at: int = 0, after: bool = False, torn: bool = False) -> None:
        """A visitor rates or complains; with `power_cut_at` the power goes at that statement of the write, with `torn`
        while its COMMIT waits for the disk.
        """
        if not self.on:
            return
        visit, event = self._event()
        self.attempted[visit] = event
        self.happened_ms[visit] = self._timeline.now_ms
        before: list[Card] = []
        connection = self.outbox._db  # noqa: SLF001 - the fault is injected exactly here
        if power_cut_at or torn:
            self.outbox._db = FailingConnection(  # type: ignore[assignment]  # noqa: SLF001
                connection,
                at=power_cut_at,
                after=after,
                torn=(lambda: before.append(Card.read(self.path))) if torn else None,
            )
        try:
            self.outbox.add(event)
        except PowerCutError:
            self.cut_power(before=before[0] if before else None)
            return
        except OutboxFull:
            # The visitor is told; nothing was accepted. What would have cut the power never came.
            del self.attempted[visit]
            self.outbox._db = connection  # noqa: SLF001
            return
        self.thanked[visit] = event
        if power_cut_at:
            self.cut_power()
            return
        self.step()

    def cut_power(self, *, before: Card | None = None, card: Card | None = None) -> None:
        """Everything not on the card is gone; some time later the device starts again, with another card if given.

        With `before`, the card as it was before the write that was going on, a part of that write is lost.
        """
        if not self.on:
            return
        self.on = False
        self._network.drop_silently(self.name, self.sync)
        left = card or Card.read(self.path)
        if before:
            left = left._replace(log=self._torn(before.log, left.log))
        # Closing tidies up as no power cut would: what was there before is put back.
        self.outbox.close()
        left.put(self.path)
        self._timeline.after(self._rng.randint(*OFF_MS), self.boot)

    def stop(self) -> None:
        """Close the file; the world is over."""
        if self.on:
            self.on = False
            self.outbox.close()

    def _torn(self, before: bytes, after: bytes) -> bytes:
        """Return the log with some of its new pages written, whole or in part, and the others as they were."""
        pages = range(0, max(len(before), len(after)), PAGE_BYTES)
        parts = []
        for at in pages:
            old, new = before[at : at + PAGE_BYTES], after[at : at + PAGE_BYTES]
            cut = self._rng.choice((0, PAGE_BYTES, self._rng.randrange(PAGE_BYTES)))
            parts.append(new[:cut] + (old[cut:] or bytes(len(new) - len(new[:cut]))))
        return b"".join(parts)

    def _event(self) -> tuple[str, Event]:
        self._visits += 1
        at = self.clock.reading()
        visit = f"{self.label}-{self._visits}"
        if self._rng.random() < 0.1:
            return visit, Feedback(at=at, visit=visit, kind="complaint", counter="c1", text=f"第 {self._visits} 件")
        return visit, Rating(at=at, visit=visit, counter="c1", level=self._rng.randint(1, 5))


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
