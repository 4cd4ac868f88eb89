"""The hub as people run it: a process on real parts, with real devices, killed and started again."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from huiyin_kiosk.clock import DeviceClock
from huiyin_kiosk.outbox.store import Outbox
from huiyin_kiosk.settings import load_settings
from huiyin_kiosk.sync.engine import Pace
from huiyin_kiosk.sync.loop import BrokerAddress, SyncedDevice, SyncLoop
from huiyin_shared.desired import Desired
from huiyin_shared.events import Feedback, Rating

QUICK = Pace(answer_timeout_ms=800, redial_min_ms=50, redial_max_ms=400, beat_ms=1_000, halted_retry_ms=500)
COMMAND = str(Path(sys.executable).with_name("huiyin-hub"))


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def command(*arguments: str, status: int = 0) -> str:
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if status == 0 else done.stderr


class Hub:
    """A hub's folder and its process."""

    def __init__(self, folder: Path, *extra: str) -> None:
        self.folder = folder
        self.settings = folder / "hub.toml"
        self.web_port = free_port()
        lines = ['data_dir = "data"', f"web_port = {self.web_port}", f"broker_port = {free_port()}", *extra]
        self.settings.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[str] | None = None
        self.said: list[str] = []

    def start(self) -> None:
        with (self.folder / "stderr").open("a") as errors:
            self._process = subprocess.Popen(
                [COMMAND, "run", "--settings", str(self.settings)], stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line.strip())
            if line.startswith("ready "):
                return
        raise AssertionError((self.folder / "stderr").read_text())

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        status = self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return status

    def stop(self) -> None:
        if self._process is not None:
            self.end(signal.SIGKILL)

    def command(self, *arguments: str, status: int = 0) -> str:
        return command(*arguments, "--settings", str(self.settings), status=status)

    def check(self) -> dict[str, Any]:
        return dict(json.loads(self.command("check", "--json")))


class Terminal:
    """A real device: outbox, engine, link."""

    def __init__(self, file: Path) -> None:
        settings = load_settings(file)
        self.outbox = Outbox.open(settings.outbox_path, device=settings.device_id)
        self.clock = DeviceClock()
        self.counter = settings.counter
        self.wishes: list[Desired] = []
        broker = settings.broker
        self.synced = SyncedDevice(
            outbox=self.outbox,
            clock=self.clock,
            broker=BrokerAddress(broker.host, broker.port, settings.device, settings.password, broker.protocol),
            rng=Random(settings.device),
            version="test",
            on_desired=self.wishes.append,
            pace=QUICK,
        )

    def tap(self, level: int) -> None:
        self.outbox.add(Rating(at=self.clock.reading(), visit="v", counter=self.counter, level=level))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as open_things:
        yield open_things


def sync(stack: ExitStack, *terminals: Terminal) -> SyncLoop:
    loop = SyncLoop()
    for terminal in terminals:
        loop.add(terminal.synced)
        stack.callback(terminal.outbox.close)
    loop.start()
    stack.callback(loop.stop)
    return loop


@pytest.fixture(params=["nats", pytest.param("mosquitto", marks=pytest.mark.needs_mosquitto)])
def hub(request: pytest.FixtureRequest, tmp_path: Path, stack: ExitStack) -> Hub:
    made = Hub(tmp_path, f'broker = "{request.param}"')
    made.command("demo-data", "--into", str(tmp_path))
    stack.callback(made.stop)
    return made


def drained(*terminals: Terminal) -> Callable[[], bool]:
    return lambda: all(terminal.outbox.backlog() == 0 for terminal in terminals)


def test_taps_of_real_devices_arrive_once_though_the_hub_is_killed_in_the_middle(hub: Hub, stack: ExitStack) -> None:
    hub.start()
    terminals = [Terminal(hub.folder / "devices" / f"t-{number:02}.toml") for number in range(1, 5)]
    loop = sync(stack, *terminals)
    wait_for(lambda: all(terminal.wishes for terminal in terminals))
    assert {terminal.wishes[0].counter for terminal in terminals} == {terminal.counter for terminal in terminals}
    for number in range(400):
        terminal = terminals[number % 4]
        terminal.tap(number % 5 + 1)
        loop.notify(terminal.synced)
        if number == 200:
            hub.end(signal.SIGKILL)
    terminals[0].outbox.add(
        Feedback(at=terminals[0].clock.reading(), visit="w", kind="complaint", counter="h1-c1", text="等太久了")
    )
    hub.start()
    wait_for(drained(*terminals))
    report = hub.check()
    assert (report["check"], report["events"], report["ratings"], report["cases"]) == ("ok", 401, 400, 1)
    assert hub.end() == 0


def test_the_whole_way_on_postgresql(tmp_path: Path, stack: ExitStack, postgres_url: str) -> None:
    hub = Hub(tmp_path, f'database = "{postgres_url}"')
    hub.command("demo-data", "--into", str(tmp_path))
    stack.callback(hub.stop)
    hub.start()
    terminal = Terminal(tmp_path / "devices" / "t-01.toml")
    loop = sync(stack, terminal)
    for level in (5, 4, 1):
        terminal.tap(level)
    loop.notify(terminal.synced)
    wait_for(drained(terminal))
    assert not (tmp_path / "data" / "hub.db").exists()
    assert (hub.check()["check"], hub.check()["ratings"]) == ("ok", 3)
    assert hub.end() == 0


def test_a_device_added_while_the_hub_runs_is_let_in_and_a_revoked_one_is_told(hub: Hub, stack: ExitStack) -> None:
    hub.start()
    old = Terminal(hub.folder / "devices" / "t-01.toml")
    loop = sync(stack, old)
    wait_for(lambda: old.synced.state().last_ack_ms is not None)
    hub.command("device", "add", "k-new", "--counter", "h2-c3", "--into", str(hub.folder / "more"))
    new = Terminal(hub.folder / "more" / "k-new.toml")
    stack.callback(new.outbox.close)
    loop.add(new.synced)
    new.tap(4)
    loop.notify(new.synced)
    wait_for(drained(new))
    wait_for(lambda: new.wishes)
    assert new.wishes[0].counter == "h2-c3"
    hub.command("device", "revoke", "t-01")
    # Put out by the broker, or told by ingest: either way nothing of it counts from then on.
    wait_for(lambda: old.synced.state().halted == "revoked" or not old.synced.state().connected)
    old.tap(1)
    loop.notify(old.synced)
    new.tap(3)
    loop.notify(new.synced)
    wait_for(drained(new))
    report = hub.check()
    assert (report["check"], report["ratings"]) == ("ok", 2)
    loop.stop()  # Before the stores close.


def test_sigterm_ends_everything_and_leaves_nothing_running(hub: Hub) -> None:
    hub.start()
    assert hub.end(signal.SIGTERM) == 0
    for port in (hub.web_port, load_settings(hub.folder / "devices" / "t-01.toml").broker.port):
        with closing(socket.socket()) as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    errors = (hub.folder / "stderr").read_text()
    assert "Traceback" not in errors
    assert "broker died" not in errors


def test_an_empty_hub_prints_a_link_for_the_first_administrator(tmp_path: Path, stack: ExitStack) -> None:
    hub = Hub(tmp_path)
    stack.callback(hub.stop)
    hub.start()
    (line,) = [line for line in hub.said if "/setup/" in line]
    link = re.search(r"http://\S+", line)
    assert link
    assert httpx.get(link[0]).status_code == 200
    assert httpx.get(link[0] + "x", follow_redirects=False).status_code != 200
    assert hub.command("account-link").startswith(f"http://127.0.0.1:{hub.web_port}/setup/")
    # Nothing answers the older link any more.
    assert httpx.get(link[0], follow_redirects=False).status_code != 200


def test_the_parts_run_as_separate_processes_too(tmp_path: Path, stack: ExitStack) -> None:
    hub = Hub(tmp_path)
    hub.command("demo-data", "--into", str(tmp_path))
    for part in ("broker", "ingest", "web"):
        process = subprocess.Popen(
            [COMMAND, part, "--settings", str(hub.settings)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        stack.enter_context(process)
        stack.callback(process.send_signal, signal.SIGTERM)
        assert process.stdout is not None
        assert any(line.startswith("ready ") for line in iter(process.stdout.readline, ""))
    terminal = Terminal(tmp_path / "devices" / "t-01.toml")
    loop = sync(stack, terminal)
    terminal.tap(5)
    loop.notify(terminal.synced)
    wait_for(drained(terminal))
    assert httpx.get(f"http://127.0.0.1:{hub.web_port}/login").status_code == 200
    assert hub.check()["ratings"] == 1


@pytest.mark.parametrize("setting", ["web_port", "broker_port"])
def test_a_port_in_use_is_one_sentence_and_a_status(tmp_path: Path, setting: str) -> None:
    hub = Hub(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        hub.settings.write_text(re.sub(rf"{setting} = \d+", f"{setting} = {port}", hub.settings.read_text()))
        said = hub.command("run", status=1)
    assert f"port {port} on 127.0.0.1 is in use" in said
    assert setting in said
    assert len(said.strip().splitlines()) == 1


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    (tmp_path / "data").write_text("a file where the folder should be")
    for part in ("run", "check", "ingest"):
        assert re.fullmatch(r"huiyin-hub: the data folder \S+ cannot be made: .*\n", hub.command(part, status=2))


def test_a_database_that_may_not_be_opened_is_one_sentence(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    if os.geteuid() == 0:
        # To root everything is permitted but this.
        (tmp_path / "data" / "hub.db").mkdir(parents=True)
    else:
        (tmp_path / "data").mkdir(mode=0o500)
    assert "cannot be opened" in hub.command("run", status=1)


def test_a_database_of_a_newer_version_is_one_sentence(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    hub.command("check")
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'hub.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    said = hub.command("run", status=1)
    assert "newer version" in said
    assert len(said.strip().splitlines()) == 1


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "hub.db").write_bytes(b"something else entirely" * 100)
    said = hub.command("run", status=1)
    assert "cannot be opened" in said
    assert len(said.strip().splitlines()) == 1


def test_check_says_what_is_broken_and_ends_with_status_1(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    assert "check ok" in hub.command("check")
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'hub.db'}")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO rollup VALUES ('h1-c1', 0, '', 'touch', 5, 3)"))
    engine.dispose()
    done = subprocess.run(
        [COMMAND, "check", "--settings", str(hub.settings)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "BROKEN  rollups equal a recount" in done.stdout
    assert done.stdout.strip().endswith("check broken")


def test_the_demo_data_is_made_once(tmp_path: Path) -> None:
    command("demo-data", "--into", str(tmp_path))
    accounts = (tmp_path / "accounts.json").read_text()
    people = json.loads(accounts)
    assert sorted(person["role"] for person in people) == [
        "administrator",
        "central_office",
        "hall_manager",
        "hall_manager",
    ]
    assert (tmp_path / "accounts.json").stat().st_mode & 0o777 == 0o600
    assert len({person["password"] for person in people}) == 4
    assert "already" in command("demo-data", "--into", str(tmp_path))
    assert (tmp_path / "accounts.json").read_text() == accounts
    listed = command("device", "list", "--settings", str(tmp_path / "hub.toml")).splitlines()
    assert len(listed) == 13
    assert "kiosk-1  kiosk  h1-c1" in listed
    for file in (tmp_path / "devices").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
        assert load_settings(file).device == file.stem


def test_many_devices_are_spread_over_all_counters(tmp_path: Path) -> None:
    command("demo-data", "--into", str(tmp_path))
    settings = ("--settings", str(tmp_path / "hub.toml"))
    command("device", "add-many", "30", "--prefix", "f", "--into", str(tmp_path / "fleet"), *settings)
    files = sorted((tmp_path / "fleet").iterdir())
    assert [files[0].stem, files[-1].stem, len(files)] == ["f-01", "f-30", 30]
    assert len({load_settings(file).counter for file in files}) == 12
    assert "registered already" in command("device", "add-many", "1", "--prefix", "f", *settings, status=1)
    assert "no counter h9" in command("device", "add", "x", "--counter", "h9", *settings, status=1)
    assert "no kind of device" in command(
        "device", "add", "x", "--counter", "h1-c1", "--kind", "cat", *settings, status=1
    )
    printed = command("device", "add", "x", "--counter", "h1-c1", *settings)
    assert 'device = "x"' in printed
