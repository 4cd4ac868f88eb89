"""Where the screen can be: a real display, a virtual one, memory only, or none. Nothing here imports Kivy."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from huiyin_shared.errors import HuiyinError

Mode = Literal["window", "xvfb", "offscreen", "headless"]
Wish = Literal["auto", "window", "xvfb", "offscreen", "headless"]

_X_SOCKETS = "/tmp/.X11-unix"  # noqa: S108 - the place X servers use
_LAUNCH = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"


class NoDisplay(HuiyinError):
    """The display that was asked for is not to be had."""

    exit_code = 3


class VirtualScreen:
    """An Xvfb of our own on a display number that is free; it ends with us."""

    def __init__(self, width: int, height: int) -> None:
        program = shutil.which("Xvfb")
        if program is None:
            raise NoDisplay("Xvfb is not installed on this machine")
        read, write = os.pipe()
        os.set_inheritable(write, True)
        arguments = [program, "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-dpi", "96"]
        arguments += ["-nolisten", "tcp", "-noreset"]
        # The child asks the kernel to be ended when we are killed, then becomes Xvfb.
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", _LAUNCH, *arguments],
            pass_fds=(write,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(write)
        self.name = f":{_read_number(read)}"

    def close(self) -> None:
        """End the virtual screen."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def modes_to_try(wish: Wish, environment: Mapping[str, str]) -> list[Mode]:
    """Return the modes that can work here, best first. Raises `NoDisplay` when a wish cannot be met."""
    has_kivy = importlib.util.find_spec("kivy") is not None
    if wish == "headless":
        return ["headless"]
    if wish != "auto":
        if not has_kivy:
            raise NoDisplay("Kivy is not installed here (there is no wheel for this Python); use --display headless")
        if wish == "window" and not has_display(environment):
            raise NoDisplay("there is no display: DISPLAY is not set or nothing answers there")
        return [wish]
    if not has_kivy:
        return ["headless"]
    modes: list[Mode] = []
    if has_display(environment):
        modes.append("window")
    if sys.platform == "linux":
        if shutil.which("Xvfb"):
            modes.append("xvfb")
        modes.append("offscreen")
    return [*modes, "headless"]


def has_display(environment: Mapping[str, str]) -> bool:
    """Tell whether a display answers; on systems without X there always is one."""
    if sys.platform in ("darwin", "win32"):
        return True
    name = environment.get("DISPLAY", "")
    if not name:
        return False
    host, _, number = name.rpartition(":")
    number = number.split(".")[0]
    if not number.isdigit():
        return False
    if host in ("", "unix"):
        return any(_answers(socket.AF_UNIX, path) for path in (f"{_X_SOCKETS}/X{number}", f"\0{_X_SOCKETS}/X{number}"))
    return _answers(socket.AF_INET, (host, 6000 + int(number)))


def prepare_environment(mode: Mode, *, data_dir: Path, display: str | None = None) -> None:
    """Set what SDL and Kivy read when they are first imported."""
    os.environ["KIVY_NO_ARGS"] = "1"
    os.environ["KIVY_NO_CONFIG"] = "1"
    os.environ["KIVY_LOG_MODE"] = "PYTHON"
    os.environ["KIVY_HOME"] = str(data_dir / "kivy")
    # A finger is a finger: SDL must not make a mouse of it as well, or every touch counts twice.
    os.environ["SDL_TOUCH_MOUSE_EVENTS"] = "0"
    os.environ["SDL_MOUSE_TOUCH_EVENTS"] = "0"
    os.environ.pop("SDL_VIDEODRIVER", None)
    if mode == "offscreen":
        os.environ["SDL_VIDEODRIVER"] = "offscreen"
    if display is not None:
        os.environ["DISPLAY"] = display


def works(mode: Mode, *, data_dir: Path) -> bool:
    """Try a mode in a process of its own: where graphics are missing, the trial may end in any way."""
    environment = {"HUIYIN_PROBE_MODE": mode, "HUIYIN_PROBE_DATA": str(data_dir)}
    done = subprocess.run(
        [sys.executable, "-m", "huiyin_kiosk.probe"],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )
    return done.returncode == 0


def _answers(family: int, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True


def _read_number(read: int) -> int:
    with os.fdopen(read) as pipe:
        line = pipe.readline().strip()
    if not line.isdigit():
        raise NoDisplay("Xvfb did not start")
    return int(line)
