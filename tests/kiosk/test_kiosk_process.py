"""`huiyin-kiosk run` as it is installed: a real process, a real window, a pointer, a real store; the hub is away."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest

from huiyin_kiosk.display import VirtualScreen, modes_to_try
from huiyin_kiosk.outbox.store import Outbox
from huiyin_kiosk.samples import sample_hall
from huiyin_kiosk.sync.device import DESIRED_SETTING
from huiyin_shared.desired import encode_desired
from huiyin_shared.events import Event, Feedback, Rating, RatingDetail, decode_event
from huiyin_shared.ids import device_id

TIMEOUT_S = 40.0


@pytest.fixture
def device_file(tmp_path: Path) -> Path:
    """A kiosk that once had its configuration and now starts without any hub."""
    path = tmp_path / "kiosk-1.toml"
    path.write_text(
        'device = "kiosk-1"\npassword = "p"\ncounter = "h1-c3"\ndata_dir = "data"\n'
        '[broker]\nhost = "127.0.0.1"\nport = 9\nprotocol = "3.1.1"\n',
        encoding="utf-8",
    )
    outbox = Outbox.open(tmp_path / "data" / "outbox.db", device=device_id("kiosk-1"))
    outbox.set_setting(DESIRED_SETTING, encode_desired(sample_hall()))
    outbox.close()
    return path


def kept(device_file: Path) -> list[Event]:
    with closing(sqlite3.connect(device_file.parent / "data" / "outbox.db")) as db:
        return [decode_event(line) for (line,) in db.execute("SELECT line FROM event ORDER BY seq")]


class Kiosk:
    """A running kiosk whose lines are read as they come."""

    def __init__(self, device_file: Path, *options: str, display: str = "") -> None:
        environment = {**os.environ, "DISPLAY": display}
        self._display = display
        self.process = subprocess.Popen(
            [sys.executable, "-m", "huiyin_kiosk", "run", "--settings", str(device_file), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._lines: Queue[str] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def line(self, beginning: str) -> str:
        """Return the next line that begins so."""
        try:
            while not (line := self._lines.get(timeout=TIMEOUT_S)).startswith(beginning):
                pass
        except Empty:
            self.process.kill()
            raise AssertionError(f"no line {beginning!r}; {self.process.communicate()[1]}") from None
        return line

    def screen(self, name: str) -> dict[str, tuple[int, int]]:
        """Wait for a screen and return where its targets are."""
        found = json.loads(self.line(f'{{"screen":"{name}"'))
        return {target: (x, y) for target, (x, y) in found["targets"].items()}

    def touch(self, place: tuple[int, int]) -> None:
        self.pointer("mousemove", str(place[0]), str(place[1]))
        self.pointer("click", "1")

    def pointer(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env={**os.environ, "DISPLAY": self._display}, check=True)

    def end(self) -> tuple[int, str]:
        """Ask the kiosk to end; return its status and what it said on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(TIMEOUT_S)
        self._reader.join(TIMEOUT_S)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return status, errors

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip())


@pytest.fixture
def display() -> Iterator[str]:
    screen = VirtualScreen(1280, 800)
    yield screen.name
    screen.close()


@pytest.fixture
def window(device_file: Path, display: str) -> Iterator[Kiosk]:
    kiosk = Kiosk(device_file, "--windowed", "1280x800", "--announce-screens", display=display)
    yield kiosk
    if kiosk.process.poll() is None:
        kiosk.end()


@pytest.mark.needs_xvfb
def test_a_visitor_rates_and_says_why_with_one_finger(window: Kiosk, device_file: Path) -> None:
    assert window.line("kiosk ready") == "kiosk ready window"
    attract = window.screen("Attract")
    window.touch(attract["face-2"])
    reasons = window.screen("Reasons")
    (rating,) = kept(device_file)
    assert isinstance(rating, Rating)
    assert (rating.level, rating.counter) == (2, "h1-c3")
    window.touch(reasons["reason-queue"])
    window.touch(window.screen("Reasons")["write"])
    window.touch(window.screen("Words")["phrase-1"])
    window.touch(window.screen("Words")["next"])
    window.touch(window.screen("Reasons")["done"])
    window.touch(window.screen("Thanks")["done"])
    window.screen("Attract")
    detail = kept(device_file)[-1]
    assert isinstance(detail, RatingDetail)
    assert (detail.visit, detail.reasons, detail.words) == (rating.visit, ["queue"], "等待时间太长")


@pytest.mark.needs_xvfb
def test_a_visitor_complains_in_english_with_keyboards_of_both_kinds(window: Kiosk, device_file: Path) -> None:
    window.touch(window.screen("Attract")["language"])
    window.touch(window.screen("Attract")["door"])
    window.touch(window.screen("Kinds")["kind-complaint"])
    window.touch(window.screen("About")["categories-fees"])
    window.touch(window.screen("About")["counters-h1-c1"])
    window.touch(window.screen("About")["next"])
    telling = window.screen("Telling")
    for key in ("shift", "h", "i"):
        window.touch(telling[f"key-{key}"])
        if key != "shift":
            telling = window.screen("Telling")
    window.pointer("type", "--delay", "60", " [b]there![/b]")
    window.screen("Telling")
    window.pointer("key", "BackSpace")
    window.touch(window.screen("Telling")["next"])
    window.touch(window.screen("ContactChoice")["contact-leave"])
    form = window.screen("ContactForm")
    for digit in "1380013":
        window.touch(form[f"key-{digit}"])
        form = window.screen("ContactForm")
    window.touch(form["next"])
    window.screen("Thanks")
    (feedback,) = kept(device_file)
    assert isinstance(feedback, Feedback)
    assert (feedback.kind, feedback.category, feedback.counter, feedback.staff) == ("complaint", "fees", "h1-c1", "s-1")
    assert feedback.text == "Hi [b]there![/b"
    assert feedback.lang == "en"
    assert feedback.contact is not None
    assert feedback.contact.phone == "1380013"


@pytest.mark.needs_xvfb
def test_there_is_no_way_out_by_keyboard(window: Kiosk, device_file: Path) -> None:
    attract = window.screen("Attract")
    for key in ("Escape", "F1", "F11", "alt+F4", "ctrl+c", "ctrl+q", "ctrl+alt+Delete", "super", "Tab", "Return"):
        window.pointer("key", key)
    window.touch(attract["face-5"])
    window.screen("Reasons")
    assert window.process.poll() is None
    assert len(kept(device_file)) == 1
    status, errors = window.end()
    assert status == 0
    assert "Traceback" not in errors


@pytest.mark.needs_xvfb
def test_without_a_display_a_virtual_one_is_started_and_ended(device_file: Path) -> None:
    kiosk = Kiosk(device_file, "--demo-visitor", "1")
    assert kiosk.line("kiosk ready") == "kiosk ready xvfb"
    tap = json.loads(kiosk.line('{"tapped_ms"'))
    kiosk.line('{"tapped_ms"')
    assert kiosk.end()[0] == 0
    ratings = [event for event in kept(device_file) if isinstance(event, Rating)]
    assert ratings[0].level == tap["level"]
    assert tap["counter"] == "h1-c3"
    assert abs(ratings[0].at.wall_ms - tap["tapped_ms"]) < 5_000


def test_the_offscreen_display_shows_the_same_kiosk(device_file: Path) -> None:
    kiosk = Kiosk(device_file, "--display", "offscreen", "--windowed", "800x600", "--demo-visitor", "1")
    assert kiosk.line("kiosk ready") == "kiosk ready offscreen"
    kiosk.line('{"tapped_ms"')
    kiosk.line('{"tapped_ms"')
    assert kiosk.end()[0] == 0
    assert kept(device_file)


def test_headless_runs_the_visits_without_kivy(device_file: Path) -> None:
    kiosk = Kiosk(device_file, "--display", "headless", "--demo-visitor", "0.5")
    assert kiosk.line("kiosk ready") == "kiosk ready headless"
    kiosk.line('{"tapped_ms"')
    kiosk.line('{"tapped_ms"')
    assert kiosk.end()[0] == 0
    assert kept(device_file)


def run_to_its_end(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "huiyin_kiosk", "run", *arguments],
        env={**os.environ, "DISPLAY": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    return done.returncode, done.stderr.strip()


def test_what_is_wrong_is_said_in_one_sentence(device_file: Path, tmp_path: Path) -> None:
    settings = ("--settings", str(device_file))
    cases = {
        ("--settings", str(tmp_path / "none.toml")): "cannot be read",
        (*settings, "--windowed", "big"): "not a size",
        (*settings, "--display", "window"): "no display",
    }
    for arguments, says in cases.items():
        status, errors = run_to_its_end(*arguments)
        assert status != 0
        assert says in errors
        assert len(errors.splitlines()) == 1


def test_another_devices_store_is_refused(device_file: Path) -> None:
    device_file.write_text(device_file.read_text().replace('"kiosk-1"', '"kiosk-2"'))
    status, errors = run_to_its_end("--settings", str(device_file))
    assert status != 0
    assert "belongs to device kiosk-1" in errors
    assert len(errors.splitlines()) == 1


def test_a_store_that_is_not_ours_to_write_is_refused(device_file: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "data").write_text("a file where the folder should be")
    status, errors = run_to_its_end("--settings", str(device_file))
    assert status != 0
    assert len(errors.splitlines()) == 1


def test_the_best_display_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_more: None)
    assert modes_to_try("auto", {}) == ["offscreen", "headless"]
    assert modes_to_try("auto", {"DISPLAY": ":987"}) == ["offscreen", "headless"]
    assert modes_to_try("headless", {"DISPLAY": ":0"}) == ["headless"]
