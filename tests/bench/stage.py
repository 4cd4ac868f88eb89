"""Where ingest is measured: a hub of its own in its own folder, its parts as real processes, devices registered."""

import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.bench.load import PretendDevice, pretend_device

PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
HOST = "127.0.0.1"


class Stage:
    """A hub that can be started part by part. Broker: mosquitto where it is there, else nats."""

    def __init__(self, folder: Path, *, database: str = "") -> None:
        self.folder = folder
        self.broker = "mosquitto" if shutil.which("mosquitto", path=PATH) else "nats"
        self.port = _free_port()
        lines = ['data_dir = "data"', f'broker = "{self.broker}"', f"broker_port = {self.port}"]
        self.settings = folder / "hub.toml"
        self.settings.write_text("\n".join([*lines, f'database = "{database}"', ""]))
        _run("demo-data", "--into", str(folder), "--settings", str(self.settings))

    @property
    def hub_password(self) -> str:
        """The hub's own at the broker, once that has run."""
        return (self.folder / "data" / "broker" / "hub-password").read_text().strip()

    def register(self, devices: int, *, prefix: str = "b") -> None:
        """Register devices; the broker reads them when it starts."""
        into = str(self.folder / f"fleet-{prefix}")
        _run("device", "add-many", str(devices), "--prefix", prefix, "--into", into, "--settings", str(self.settings))

    def fleet(self, *, batches: int, per_batch: int, prefix: str = "b") -> list[PretendDevice]:
        """Return the registered devices with everything they will send, not connected."""
        fleet = []
        for number, file in enumerate(sorted((self.folder / f"fleet-{prefix}").iterdir())):
            told = tomllib.loads(file.read_text())
            device = pretend_device(told["device"], told["password"], batches=batches, per_batch=per_batch, seed=number)
            fleet.append(device)
        return fleet

    @contextmanager
    def running(self, part: str) -> Iterator[int]:
        """Run `broker` or `ingest` as a process; its number is told once it is ready."""
        with subprocess.Popen(
            _command(part, "--settings", str(self.settings)), stdout=subprocess.PIPE, text=True, env=os.environ.copy()
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline().startswith("ready"), f"{part} did not start"
                yield process.pid
            finally:
                process.terminate()

    def check(self, *, events: int) -> None:
        """Have the hub recount everything."""
        verdict = _run("check", "--settings", str(self.settings))
        assert "check ok" in verdict, verdict
        assert f"{events} events" in verdict, verdict


@contextmanager
def temporary_stage(*, devices: int, herd: int = 0, database: str = "") -> Iterator[Stage]:
    """A stage in a temporary folder with registered devices (and a herd of others) and a running broker."""
    with tempfile.TemporaryDirectory(prefix="huiyin-bench-") as folder:
        stage = Stage(Path(folder), database=database)
        stage.register(devices)
        if herd:
            stage.register(herd, prefix="herd")
        with stage.running("broker"):
            yield stage


@contextmanager
def connected(fleet: list[PretendDevice], port: int) -> Iterator[None]:
    """Keep a fleet's connections open."""
    try:
        for device in fleet:
            device.connect(HOST, port)
        yield
    finally:
        for device in fleet:
            device.hang_up()


def peak_rss_mb(pid: int) -> float:
    """Return the most memory a process has held since it began (VmHWM), in MB of 1,000,000 bytes."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1_024 / 1_000_000


def raise_open_files() -> None:
    """Raise the soft limit of open files to the hard one: brokers and hubs started from here get it too."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("huiyin-hub")), *arguments]


def _run(*arguments: str) -> str:
    return subprocess.run(_command(*arguments), check=True, capture_output=True, text=True).stdout


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
