"""Broker → durable → acknowledged: a fleet of pretend devices against real hub processes on this machine."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tests.bench.load import PretendDevice, drive, pretend_device

PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
ROWS_PER_TRANSACTION = 5_000


def ingest_rate(*, devices: int, batches: int, per_batch: int) -> float:
    """Return events a second from the first packet to the last ack; one ingest process, mosquitto where it is there."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="huiyin-bench-")))
        settings = _settings(folder)
        _hub("demo-data", "--into", str(folder), "--settings", str(settings))
        _hub("device", "add-many", str(devices), "--prefix", "b", "--into", str(folder / "fleet"), settings=settings)
        stack.enter_context(_process("broker", settings))
        stack.enter_context(_process("ingest", settings))
        fleet = _fleet(folder / "fleet", batches=batches, per_batch=per_batch)
        # A first batch each makes the stores known and warms everything up.
        for device in fleet:
            stack.callback(device.sock.close)
        ready, rest = _split(fleet)
        drive(ready)
        for device, packets in zip(ready, rest, strict=True):
            device.packets += packets
        seconds = drive(ready)
        verdict = _hub("check", settings=settings)
        assert "check ok" in verdict, verdict
        assert f"{devices * batches * per_batch} events" in verdict, verdict
        return devices * (batches - 1) * per_batch / seconds


def sqlite_rate(*, rows: int) -> float:
    """Return rows a second of the bare standard library: the event table's columns, 5,000 rows a transaction, FULL."""
    line = pretend_device("b-1", "", batches=1, per_batch=1, seed=1).packets[0].rpartition(b"\n")[2]
    values = [(1 + row // 100 % 50, row, line, "rating", row, 1_000, row) for row in range(rows)]
    with (
        tempfile.TemporaryDirectory(prefix="huiyin-bench-") as folder,
        closing(sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)) as db,
    ):
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute(
            "CREATE TABLE event (store_id INTEGER, seq BIGINT, line BLOB, kind TEXT, occurred_ms BIGINT,"
            " error_ms BIGINT, received_ms BIGINT, PRIMARY KEY (store_id, seq)) WITHOUT ROWID"
        )
        insert = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)"
        began_s = time.perf_counter()
        for start in range(0, rows, ROWS_PER_TRANSACTION):
            db.execute("BEGIN IMMEDIATE")
            db.executemany(insert, values[start : start + ROWS_PER_TRANSACTION])
            db.execute("COMMIT")
        return rows / (time.perf_counter() - began_s)


def _settings(folder: Path) -> Path:
    broker = "mosquitto" if shutil.which("mosquitto", path=PATH) else "nats"
    lines = ['data_dir = "data"', f'broker = "{broker}"', f"broker_port = {_free_port()}"]
    path = folder / "hub.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def _fleet(folder: Path, *, batches: int, per_batch: int) -> list[PretendDevice]:
    fleet = []
    for number, file in enumerate(sorted(folder.iterdir())):
        told = tomllib.loads(file.read_text())
        device = pretend_device(told["device"], told["password"], batches=batches, per_batch=per_batch, seed=number)
        device.connect(told["broker"]["host"], told["broker"]["port"])
        fleet.append(device)
    return fleet


def _split(fleet: list[PretendDevice]) -> tuple[list[PretendDevice], list[list[bytes]]]:
    rest = [device.packets[1:] for device in fleet]
    for device in fleet:
        del device.packets[1:]
    return fleet, rest


def _command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("huiyin-hub")), *arguments]


def _hub(*arguments: str, settings: Path | None = None) -> str:
    more = ("--settings", str(settings)) if settings else ()
    return subprocess.run(_command(*arguments, *more), check=True, capture_output=True, text=True).stdout


@contextmanager
def _process(part: str, settings: Path) -> Iterator[None]:
    with subprocess.Popen(
        _command(part, "--settings", str(settings)), stdout=subprocess.PIPE, text=True, env=os.environ.copy()
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready"), f"{part} did not start"
            yield
        finally:
            process.terminate()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
