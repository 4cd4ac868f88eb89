"""A whole hall for a journey: hub process, kiosk window on a virtual screen with a pointer, and a browser."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, Page

BIN = Path(sys.executable).parent


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], Any], seconds: float = 40.0) -> Any:
    """Return the first true value of `what`."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return value


class Program:
    """A child process whose lines are read as they come."""

    def __init__(self, *command: str, env: dict[str, str] | None = None, log: Path) -> None:
        with log.open("a") as errors:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, **(env or {})}
            )
        self._lines: Queue[str] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for_line(self, wanted: Callable[[str], bool], seconds: float = 40.0) -> str:
        """Return the next line that is wanted."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                line = self._lines.get(timeout=0.2)
            except Empty:
                assert self.process.poll() is None, "the program has ended"
                continue
            if wanted(line):
                return line
        raise AssertionError("the line never came")

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(20)
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.strip())


class Hall:
    """The demo organisation's hub in a folder of the test's own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._log = folder / "programs.log"
        self.settings = folder / "hub.toml"
        self.web = f"http://127.0.0.1:{(port := free_port())}"
        self.settings.write_text(f'data_dir = "data"\nweb_port = {port}\nbroker_port = {free_port()}\n')
        self.run_hub("demo-data", "--into", str(folder))
        self.passwords = {account["login"]: account["password"] for account in self._accounts(folder / "accounts.json")}
        self.hub: Program | None = None

    def run_hub(self, *arguments: str) -> str:
        """Run a hub command to its end and return what it printed."""
        done = subprocess.run(
            [BIN / "huiyin-hub", *arguments, "--settings", str(self.settings)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_hub(self) -> None:
        self.hub = Program(str(BIN / "huiyin-hub"), "run", "--settings", str(self.settings), log=self._log)
        self._stack.callback(self.hub.end)
        self.hub.wait_for_line(lambda line: line.startswith("ready "))

    def check(self) -> dict[str, Any]:
        """Return what `huiyin-hub check` counted; it fails when an invariant is broken."""
        return dict(json.loads(self.run_hub("check", "--json")))

    def browse(self, browser: Browser, login: str, path: str) -> Page:
        """Log in with a real browser, in Chinese, and open a page."""
        context = browser.new_context(locale="zh-CN")
        self._stack.callback(context.close)
        page = context.new_page()
        page.goto(self.web + "/login")
        page.fill("[name=login]", login)
        page.fill("[name=password]", self.passwords[login])
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        page.goto(self.web + path)
        return page

    @staticmethod
    def _accounts(path: Path) -> list[dict[str, str]]:
        found = json.loads(path.read_text())
        return list(found["accounts"] if isinstance(found, dict) else found)


class Kiosk:
    """The kiosk's window on a virtual screen of its own, touched by a real pointer."""

    def __init__(self, device_file: Path, stack: ExitStack, folder: Path) -> None:
        self._display = self._start_screen(stack, folder)
        self.program = Program(
            str(BIN / "huiyin-kiosk"),
            "run",
            "--settings",
            str(device_file),
            "--display",
            "window",
            "--windowed",
            "1280x800",
            "--announce-screens",
            env={"DISPLAY": self._display},
            log=folder / "kiosk.log",
        )
        stack.callback(self.program.end)
        self.program.wait_for_line(lambda line: line == "kiosk ready window")

    def targets(self, screen: str) -> dict[str, tuple[int, int]]:
        """Wait for a screen and return where its targets are."""
        line = self.program.wait_for_line(lambda line: f'"screen":"{screen}"' in line)
        return {name: (x, y) for name, (x, y) in json.loads(line)["targets"].items()}

    def touch(self, place: tuple[int, int]) -> None:
        x, y = place
        self._pointer("mousemove", str(x), str(y))
        self._pointer("click", "1")

    def type(self, text: str) -> None:
        """Type on a keyboard plugged into the kiosk."""
        self._pointer("type", "--delay", "40", text)

    def _pointer(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env={**os.environ, "DISPLAY": self._display}, check=True, timeout=20)

    @staticmethod
    def _start_screen(stack: ExitStack, folder: Path) -> str:
        read, write = os.pipe()
        with (folder / "xvfb.log").open("w") as errors:
            screen = subprocess.Popen(
                ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
                pass_fds=[write],
                stderr=errors,
            )
        os.close(write)
        with os.fdopen(read) as numbers:
            display = f":{numbers.readline().strip()}"

        def end() -> None:
            screen.terminate()
            screen.wait(10)

        stack.callback(end)
        return display
