"""What the fault runs share: children of the nursery, a hub's folder, devices with their journals, the verdict."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

TESTS = Path(__file__).parents[1]
PATIENCE_S = 60.0
"""How long anything may take that is to happen at all; nobody measures here."""

T = TypeVar("T")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], T], why: Callable[[], str] | str, seconds: float = PATIENCE_S) -> T:
    """Return the first true value of `what`; `why` says what was waited for in vain."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, f"waited {seconds} s in vain: {why if isinstance(why, str) else why()}"
        time.sleep(0.01)
    return value


def listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def child_environment() -> dict[str, str]:
    """Return an environment in which a Python finds the fault runs' modules."""
    path = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path}


class Nursery:
    """The running warm parent; `wrapper` is a command that starts it in surroundings of its own."""

    def __init__(self, wrapper: Sequence[str] = ()) -> None:
        self._process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=child_environment(),
        )

    def order(self, do: str, **values: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **values}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the nursery has ended"
        return dict(json.loads(answer))

    def query(self, path: Path, sql: str) -> list[list[Any]]:
        """Return what a SQLite database on one of its disks says; blobs as text."""
        return list(self.order("query", path=str(path), sql=sql)["rows"])

    def start(self, run: str, argument: Any, *, out: Path, err: Path) -> "Child":
        out.touch()
        err.touch()
        began = out.stat().st_size
        pid = self.order("start", run=run, argument=argument, out=str(out), err=str(err))["pid"]
        return Child(self, pid, out, began, err)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


class Child:
    """A process forked by the nursery, and what it has said since it began."""

    def __init__(self, nursery: Nursery, pid: int, out: Path, began: int, err: Path) -> None:
        self._nursery = nursery
        self.pid = pid
        self._out = out
        self._began = began
        self._err = err
        self._status: int | None = None

    def said(self) -> str:
        with self._out.open("rb") as out:
            out.seek(self._began)
            return out.read().decode()

    def errors(self) -> str:
        return self._err.read_text()

    def alive(self) -> bool:
        if self._status is None:
            self._status = self._nursery.order("wait", pid=self.pid).get("status")
        return self._status is None

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            if "ready " in self.said():
                return True
            assert self.alive(), f"it ended: {self.errors()[-2_000:]}"
            return False

        wait_for(ready, lambda: f"it never said ready: {self.errors()[-2_000:]}")

    def send(self, number: signal.Signals) -> None:
        self._nursery.order("signal", pid=self.pid, number=number)

    def wait(self) -> int:
        """Return how it ended. The nursery is asked again and again: waiting there it would hear nothing else."""
        wait_for(lambda: not self.alive(), lambda: f"it does not end: {self.errors()[-2_000:]}")
        assert self._status is not None
        return self._status

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal if it still runs, and return how it ended."""
        if self.alive():
            self.send(number)
        return self.wait()


class Arrived(NamedTuple):
    """An event as the hub keeps it."""

    device: str
    seq: int
    visit: str
    line: dict[str, Any]
    occurred_ms: int
    error_ms: int


class Hall:
    """A hub's folder with the demo organisation and its devices; the hub's parts run as children of the nursery."""

    def __init__(
        self,
        nursery: Nursery,
        folder: Path,
        *,
        broker: str,
        port: int | None = None,
        database: Path | None = None,
    ) -> None:
        self.nursery = nursery
        self.folder = folder
        self.port = port or free_port()
        self._database = database or folder / "data" / "hub.db"
        self.settings = folder / "hub.toml"
        wanted = ['data_dir = "data"', f'broker = "{broker}"', f"broker_port = {self.port}"]
        if database:
            wanted.append(f'database = "sqlite:///{database}"')
        self.settings.write_text("\n".join(wanted) + "\n")
        self.command("demo-data", "--into", str(folder))

    def start(self, part: str) -> Child:
        """Start `huiyin-hub PART`; it may not be ready yet."""
        return self.nursery.start(
            "hub",
            [part, "--settings", str(self.settings)],
            out=self.folder / f"{part}.out",
            err=self.folder / f"{part}.err",
        )

    def start_ready(self, part: str) -> Child:
        child = self.start(part)
        child.wait_until_ready()
        return child

    def command(self, *arguments: str) -> str:
        """Run a hub command to its end and return what it printed."""
        child = self.nursery.start(
            "hub",
            [*arguments, "--settings", str(self.settings)],
            out=self.folder / "command.out",
            err=self.folder / "command.err",
        )
        status = child.wait()
        assert status == 0, child.said() + child.errors()
        return child.said()

    def count(self) -> int:
        """Return how many events the hub has."""
        return int(self.nursery.query(self._database, "SELECT count(*) FROM event")[0][0])

    def arrived(self) -> list[Arrived]:
        """Return all events of all devices, each store's in its own order, from the hub's database itself."""
        rows = self.nursery.query(
            self._database,
            "SELECT device_id, seq, line, occurred_ms, error_ms FROM event JOIN store ON store.id = store_id"
            " ORDER BY store_id, seq",
        )
        found = []
        for device, seq, line, occurred_ms, error_ms in rows:
            values = json.loads(line)
            found.append(Arrived(device, seq, values.get("visit", ""), values, occurred_ms, error_ms))
        return found


ROUNDING_MS = 2
"""Three clocks in whole milliseconds lie between a tap and the hub's word on it."""


class Thanked(NamedTuple):
    """A tap the store has taken: the true time before and after the device read its clocks, and its own wall clock."""

    visit: str
    kind: str
    seq: int
    before_ms: int
    after_ms: int
    wall_ms: int

    def off_ms(self, moment_ms: int) -> int:
        """Return how far a moment is from when this was, at least."""
        return max(0, self.before_ms - moment_ms - ROUNDING_MS, moment_ms - self.after_ms - ROUNDING_MS)


class Device:
    """A device of the hall, in whatever process it lives at the moment, and its journal over all of them."""

    def __init__(self, hall: Hall, name: str, nursery: Nursery | None = None, **job: Any) -> None:
        self.name = name
        self._nursery = nursery or hall.nursery
        self._folder = hall.folder
        self.outbox = Path(job.setdefault("outbox", str(hall.folder / "stores" / name / "outbox.db")))
        self._journal = hall.folder / f"{name}.journal"
        self._journal.touch()
        self._job = {"settings": str(hall.folder / "devices" / f"{name}.toml"), "journal": str(self._journal), **job}
        self._run = 0
        self._began = 0
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        assert self._child is not None
        return self._child

    def start(self, **job: Any) -> None:
        """Start a process; it may not have opened its store yet."""
        self._run += 1
        self._began = self._journal.stat().st_size
        self._child = self._nursery.start(
            "device",
            {**self._job, "run": self._run, **job},
            out=self._folder / f"{self.name}.out",
            err=self._folder / f"{self.name}.err",
        )

    def wait_until_ready(self) -> None:
        self.wait_for_word("ready")

    def is_ready(self) -> bool:
        return self.has_noted("ready")

    def kill(self) -> None:
        assert self.child.alive(), f"{self.name} ended by itself: {self.child.errors()[-2_000:]}"
        self.child.end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in peace."""
        assert self.child.end() == 0, self.child.errors()[-2_000:]

    def quieten(self) -> None:
        """Let no more visitors come."""
        self.wait_until_ready()
        self.child.send(signal.SIGUSR1)
        self.wait_for_word("quiet")

    def has_noted(self, word: str) -> bool:
        """Tell whether the running process has noted `word`, such as `ready` or `drained`."""
        with self._journal.open("rb") as journal:
            journal.seek(self._began)
            return f"{word} {self._run}\n".encode() in journal.read()

    def wait_for_word(self, word: str, seconds: float = PATIENCE_S) -> None:
        """Wait until the running process has noted `word`."""

        def noted() -> bool:
            if self.has_noted(word):
                return True
            assert self.child.alive(), f"{self.name} ended: {self.child.errors()[-3_000:]}"
            return False

        wait_for(noted, lambda: f"{self.name} is stuck before {word!r}: {self.child.errors()[-3_000:]}", seconds)

    def wait_until_drained(self, seconds: float = PATIENCE_S) -> None:
        """Wait until everything is at the hub; fails for a device that is stuck."""
        self.wait_for_word("drained", seconds)

    def journal(self) -> list[str]:
        return self._journal.read_text().splitlines()

    def noted(self, word: str) -> list[list[str]]:
        """Return what stands behind `word` in the journal, each time it was noted."""
        return [words[1:] for words in map(str.split, self.journal()) if words[0] == word]

    def tried(self) -> list[str]:
        return [visit for visit, _ in self.noted("try")]

    def thanked(self) -> list[Thanked]:
        noted = self.noted("thanked")
        return [Thanked(visit, kind, *map(int, numbers)) for visit, kind, *numbers in noted]

    def acked(self) -> int:
        """Return how many events the hub has acknowledged, as the device's store has it."""
        return int(self._nursery.query(self.outbox, "SELECT acked_next - 1 FROM store")[0][0])

    def refused(self) -> list[tuple[str, str]]:
        """Return the (kind of event, name of the error) of every tap the store refused."""
        return [(kind, error) for _, kind, error in self.noted("refused")]


def verify(hall: Hall, *devices: Device) -> list[Arrived]:
    """Hold the hub to the devices' journals: everything thanked for once, in order, dated honestly, nothing else.

    A tap in whose middle the device was killed may be there or not: nobody was thanked.
    """
    arrived = hall.arrived()
    for device in devices:
        visits = [event.visit for event in arrived if event.device == device.name and event.visit]
        times = Counter(visits)
        tried = device.tried()
        thanked = [tap.visit for tap in device.thanked()]
        lost = [visit for visit in thanked if not times[visit]]
        assert not lost, f"{device.name}: {len(lost)} of {len(thanked)} are not at the hub, such as {lost[:3]}"
        doubled = [visit for visit, n in times.items() if n > 1]
        assert not doubled, f"{device.name}: {len(doubled)} are at the hub twice, such as {doubled[:3]}"
        made_up = times.keys() - set(tried)
        assert not made_up, f"{device.name}: nobody tapped {sorted(made_up)[:3]}"
        assert visits == [visit for visit in tried if visit in times], f"{device.name}: out of order"
        taps = {tap.visit: tap for tap in device.thanked()}
        wrong = [
            f"{event.visit}: {off_ms} ms off, said to be within {event.error_ms}"
            for event in arrived
            if event.visit in taps and (off_ms := taps[event.visit].off_ms(event.occurred_ms)) > event.error_ms
        ]
        assert not wrong, f"{len(wrong)} of {len(visits)} are dated wrongly, such as {wrong[:3]}"
        halts = Counter(reason for (reason,) in device.noted("halted"))
        assert not halts, f"{device.name} halted: {dict(halts)}"
    strangers = {event.device for event in arrived} - {device.name for device in devices}
    assert not strangers, f"events of {strangers}"
    report = json.loads(hall.command("check", "--json"))
    # A device that began anew under another name would have lost nothing, but none of these faults is a reason to.
    assert (report["check"], report["dead"], report["stores"]) == ("ok", 0, len(devices)), report
    return arrived
