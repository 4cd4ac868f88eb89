"""The hub in a world: the real ingest writer on a real SQLite file, killed and restored at will."""

import shutil
import sqlite3
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine, text

from huiyin_firmware_sim.worlds.network import Network
from huiyin_firmware_sim.worlds.timeline import Timeline
from huiyin_hub.db.engine import open_engine, sqlite_url
from huiyin_hub.ingest.link import Message
from huiyin_hub.ingest.writer import Writer
from huiyin_shared.frames import HubState, encode

FLUSH_MS = 20
DOWN_MS = 3_000


class Everyone:
    """A registry in which every device of the world is known."""

    def standing(self, device: str) -> Literal["active", "revoked", "unknown"]:
        """Return that a device may speak."""
        return "active" if device else "unknown"


class WorldHub:
    """Collects what arrives, writes it every few milliseconds, answers after the COMMIT."""

    def __init__(self, path: Path, *, timeline: Timeline, network: Network, template: Path) -> None:
        self.path = path
        self.kill_next: Literal["", "before_commit", "before_ack"] = ""
        self.forged = 0
        """Forged batches that were committed, as this database knows it."""
        self._timeline = timeline
        self._network = network
        self._inbox: list[Message] = []
        self._instance = 0
        self.forgeries: set[bytes] = set()
        self._forged_in: dict[Path, int] = {}
        self._flush_planned = False
        shutil.copyfile(template, path)
        network.to_hub = self.arrive
        self.start()

    def start(self) -> None:
        """Start a new process on what is in the file."""
        self.engine: Engine = open_engine(sqlite_url(self.path))
        self._writer = Writer(
            self.engine, Everyone(), clock=lambda: self._timeline.now_ms, pause=lambda _seconds: False
        )
        self.on = True
        self._instance += 1
        self.announce()

    def announce(self) -> None:
        """Publish the retained state."""
        if self.on:
            state = HubState("online", f"instance-{self._instance}", self._timeline.now_ms)
            self._network.announce_hub(encode(state))

    def arrive(self, topic: str, payload: bytes) -> None:
        """Take a message in; while the hub is down nobody does."""
        if not self.on:
            return
        self._inbox.append(Message(topic, payload, self._timeline.now_ms))
        if not self._flush_planned:
            self._flush_planned = True
            self._timeline.after(FLUSH_MS, self._flush)

    def kill(self) -> None:
        """SIGKILL: what was not committed is gone; it starts again after a while."""
        if not self.on:
            return
        self.on = False
        self._inbox.clear()
        self.engine.dispose()
        self._network.announce_hub(encode(HubState("offline", f"instance-{self._instance}", self._timeline.now_ms)))
        self._timeline.after(DOWN_MS, self.start)

    def back_up(self, copy: Path) -> None:
        """Copy the database while it is in use, as SQLite's backup does."""
        self._forged_in[copy] = self.forged
        with sqlite3.connect(self.path) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()

    def restore(self, copy: Path) -> None:
        """Kill the hub and put an older copy of its database in place."""
        if not self.on or not copy.exists():
            return
        self.kill()
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(copy, self.path)
        self.forged = self._forged_in[copy]

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Return rows of the database as it is now."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    def _flush(self) -> None:
        self._flush_planned = False
        if not self.on:
            return
        messages, self._inbox = self._inbox, []
        fate, self.kill_next = self.kill_next, ""
        if fate == "before_commit":
            self.kill()
            return
        answers = self._writer.write(messages)
        self.forged += sum(message.payload in self.forgeries for message in messages)
        if fate == "before_ack":
            self.kill()
            return
        for topic, payload in answers:
            self._network.carry_down(topic, payload)
