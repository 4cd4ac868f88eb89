"""A fleet lives at a real hub behind its real broker: what the terminals took is at the hub, once, in order."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest

from huiyin_firmware_sim.bootstrap import enrol_fleet, make_fleet
from huiyin_firmware_sim.programs import Program, run_program


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a demo hub whose broker and ingest are running."""
    folder = tmp_path_factory.mktemp("hub")
    settings = folder / "hub.toml"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings.write_text(f'data_dir = "hub"\nbroker_port = {port}\n', encoding="utf-8")
    run_program(["huiyin-hub", "demo-data", "--into", str(folder)], log=folder / "logs" / "demo-data.log")
    with ExitStack() as running:
        for part in ("broker", "ingest"):
            arguments = ["huiyin-hub", part, "--settings", str(settings)]
            program = Program(
                arguments, ready="ready ", log=folder / "logs" / f"{part}.log", on_line=lambda _line: None
            )
            running.callback(program.stop)
            assert program.wait_ready(60, Event())
        yield folder


def check(hub: Path) -> dict[str, int | str]:
    found: dict[str, int | str] = json.loads(
        run_program(
            ["huiyin-hub", "check", "--json", "--settings", str(hub / "hub.toml")], log=hub / "logs" / "check.log"
        )
    )
    return found


def live(hub: Path, *, folder: Path | None, seconds: float, devices: int = 200, history_days: int = 0) -> list[str]:
    said: list[str] = []
    fleet = make_fleet(
        folder=folder,
        hub_settings=hub / "hub.toml",
        devices=devices,
        only="",
        seed=7,
        speed=2_000,
        history_days=history_days,
        resting=frozenset({"h1-c1"}),
        say=said.append,
    )
    fleet.run(stop=Event(), seconds=seconds)
    return said


def test_a_fleet_with_a_past_arrives_at_the_hub_completely_and_once(hub: Path) -> None:
    before = check(hub)
    said = live(hub, folder=hub / "devices", seconds=6, history_days=1)

    assert said[0] == "fleet ready 13"
    figures = json.loads(said[-1])
    assert figures["connected"] == figures["devices"] == 13
    assert figures["past_events"] > 100
    assert figures["live_events"] > 0
    assert figures["backlog"] == figures["refused"] == 0
    after = check(hub)
    assert after["check"] == "ok"
    assert int(after["events"]) - int(before["events"]) == figures["past_events"] + figures["live_events"]
    assert int(after["cases"]) > 0


def test_a_fleet_of_any_size_is_enrolled_at_the_running_hub_once(hub: Path) -> None:
    said = live(hub, folder=None, devices=20, seconds=8)

    assert said[0] == "fleet ready 20"
    assert check(hub)["check"] == "ok"
    files = sorted(path.name for path in (hub / "fleet-20").iterdir() if path.suffix == ".toml")
    assert len(files) == 20
    assert enrol_fleet(hub / "hub.toml", 20) == hub / "fleet-20"
