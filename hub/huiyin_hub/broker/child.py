"""A broker's program as a child process: started, watched, started again when it dies, ended with us."""

import ctypes
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import structlog

from huiyin_hub.broker.port import BrokerFailed, FolderInUse, PortInUse

_log = structlog.get_logger()

START_TIMEOUT_S = 20.0
FREE_PORT_PATIENCE_S = 5.0
STOP_PATIENCE_S = 5.0
RESTART_MIN_S = 0.2
RESTART_MAX_S = 10.0
_PR_SET_PDEATHSIG = 1


class Child:
    """Keeps `command` running, which listens on `host:port` and writes to `log`.

    When it dies it is started again after a growing pause. It dies with us, even when we are killed.
    """

    def __init__(self, command: list[str], *, folder: Path, host: str, port: int) -> None:
        self._command = command
        self._name = Path(command[0]).name
        self._folder = folder
        self._host = host
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._first = Event()
        self._stopping = Event()
        self._failure = ""
        self._lock_file: int | None = None
        # One thread starts the process and waits for it: the death signal is tied to the starting thread's life.
        self._thread = Thread(target=self._keep_running, name=f"{self._name}-keeper", daemon=True)

    @property
    def pid(self) -> int | None:
        """The running process's number."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the program; return when it accepts connections.

        Raises `PortInUse`, `FolderInUse` or `BrokerFailed`.
        """
        self._take_folder()
        wait_for_free_port(self._host, self._port, setting="broker_port")
        self._thread.start()
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not _listens(self._host, self._port):
            if self._failure or time.monotonic() > deadline_s:
                self.stop()
                raise BrokerFailed(self._name, self._failure)
            time.sleep(0.02)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the running program, if it runs."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    def stop(self) -> None:
        """End the program, by force when it takes too long."""
        self._stopping.set()
        self.send_signal(signal.SIGTERM)
        if self._thread.is_alive():
            self._thread.join(STOP_PATIENCE_S)
            if self._thread.is_alive():
                self.send_signal(signal.SIGKILL)
                self._thread.join()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def _take_folder(self) -> None:
        self._lock_file = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline_s = time.monotonic() + FREE_PORT_PATIENCE_S
        while True:
            try:
                fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    os.close(self._lock_file)
                    self._lock_file = None
                    raise FolderInUse(str(self._folder)) from None
                time.sleep(0.05)

    def _keep_running(self) -> None:
        pause_s = RESTART_MIN_S
        log_path = self._folder / "broker.log"
        started_before = False
        while not self._stopping.is_set():
            started_s = time.monotonic()
            with log_path.open("wb") as log:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    # Ctrl-C in a terminal goes to the whole group: the broker is ended by us, after ingest.
                    start_new_session=True,
                    preexec_fn=_die_with_parent(os.getpid()),
                )
                self._process.wait()
            if self._stopping.is_set():
                return
            last_words = _last_line(log_path)
            if not started_before and time.monotonic() - started_s < 1.0:
                self._failure = last_words or f"it ended with status {self._process.returncode}"
            started_before = True
            if time.monotonic() - started_s > 60:
                pause_s = RESTART_MIN_S
            _log.error("broker died", program=self._name, status=self._process.returncode, last_words=last_words)
            self._stopping.wait(pause_s * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not a secret
            pause_s = min(RESTART_MAX_S, pause_s * 2)


def wait_for_free_port(host: str, port: int, *, setting: str) -> None:
    """Return when the port can be listened on; a program that is just ending is given some seconds.

    Raises `PortInUse`, naming the setting that would help.
    """
    deadline_s = time.monotonic() + FREE_PORT_PATIENCE_S
    while True:
        with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                return
            except OSError:
                if time.monotonic() > deadline_s or _listens(host, port, seconds=1.0):
                    raise PortInUse(host=host, port=port, setting=setting) from None
        time.sleep(0.05)


def private_file(path: Path, text: str) -> None:
    """Write a file that holds secrets, in one step: a reader sees the old text or the new, never half of it."""
    draft = path.with_name(path.name + ".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _listens(host: str, port: int, seconds: float = 0.2) -> bool:
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.settimeout(seconds)
        return probe.connect_ex((host, port)) == 0


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][-300:] if lines else ""


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """Return what the child runs before it becomes the program: ask the kernel to be killed when we are."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # We were killed in between.
            os._exit(1)

    return ask
