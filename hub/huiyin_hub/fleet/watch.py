"""Notices that devices were added or revoked, by whatever process, so that the broker can be told."""

from collections.abc import Callable
from threading import Event, Thread

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from huiyin_hub.fleet.registry import Device, devices, fingerprint

_log = structlog.get_logger()

LOOK_EVERY_S = 0.5


class FleetWatch:
    """A thread that looks at the registry and calls `on_change` with the devices that may speak."""

    def __init__(self, engine: Engine, on_change: Callable[[list[Device]], None]) -> None:
        self._engine = engine
        self._on_change = on_change
        self._seen: tuple[int, ...] | None = None
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="fleet-watch", daemon=True)

    def start(self) -> list[Device]:
        """Start watching and return the devices as they are now."""
        found = self._look() or []
        self._thread.start()
        return found

    def stop(self) -> None:
        """Watch no longer."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            try:
                found = self._look()
                if found is not None:
                    self._on_change(found)
            except (DBAPIError, OSError) as error:
                self._seen = None
                _log.error("fleet cannot be read", error=type(error).__name__)

    def _look(self) -> list[Device] | None:
        """Return the devices that may speak if anything has changed since the last look."""
        with self._engine.connect() as connection:
            now = fingerprint(connection)
            if now == self._seen:
                return None
            self._seen = now
            return [device for device in devices(connection) if not device.revoked]
