"""A broker that dies with everything it had kept, again and again, in the middle of a storm of visitors."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Protocol

import pytest

from faults.rig import Child, Device, Hall, Nursery, free_port, listens, verify, wait_for

SEED = 7
ROUNDS = 5
MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_on_changes true
autosave_interval 1
max_queued_messages 20000
"""


class Broker(Protocol):
    def lose(self) -> None:
        """Kill it with SIGKILL, take its folder away, and have it run again, empty."""


class Mosquitto:
    """A mosquitto that keeps sessions, retained and queued messages on disk, as one of a site's own may."""

    def __init__(self, folder: Path, port: int) -> None:
        self._kept = folder / "kept"
        self._port = port
        self._config = folder / "mosquitto.conf"
        user = "user root\n" if os.geteuid() == 0 else ""
        self._config.write_text(user + MOSQUITTO.format(port=port, folder=self._kept))
        self._program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
        self._log = (folder / "mosquitto.log").open("ab")
        self._start()

    def _start(self) -> None:
        self._kept.mkdir()
        assert self._program
        self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=self._log, stderr=self._log)
        wait_for(lambda: listens(self._port), "mosquitto does not listen")

    def lose(self) -> None:
        # Without a database on disk there would be nothing to lose.
        wait_for((self._kept / "mosquitto.db").exists, "mosquitto keeps nothing")
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._kept)
        time.sleep(0.3)
        self._start()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()


class EmbeddedNats:
    """The nats-server that `huiyin-hub broker` runs, and starts again when it dies."""

    def __init__(self, hall: Hall, keeper: Child) -> None:
        self._keeper = keeper
        self._kept = hall.folder / "data" / "broker" / "jetstream"

    def lose(self) -> None:
        wait_for(lambda: any(self._kept.rglob("*.blk")), "nats-server keeps nothing")
        pid = self._pid()
        # The next one starts within a fifth of a second, and must find nothing: its keeper stands still meanwhile.
        self._keeper.send(signal.SIGSTOP)
        try:
            wait_for(lambda: _state(self._keeper.pid) == "T", "the keeper does not stand still")
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: _state(pid) == "Z", "nats-server does not die")
            shutil.rmtree(self._kept)
        finally:
            self._keeper.send(signal.SIGCONT)
        wait_for(lambda: self._pid() != pid, "nats-server was not started again")

    def _pid(self) -> int:
        def children() -> list[int]:
            tasks = Path(f"/proc/{self._keeper.pid}/task").iterdir()
            return [int(child) for task in tasks for child in (task / "children").read_text().split()]

        return wait_for(children, "nats-server does not run")[0]


def _state(pid: int) -> str:
    """Return the letter of what a process is doing: T stopped, Z dead, whether its parent has taken notice or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


@contextmanager
def mosquitto_hall(nursery: Nursery, folder: Path) -> Iterator[tuple[Hall, Broker]]:
    port = free_port()
    broker = Mosquitto(folder, port)
    try:
        yield Hall(nursery, folder, broker="external", port=port), broker
    finally:
        broker.close()


@contextmanager
def nats_hall(nursery: Nursery, folder: Path) -> Iterator[tuple[Hall, Broker]]:
    hall = Hall(nursery, folder, broker="nats")
    keeper = hall.start_ready("broker")
    try:
        yield hall, EmbeddedNats(hall, keeper)
    finally:
        assert keeper.end() == 0, keeper.errors()[-2_000:]


@pytest.mark.parametrize(
    "open_hall", [nats_hall, pytest.param(mosquitto_hall, marks=pytest.mark.needs_mosquitto)], ids=["nats", "mosquitto"]
)
def test_a_broker_killed_with_its_folder_again_and_again_costs_nothing(
    open_hall: type, nursery: Nursery, tmp_path: Path
) -> None:
    print(f"seed {SEED}")
    dice = Random(SEED)
    with open_hall(nursery, tmp_path) as (hall, broker):
        ingest = hall.start_ready("ingest")
        devices = [Device(hall, name, pause_s=0.002, feedback_every=50) for name in ("t-01", "t-02", "t-03")]
        for device in devices:
            device.start()
        for _ in range(ROUNDS):
            before = hall.count()
            # Each round begins with the storm flowing: it is lost in the middle of it, not between two losses.
            wait_for(lambda before=before: hall.count() > before, "nothing arrives any more")
            time.sleep(dice.uniform(0.0, 0.3))
            broker.lose()
        for device in devices:
            device.quieten()
        for device in devices:
            device.wait_until_drained()
            device.stop()
        assert ingest.end() == 0, ingest.errors()[-2_000:]
        verify(hall, *devices)
