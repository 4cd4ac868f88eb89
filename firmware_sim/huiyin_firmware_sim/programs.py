"""The project's other programs, run as a person would: started, listened to, ended. None outlives us."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import IO

from huiyin_firmware_sim.errors import ProgramFailed, ProgramMissing

STOP_TIMEOUT_S = 15.0

# Should we be killed without a chance to stop our programs, the kernel tells them (PR_SET_PDEATHSIG, SIGTERM). The
# program sets this itself before it becomes what we asked for: forking with code of ours is not safe among threads.
_LAUNCH = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"


def find_program(name: str) -> str:
    """Return the path of a console script of the project. Raises `ProgramMissing`."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise ProgramMissing(name)
    return found


def run_program(arguments: Sequence[str], *, log: Path, allowed: Sequence[int] = (0,)) -> str:
    """Run a program of the project to its end and return what it printed. Raises `ProgramFailed`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    name = arguments[0]
    with log.open("a", encoding="utf-8") as errors:
        errors.write(f"$ {' '.join(arguments)}\n")
        errors.flush()
        done = subprocess.run(
            [find_program(name), *arguments[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            check=False,
        )
    if done.returncode not in allowed:
        raise ProgramFailed(name, _last_line(log) or f"ended with status {done.returncode}", log)
    return done.stdout


class Program:
    """A long-running program: its lines are handed on, its log kept, and it ends when we do.

    The first line that begins with `ready` makes it ready.
    """

    def __init__(self, arguments: Sequence[str], *, ready: str, log: Path, on_line: Callable[[str], None]) -> None:
        self.name = arguments[0]
        self._log_path = log
        self._on_line = on_line
        self._ready = Event()
        self._ready_words = ready
        self._stopping = False
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log: IO[str] = log.open("w", encoding="utf-8", buffering=1)
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", _LAUNCH, find_program(self.name), *arguments[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            # A session of its own: Ctrl-C reaches us alone, and we end the programs in order.
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        self._reader = Thread(target=self._read, name=f"{self.name} lines", daemon=True)
        self._reader.start()

    def wait_ready(self, timeout_s: float, stop: Event) -> bool:
        """Wait until the program said it is ready; False when `stop` came first.

        Raises `ProgramFailed` when it ended, or said nothing for `timeout_s`.
        """
        waited_s = 0.0
        while not self._ready.wait(0.05):
            waited_s += 0.05
            if stop.is_set():
                return False
            self.check()
            if waited_s > timeout_s:
                raise ProgramFailed(self.name, f"was not ready after {timeout_s:.0f} s", self._log_path)
        return True

    def check(self) -> None:
        """Raise `ProgramFailed` when the program has ended without being told to."""
        status = self._process.poll()
        if status is not None and not self._stopping:
            raise ProgramFailed(self.name, _last_line(self._log_path) or f"ended with status {status}", self._log_path)

    def stop(self) -> None:
        """Ask the program to end, and make it end when it does not."""
        self._stopping = True
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(timeout=2)
        self._log.close()

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        with self._process.stdout as lines:
            for line in lines:
                if not self._log.closed:
                    self._log.write(line)
                self._on_line(line.rstrip("\n"))
                if line.startswith(self._ready_words):
                    self._ready.set()


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines and not lines[-1].startswith("$ ") else ""
