"""Broker → durable → acknowledged: a fleet of pretend devices against real hub processes on this machine."""

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.bench.broker import carried_rate
from tests.bench.figures import BrokerFigure, Figure
from tests.bench.load import PretendDevice, drive, pretend_device
from tests.bench.stage import Stage, connected, temporary_stage

ROWS_PER_TRANSACTION = 5_000

EventRow = tuple[int, int, bytes, str, int, int, int, str]


def figures_on_sqlite(name: str, broker: str, *, devices: int, batches: int, per_batch: int) -> list[object]:
    """Measure one ingest process on SQLite, then the bare broker with the same devices and packets."""
    with temporary_stage(devices=devices) as stage:
        fleet = stage.fleet(batches=batches, per_batch=per_batch)
        value = ingest_rate(stage, fleet)
        carried = carried_rate(fleet, port=stage.port, password=stage.hub_password)
    return [Figure(name, value, "events/s", sqlite_rate(rows=200_000)), BrokerFigure(broker, carried, value)]


def ingest_rate(stage: Stage, fleet: list[PretendDevice]) -> float:
    """Return events a second from the first packet to the last ack, through one ingest process."""
    with stage.running("ingest"), connected(fleet, stage.port):
        value = warm_rate(fleet)
    stage.check(events=sum(len(device.packets) * device.per_batch for device in fleet))
    return value


def warm_rate(fleet: list[PretendDevice]) -> float:
    """Return events a second of a connected fleet, after a first batch each: it makes the stores known."""
    packets = [device.packets for device in fleet]
    for device in fleet:
        device.packets = device.packets[:1]
    drive(fleet)
    for device, all_packets in zip(fleet, packets, strict=True):
        device.packets = all_packets
    seconds = drive(fleet)
    return sum((len(device.packets) - 1) * device.per_batch for device in fleet) / seconds


def event_rows(rows: int) -> list[EventRow]:
    """Return rows as the hub writes them, for yardsticks."""
    line = pretend_device("b-1", "", batches=1, per_batch=1, seed=1).packets[0].split(b"\n")[-2]
    return [(1 + row // 100 % 50, row, line, "rating", row, 1_000, row, "exact") for row in range(rows)]


def sqlite_rate(*, rows: int) -> float:
    """Return rows a second of the bare standard library: the event table's columns, 5,000 rows a transaction, FULL."""
    values = event_rows(rows)
    with (
        tempfile.TemporaryDirectory(prefix="huiyin-bench-") as folder,
        closing(sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)) as db,
    ):
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute(
            "CREATE TABLE event (store_id INTEGER, seq BIGINT, line BLOB, kind TEXT, occurred_ms BIGINT,"
            " error_ms BIGINT, received_ms BIGINT, timing TEXT, PRIMARY KEY (store_id, seq)) WITHOUT ROWID"
        )
        insert = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        began_s = time.perf_counter()
        for start in range(0, rows, ROWS_PER_TRANSACTION):
            db.execute("BEGIN IMMEDIATE")
            db.executemany(insert, values[start : start + ROWS_PER_TRANSACTION])
            db.execute("COMMIT")
        return rows / (time.perf_counter() - began_s)
