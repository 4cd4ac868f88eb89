"""The device's clocks, read raw: boot id, time since boot with suspend, and what the wall clock believes."""

import time
from pathlib import Path

from huiyin_shared.events import Reading

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIME_SERVICE_SYNCED = Path("/run/systemd/timesync/synchronized")


class DeviceClock:
    """Reads the clocks of this machine. `boot` is given only by tests and simulators."""

    def __init__(self, boot: str | None = None) -> None:
        self._boot = boot or _BOOT_ID.read_text().strip().replace("-", "")

    def mono_ms(self) -> int:
        """Return milliseconds since boot, suspend included."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def reading(self) -> Reading:
        """Return all clocks at this moment; `synced` when a time service says so."""
        return Reading(
            boot=self._boot,
            mono_ms=self.mono_ms(),
            wall_ms=time.time_ns() // 1_000_000,
            clock="synced" if _TIME_SERVICE_SYNCED.exists() else "unsynced",
        )
