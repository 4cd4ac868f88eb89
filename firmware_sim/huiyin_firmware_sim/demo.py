"""The demo: hub, kiosk and a dozen terminals as child programs on this machine, until it is told to end."""

import os
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import msgspec
from msgspec import Struct

from huiyin_firmware_sim.errors import NothingMeasured
from huiyin_firmware_sim.latency import KioskTap, latencies_ms
from huiyin_firmware_sim.page import PageWatch
from huiyin_firmware_sim.programs import Program, run_program
from huiyin_kiosk.settings import load_settings
from huiyin_shared.catalogue import Catalogue

READY_TIMEOUT_S = 60.0
HISTORY_DAYS = 7
VISITOR_EVERY_S = 4.0
"""How often the pretend visitor taps the kiosk where no person can."""


class Account(Struct, frozen=True):
    """An account of the demo as `huiyin-hub demo-data` wrote it down."""

    login: str
    password: str
    role: str
    halls: list[str] = []


class Figures(Struct, frozen=True):
    """The last line of a demo that ends by itself; every figure was measured in that run."""

    events: int
    cases: int
    devices: int
    kiosk: str
    tap_to_page_ms: int
    check: str


class _Tap(Struct, frozen=True):
    tapped_ms: int
    counter: str


class _Check(Struct, frozen=True):
    check: str
    events: int
    cases: int
    devices: int


class Demo:
    """One run of the demo in `folder`; `say` gets what a person should read."""

    def __init__(
        self, folder: Path, *, seconds: float | None, speed: float, texts: Catalogue, say: Callable[[str], None]
    ) -> None:
        self._folder = folder
        self._seconds = seconds
        self._speed = speed
        self._texts = texts
        self._say = say
        self._logs = folder / "logs"
        self._settings = folder / "hub.toml"
        self._address = ""
        self._kiosk_mode = ""
        self._terminals = 0
        self._taps: list[KioskTap] = []

    def run(self, stop: Event) -> Figures | None:
        """Start everything, go on until `stop` or for `seconds`, end everything.

        Returns the figures of a run that ended by itself. Raises `ProgramFailed` when a part ends on its own, and
        `NothingMeasured` when the page never showed a tap.
        """
        began_s = time.monotonic()
        accounts = self._accounts()
        kiosk_file = self._folder / "devices" / "kiosk-1.toml"
        counter = load_settings(kiosk_file).counter
        with ExitStack() as started:
            programs = self._start(started, stop, kiosk_file, counter)
            if not all(program.wait_ready(READY_TIMEOUT_S, stop) for program in programs):
                return None
            self._greet(accounts, ready_s=time.monotonic() - began_s)
            watch = self._watch(accounts, counter)
            ended_by_itself = self._wait(stop, programs)
            sightings = watch.stop()
            self._say(self._texts("demo-stopping"))
        if not ended_by_itself:
            self._say(self._texts("demo-stopped", folder=str(self._folder)))
            return None
        return self._figures(latencies_ms(self._taps, sightings))

    def _accounts(self) -> list[Account]:
        """Return the demo's accounts; the first time, have the hub make them and all the demo's data."""
        written = self._folder / "accounts.json"
        if not written.exists():
            self._say(self._texts("demo-loading"))
            run_program(["huiyin-hub", "demo-data", "--into", str(self._folder)], log=self._logs / "demo-data.log")
        return msgspec.json.decode(written.read_bytes(), type=list[Account])

    def _start(self, started: ExitStack, stop: Event, kiosk_file: Path, counter: str) -> list[Program]:
        """Start hub, kiosk and fleet, in this order; `started` ends them in the reverse one."""
        self._say(self._texts("demo-starting"))
        programs: list[Program] = []

        def start(arguments: list[str], ready: str, on_line: Callable[[str], None]) -> Program:
            log = self._logs / f"{arguments[0]}.log"
            program = Program(arguments, ready=ready, log=log, on_line=on_line)
            started.callback(program.stop)
            programs.append(program)
            return program

        hub = start(["huiyin-hub", "run", "--settings", str(self._settings)], "ready ", self._on_hub_line)
        # The kiosk takes as long to draw itself as the hub to open: meanwhile it finds nobody, as in any power cut.
        kiosk = ["huiyin-kiosk", "run", "--settings", str(kiosk_file)]
        if self._seconds is not None or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            kiosk += ["--demo-visitor", str(VISITOR_EVERY_S)]
        start(kiosk, "kiosk ready ", self._on_kiosk_line)
        if hub.wait_ready(READY_TIMEOUT_S, stop):
            # The kiosk's counter is left to the kiosk: its visitors rate there, and tap to page stays an exact figure.
            fleet = ["huiyin-sim", "fleet", "--from", str(self._folder / "devices"), "--only", "t-"]
            fleet += ["--rest-at", counter, "--speed", str(self._speed), "--history-days", str(HISTORY_DAYS)]
            start(fleet, "fleet ready ", self._on_fleet_line)
        return programs

    def _on_hub_line(self, line: str) -> None:
        if line.startswith("ready "):
            self._address = line.removeprefix("ready ").strip()

    def _on_kiosk_line(self, line: str) -> None:
        if line.startswith("kiosk ready "):
            self._kiosk_mode = line.removeprefix("kiosk ready ").strip()
        elif line.startswith("{"):
            tap = msgspec.json.decode(line, type=_Tap)
            self._taps.append(KioskTap(tap.tapped_ms, tap.counter))

    def _on_fleet_line(self, line: str) -> None:
        if line.startswith("fleet ready "):
            self._terminals = int(line.removeprefix("fleet ready "))

    def _greet(self, accounts: list[Account], *, ready_s: float) -> None:
        """Say where the pages are, who may log in, and how to stop."""
        texts = self._texts
        self._say("")
        self._say(texts("demo-ready", seconds=f"{ready_s:.1f}"))
        self._say(texts("demo-pages", address=self._address))
        self._say(texts(f"demo-kiosk-{self._kiosk_mode}"))
        self._say(texts("demo-terminals", n=self._terminals))
        self._say(texts("demo-accounts"))
        for account in accounts:
            role = texts(f"role-{account.role}", halls=" ".join(account.halls))
            self._say(f"  {account.login:<16} {account.password:<20} {role}")
        stop = texts("demo-runs-for", seconds=f"{self._seconds:g}") if self._seconds is not None else texts("demo-stop")
        self._say(f"{stop}\n{texts('demo-data-kept', folder=str(self._folder))}")

    def _watch(self, accounts: list[Account], counter: str) -> PageWatch:
        """Look at the board of the kiosk's hall as its manager."""
        managers = [account for account in accounts if account.role == "hall_manager"]
        # A counter's code begins with its hall's; a manager sees only the own halls.
        manager = next(account for account in managers if counter.split("-")[0] in account.halls)
        watch = PageWatch(
            address=self._address, login=manager.login, password=manager.password, hall=counter.split("-")[0]
        )
        watch.start()
        return watch

    def _wait(self, stop: Event, programs: list[Program]) -> bool:
        """Wait for the end; return whether the time ran out, rather than a person's patience."""
        deadline_s = None if self._seconds is None else time.monotonic() + self._seconds
        while deadline_s is None or time.monotonic() < deadline_s:
            if stop.wait(0.1):
                return False
            for program in programs:
                program.check()
        return True

    def _figures(self, latencies: list[int]) -> Figures:
        """Count what the hub holds now, with its own check of the invariants."""
        printed = run_program(
            ["huiyin-hub", "check", "--json", "--settings", str(self._settings)],
            log=self._logs / "check.log",
            allowed=(0, 1),
        )
        found = msgspec.json.decode(printed, type=_Check)
        if not latencies:
            raise NothingMeasured("tap_to_page_ms")
        return Figures(
            events=found.events,
            cases=found.cases,
            devices=found.devices,
            kiosk=self._kiosk_mode,
            tap_to_page_ms=round(statistics.median(latencies)),
            check=found.check,
        )
