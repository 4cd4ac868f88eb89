"""`huiyin-sim demo` as a newcomer runs it, twice: it ends by itself, reports what it measured, and keeps its data."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A demo folder whose ports nobody else uses."""
    with ExitStack() as open_sockets:
        probes = [open_sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        web, broker = (probe.getsockname()[1] for probe in probes)
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "hub.toml").write_text(f'data_dir = "hub"\nweb_port = {web}\nbroker_port = {broker}\n', encoding="utf-8")
    return folder


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "LANG", "LC_ALL"}}
    return subprocess.run(
        [sys.executable, "-m", "huiyin_firmware_sim", "demo", "--folder", str(folder), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def test_the_demo_ends_by_itself_with_figures_it_measured_and_its_data_survives(folder: Path) -> None:
    first = demo(folder, "--seconds", "10")

    assert first.returncode == 0, first.stdout + first.stderr
    figures = json.loads(first.stdout.splitlines()[-1])
    assert list(figures) == ["events", "cases", "devices", "kiosk", "tap_to_page_ms", "check"]
    assert figures["kiosk"] in {"xvfb", "offscreen", "headless"}
    assert figures["check"] == "ok"
    assert figures["devices"] == 13
    assert figures["events"] > 500
    assert figures["cases"] > 0
    assert figures["tap_to_page_ms"] > 0
    assert re.search(r"Pages: http://127\.0\.0\.1:\d+", first.stdout)
    for account in json.loads((folder / "accounts.json").read_text()):
        assert account["password"] in first.stdout

    second = demo(folder, "--seconds", "6")

    assert second.returncode == 0, second.stdout + second.stderr
    assert json.loads(second.stdout.splitlines()[-1])["events"] > figures["events"]
    assert not still_running(folder)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_person_who_stops_the_demo_leaves_no_process_behind(folder: Path, how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "huiyin_firmware_sim", "demo", "--folder", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"LC_ALL": "C"},
    ) as process:
        assert process.stdout is not None
        assert any(line.startswith("Ctrl-C ends it") for line in process.stdout)
        assert still_running(folder)
        process.send_signal(how)
        rest = process.stdout.read()

    assert process.returncode == 0
    assert "The demo has ended" in rest
    assert not still_running(folder)


def test_a_port_in_use_is_one_clear_sentence(folder: Path) -> None:
    settings = (folder / "hub.toml").read_text()
    web = int(re.findall(r"web_port = (\d+)", settings)[0])
    with socket.create_server(("127.0.0.1", web)):
        done = demo(folder, "--seconds", "5")

    assert done.returncode == 1
    assert f"port {web}" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not still_running(folder)


def still_running(folder: Path) -> list[str]:
    """The command lines of all processes that name the demo's folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in words and path.parent.name != str(os.getpid()):
            found.append(words)
    return found
