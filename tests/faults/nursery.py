"""A warm parent: it has imported the product once and forks a child for every start, as a program of its own.

Hundreds of restarts would otherwise be spent on importing. What the children run is the product's own code: `hub` runs
the command line of `huiyin-hub` with the given arguments, `device` a real device (`faults.device`). Only the start of
the interpreter is left out. The process has one thread, so a fork copies nothing that is in the middle of something.

One line of JSON is one order, one line the answer. At the end of its standard input it kills its children and ends.
"""

import ctypes
import importlib
import json
import os
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from contextlib import closing
from typing import Any

from faults import device
from huiyin_hub.__main__ import main as hub_main

# The commands import what they run themselves; here it is loaded before the first fork.
for _module in ("bootstrap", "check", "demo_data", "devices"):
    importlib.import_module(f"huiyin_hub.{_module}")

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def run_hub(arguments: list[str]) -> None:
    sys.argv = ["huiyin-hub", *arguments]
    hub_main()


RUNS: dict[str, Callable[[Any], None]] = {"hub": run_hub, "device": device.run}


def start(run: str, argument: Any, out: str, err: str) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        for number, path, flags in (
            (0, os.devnull, os.O_RDONLY),
            (1, out, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
            (2, err, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        ):
            opened = os.open(path, flags, 0o600)
            os.dup2(opened, number)
            os.close(opened)
        RUNS[run](argument)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it was, the child must not go on as a second nursery
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def query(path: str, sql: str) -> list[list[Any]]:
    """Read a database here, where its disk is seen; closed again before the next fork."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
        rows = db.execute(sql).fetchall()
    return [[value.decode() if isinstance(value, bytes) else value for value in row] for row in rows]


def clear(children: set[int]) -> None:
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    while children:
        os.waitpid(children.pop(), 0)


def main() -> None:
    children: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        answer: dict[str, Any] = {}
        match order.pop("do"):
            case "start":
                answer["pid"] = start(**order)
                children.add(answer["pid"])
            case "who":
                answer["pid"] = os.getpid()
            case "query":
                answer["rows"] = query(**order)
            case "signal":
                os.kill(order["pid"], order["number"])
            case "wait":
                done, status = os.waitpid(order["pid"], os.WNOHANG)
                if done:
                    children.discard(done)
                    answer["status"] = os.waitstatus_to_exitcode(status)
            case "clear":
                clear(children)
        print(json.dumps(answer), flush=True)
    clear(children)


if __name__ == "__main__":
    # Whoever interrupts the tests interrupts the whole group: the end of our input is what ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
