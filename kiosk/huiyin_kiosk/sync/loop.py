"""One thread that serves any number of devices: one at a kiosk, hundreds in the simulator."""

import selectors
import socket
import time
from collections import deque
from contextlib import suppress
from threading import Thread

import structlog

from huiyin_kiosk.sync.device import SyncedDevice, SyncState, ignore_desired
from huiyin_kiosk.sync.link import BrokerAddress

__all__ = ["BrokerAddress", "SyncLoop", "SyncState", "SyncedDevice", "ignore_desired"]

_log = structlog.get_logger()

SWEEP_S = 0.5
"""How often timers of all devices are looked at; what happens in between wakes only the device concerned."""


class SyncLoop:
    """Drives the links and engines of its devices."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        self._devices: list[SyncedDevice] = []
        self._arrivals: deque[SyncedDevice] = deque()
        self._dirty: deque[SyncedDevice] = deque()
        self._registered: dict[SyncedDevice, tuple[int, int]] = {}
        self._wake_at_ms: dict[SyncedDevice, int] = {}
        self._stopping = False
        self._thread = Thread(target=self._run, name="sync", daemon=True)

    def add(self, device: SyncedDevice) -> None:
        """Take on a device; may be called while the loop runs."""
        self._arrivals.append(device)
        self._wake()

    def notify(self, device: SyncedDevice) -> None:
        """An event was added to the device's store; may be called from any thread."""
        self._dirty.append(device)
        self._wake()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Say farewell for all devices and end the thread."""
        if self._stopping:
            return
        self._stopping = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._wake_read.close()
        self._wake_write.close()
        self._selector.close()

    def _wake(self) -> None:
        with suppress(OSError):  # Full of wake-ups already, or closed: either way there is nothing to wake.
            self._wake_write.send(b"x")

    def _run(self) -> None:
        next_sweep_s = 0.0
        while not self._stopping:
            timeout_s = max(0.0, min(SWEEP_S, next_sweep_s - time.monotonic()))
            for key, mask in self._selector.select(timeout_s):
                if key.data is None:
                    self._drain_wakes()
                else:
                    self._guard(key.data, mask)
            while self._arrivals:
                device = self._arrivals.popleft()
                self._devices.append(device)
                self._guard(device)
            for device in {self._dirty.popleft() for _ in range(len(self._dirty))}:
                self._guard(device)
            if time.monotonic() >= next_sweep_s:
                self._sweep()
                next_sweep_s = time.monotonic() + SWEEP_S
        for device in self._devices:
            device.stop()

    def _sweep(self) -> None:
        now_ms = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        for device in self._devices:
            device.keep_alive()
            if device not in self._registered or now_ms >= self._wake_at_ms.get(device, 0):
                self._guard(device)

    def _drain_wakes(self) -> None:
        with suppress(BlockingIOError):
            while self._wake_read.recv(4096):
                pass

    def _guard(self, device: SyncedDevice, mask: int = 0) -> None:
        try:
            if mask:
                device.drive(readable=bool(mask & selectors.EVENT_READ), writable=bool(mask & selectors.EVENT_WRITE))
            self._wake_at_ms[device] = device.step()
        except Exception:  # noqa: BLE001 - the process loop: one device's trouble must not end the others' sync
            _log.exception("sync step failed", device=device.outbox.device)
            device.on_closed("step failed")
        self._register(device)

    def _register(self, device: SyncedDevice) -> None:
        wanted = None
        if device.fileno is not None:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if device.wants_write else 0)
            wanted = (device.fileno, events)
        known = self._registered.get(device)
        if wanted == known:
            return
        if known is not None:
            self._selector.unregister(known[0])
            del self._registered[device]
        if wanted is not None:
            self._selector.register(wanted[0], wanted[1], device)
            self._registered[device] = wanted
