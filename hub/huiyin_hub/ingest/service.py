"""The ingest loop: connect, take what has arrived, commit it, answer; and tell devices what the hub wishes."""

import random
import secrets
import time
from collections import deque
from threading import Event, Thread
from typing import Protocol

import structlog
from sqlalchemy import Engine

from huiyin_hub.broker.port import Address
from huiyin_hub.ingest.link import HubLink, Publication
from huiyin_hub.ingest.parsing import Registry
from huiyin_hub.ingest.writer import Writer
from huiyin_shared import topics
from huiyin_shared.frames import HubState, encode

_log = structlog.get_logger()

MAX_MESSAGES = 2_000
MAX_BYTES = 8 * 1024 * 1024
"""What one transaction takes at most: it bounds memory, and the time until the first ack."""

TAKE_TIMEOUT_S = 0.2
WISHES_EVERY_S = 1.0
WISHES_PER_ROUND = 200
SUBSCRIBE_PATIENCE_S = 10.0
REDIAL_MIN_S = 0.1
REDIAL_MAX_S = 10.0
FAREWELL_S = 2.0


class Wishes(Protocol):
    """What devices are to be told besides answers: their wished configuration."""

    def all(self) -> list[tuple[str, bytes]]:
        """Return every device's (topic, payload), retained at the broker."""

    def changed(self) -> list[tuple[str, bytes]]:
        """Return those that differ from what was returned before."""


class IngestService:
    """One thread that owns the hub's link to the broker and writes what comes over it."""

    def __init__(self, *, engine: Engine, address: Address, registry: Registry, wishes: Wishes) -> None:
        self._address = address
        self._wishes = wishes
        self._instance = secrets.token_hex(8)
        self._since_ms = _now_ms()
        self._stopping = Event()
        self._writer = Writer(engine, registry, clock=_now_ms, pause=self._pause_writing)
        self._to_publish: deque[Publication] = deque()
        self._link: HubLink | None = None
        self.connected = Event()
        self._thread = Thread(target=self._run, name="ingest", daemon=True)

    def start(self) -> None:
        """Start the thread; `connected` is set while the broker serves it."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what was taken, say that the hub is offline, and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join()

    def _run(self) -> None:
        redial_s = REDIAL_MIN_S
        while not self._stopping.is_set():
            link = HubLink(self._address, client_id=f"huiyin-hub-{secrets.token_hex(4)}", will=self._state("offline"))
            self._link = link
            try:
                link.dial()
                if link.wait_until_subscribed(SUBSCRIBE_PATIENCE_S):
                    redial_s = REDIAL_MIN_S
                    self._serve(link)
            except OSError as error:
                _log.warning("broker cannot be reached", error=type(error).__name__)
            except Exception:  # noqa: BLE001 - the process loop: log, drop the connection, begin again
                _log.exception("ingest failed")
            self.connected.clear()
            link.abandon()
            if not self._stopping.wait(redial_s * random.uniform(0.75, 1.25)):  # noqa: S311 - jitter, not a secret
                redial_s = min(REDIAL_MAX_S, redial_s * 2)

    def _serve(self, link: HubLink) -> None:
        """Take, write and answer until the connection ends or we are asked to stop."""
        link.publish(self._state("online"))
        self._to_publish = deque(_retained(topic, payload) for topic, payload in self._wishes.all())
        link.flush()
        self.connected.set()
        next_wishes_s = time.monotonic() + WISHES_EVERY_S
        while not self._stopping.is_set() and not link.closed:
            messages = link.take(timeout_s=TAKE_TIMEOUT_S, max_messages=MAX_MESSAGES, max_bytes=MAX_BYTES)
            if messages:
                for topic, payload in self._writer.write(messages):
                    link.publish(Publication(topic, payload))
                link.flush()
            if time.monotonic() >= next_wishes_s:
                self._to_publish.extend(_retained(topic, payload) for topic, payload in self._wishes.changed())
                next_wishes_s = time.monotonic() + WISHES_EVERY_S
            self._publish_wishes(link)
        if not link.closed:
            link.publish(self._state("offline"))
            link.wait_until_sent(FAREWELL_S)
            link.hang_up()

    def _publish_wishes(self, link: HubLink) -> None:
        """Send some of what waits: a large fleet's configurations must not keep ratings waiting."""
        for _ in range(min(WISHES_PER_ROUND, len(self._to_publish))):
            link.publish(self._to_publish.popleft())
        link.flush()

    def _state(self, state: str) -> Publication:
        hub_state = HubState(
            state="online" if state == "online" else "offline", instance=self._instance, since_ms=self._since_ms
        )
        return Publication(topics.HUB_STATE, encode(hub_state), qos=1, retain=True)

    def _pause_writing(self, seconds: float) -> bool:
        """Wait before the database is tried again; nothing is read meanwhile, the broker holds the rest."""
        stopped = self._stopping.wait(seconds)
        if self._link:
            self._link.keep_alive()
        return not stopped


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _retained(topic: str, payload: bytes) -> Publication:
    return Publication(topic, payload, qos=1, retain=True)
