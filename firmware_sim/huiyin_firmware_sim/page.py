"""Looks at the hall board as the manager's browser does: logs in, follows the live stream, notes what it showed."""

import time
from collections.abc import Iterator
from threading import Event, Thread

import httpx
import msgspec
from msgspec import Struct

from huiyin_firmware_sim.latency import Sighting
from huiyin_shared.errors import HuiyinError

RETRY_S = 0.5


class LogInRefused(HuiyinError):
    """The hub did not let the demo's own account in."""

    def __init__(self, login: str, status: int) -> None:
        super().__init__(f"the hub refused the log-in of {login} (status {status})")
        self.login = login
        self.status = status


class _Counter(Struct, frozen=True):
    code: str
    n: int


class _Board(Struct, frozen=True):
    counters: list[_Counter]


_boards: msgspec.json.Decoder[_Board] = msgspec.json.Decoder(_Board)


class PageWatch:
    """Follows one hall's board in a thread of its own until told to stop."""

    def __init__(self, *, address: str, login: str, password: str, hall: str) -> None:
        self._address = address
        self._login = login
        self._password = password
        self._hall = hall
        self._stop = Event()
        self._sightings: list[Sighting] = []
        self._thread = Thread(target=self._run, name="page watch", daemon=True)

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    def stop(self) -> list[Sighting]:
        """Stop watching and return everything the page showed."""
        self._stop.set()
        self._thread.join(timeout=3)
        return list(self._sightings)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except (httpx.HTTPError, LogInRefused):
                self._stop.wait(RETRY_S)

    def _follow(self) -> None:
        # A read that waits longer than this looks whether to stop; the hub says something at least this often.
        with httpx.Client(base_url=self._address, headers={"Origin": self._address}, timeout=10.0) as browser:
            answer = browser.post("/login", data={"login": self._login, "password": self._password})
            if answer.status_code >= 400:
                raise LogInRefused(self._login, answer.status_code)
            with browser.stream("GET", f"/halls/{self._hall}/live") as stream:
                stream.raise_for_status()
                for event, data in server_sent_events(stream.iter_lines()):
                    seen_ms = time.time_ns() // 1_000_000
                    if event == "board":
                        board = _boards.decode(data)
                        self._sightings += [Sighting(seen_ms, counter.code, counter.n) for counter in board.counters]
                    if self._stop.is_set():
                        return


def server_sent_events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Return (name, data) of each event in a stream's lines, by the rules of the HTML standard."""
    name, data = "message", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield name, "\n".join(data)
            name, data = "message", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
