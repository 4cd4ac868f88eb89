"""A simulated device's clocks: they drift, start at 1970, and are stepped back."""

from huiyin_firmware_sim.worlds.timeline import Timeline
from huiyin_kiosk.clock import DeviceClock
from huiyin_shared.events import Reading


class WorldClock(DeviceClock):
    """The clocks of one device in a world. `boot` starts them anew."""

    def __init__(self, timeline: Timeline, device: str) -> None:
        self._timeline = timeline
        self._device = device
        self._boots = 0
        self._drift_ppm = 0
        self.wall_offset_ms = 0
        self.synced = False
        self.boot()

    def boot(self) -> None:
        """Begin a new boot: another boot id, and time since boot from zero."""
        self._boots += 1
        self._boot = f"{self._device}-boot-{self._boots}"
        self._since_ms = self._timeline.now_ms
        self._shown_ms = 0

    def drift(self, ppm: int) -> None:
        """Run fast or slow from now on."""
        self._shown_ms, self._since_ms = self.mono_ms(), self._timeline.now_ms
        self._drift_ppm = ppm

    def mono_ms(self) -> int:
        """Return milliseconds since boot as this clock runs."""
        true_ms = self._timeline.now_ms - self._since_ms
        return self._shown_ms + true_ms + true_ms * self._drift_ppm // 1_000_000

    def true_delay_ms(self, mono_ms: int) -> int:
        """Return in how much true time this clock will show `mono_ms`, at least one millisecond too late."""
        return (mono_ms - self.mono_ms()) * 1_000_000 // (1_000_000 + self._drift_ppm) + 1

    def reading(self) -> Reading:
        """Return what the clocks show."""
        return Reading(
            boot=self._boot,
            mono_ms=self.mono_ms(),
            wall_ms=self._timeline.now_ms + self.wall_offset_ms,
            clock="synced" if self.synced else "unsynced",
        )
