"""Child programs: they become ready, fail with their own words, and never outlive the one who started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from huiyin_firmware_sim import programs
from huiyin_firmware_sim.errors import ProgramFailed, ProgramMissing
from huiyin_firmware_sim.programs import Program, find_program, run_program


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Makes a program of a few lines of Python and puts it where programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def make(body: str) -> str:
        path = tmp_path / "pretend-program"
        path.write_text(f"#!{sys.executable}\nimport os, signal, sys, time\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path.name

    return make


def started(name: str, log: Path, ready: str = "ready") -> tuple[Program, list[str]]:
    lines: list[str] = []
    program = Program([name], ready=ready, log=log, on_line=lines.append)
    return program, lines


def test_a_program_is_ready_when_it_says_so_and_its_lines_are_handed_on(
    script: Callable[[str], str], tmp_path: Path
) -> None:
    program, lines = started(script("print('hello'); print('ready 1'); time.sleep(60)"), tmp_path / "log")

    assert program.wait_ready(30, Event())
    program.stop()
    assert lines == ["hello", "ready 1"]
    assert (tmp_path / "log").read_text().splitlines() == ["hello", "ready 1"]


def test_a_program_that_ends_before_it_is_ready_fails_with_its_own_last_words(
    script: Callable[[str], str], tmp_path: Path
) -> None:
    program, _ = started(script("print('port 8460 is in use', file=sys.stderr); sys.exit(2)"), tmp_path / "log")

    with pytest.raises(ProgramFailed, match="port 8460 is in use"):
        program.wait_ready(30, Event())
    program.stop()


def test_a_program_that_never_becomes_ready_is_given_up(script: Callable[[str], str], tmp_path: Path) -> None:
    program, _ = started(script("time.sleep(60)"), tmp_path / "log")

    with pytest.raises(ProgramFailed, match="was not ready"):
        program.wait_ready(0.2, Event())
    program.stop()


def test_a_stop_while_waiting_is_heard(script: Callable[[str], str], tmp_path: Path) -> None:
    program, _ = started(script("time.sleep(60)"), tmp_path / "log")
    stop = Event()
    stop.set()

    assert not program.wait_ready(30, stop)
    program.stop()


def test_a_program_that_will_not_end_is_ended(
    script: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "STOP_TIMEOUT_S", 0.3)
    body = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', os.getpid()); time.sleep(60)"
    program, lines = started(script(body), tmp_path / "log")
    program.wait_ready(30, Event())

    program.stop()

    assert not alive(int(lines[0].split()[1]))


def test_children_end_even_when_their_parent_is_killed(script: Callable[[str], str], tmp_path: Path) -> None:
    name = script("print('ready', os.getpid()); time.sleep(60)")
    parent_code = f"""
import pathlib, threading
from huiyin_firmware_sim.programs import Program
Program([{name!r}], ready="ready", log=pathlib.Path({str(tmp_path / "log")!r}), on_line=lambda l: print(l, flush=True))
threading.Event().wait()
"""
    with subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline().split()[1])
        parent.send_signal(signal.SIGKILL)
    for _ in range(200):
        if not alive(child):
            break
        time.sleep(0.05)

    assert not alive(child)


def test_what_a_program_printed_comes_back_and_a_failure_names_its_last_line(
    script: Callable[[str], str], tmp_path: Path
) -> None:
    assert run_program([script("print('42')")], log=tmp_path / "log") == "42\n"
    with pytest.raises(ProgramFailed, match=r"pretend-program: no room \("):
        run_program([script("print('no room', file=sys.stderr); sys.exit(3)")], log=tmp_path / "log")


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(ProgramMissing, match="huiyin-nothing"):
        find_program("huiyin-nothing")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
