"""One world from one seed: build it, let it live with its faults, heal it, and hold it against the invariants."""

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from huiyin_firmware_sim.worlds.device import Card, WorldDevice
from huiyin_firmware_sim.worlds.faults import FAULTS
from huiyin_firmware_sim.worlds.hub import WorldHub
from huiyin_firmware_sim.worlds.invariants import violations
from huiyin_firmware_sim.worlds.network import Network
from huiyin_firmware_sim.worlds.timeline import START_MS, Timeline
from huiyin_kiosk.sync.signing import SEED_BYTES, DeviceKey
from huiyin_shared.ids import device_id

LIFE_MS = 60_000
HEAL_MS = 120_000
PATIENCE_MS = 30 * 60_000
MAX_DEVICES = 4
MAX_TAPS = 60
MAX_FAULTS = 6
TURN_MS = 250

CROWD_EVERY = 500
"""One world in so many is a crowd's: a thousand devices that come back at the same moment, again and again."""

CROWD = 1_000
CROWD_TURN_MS = 5_000


@dataclass
class Report:
    """What a world was like: its faults by kind, its story, and what of the invariants did not hold."""

    seed: int
    events: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


class World:
    """Devices, a broker and a hub in simulated time."""

    def __init__(self, seed: int, folder: Path, template: Path) -> None:
        self.folder = folder
        self.full: set[str] = set()
        self.timeline = Timeline()
        self.report = Report(seed)
        self._rng = Random(seed)
        self.network = Network(self.timeline, Random(self._rng.random()), lambda kind: None)
        self.hub = WorldHub(folder / "hub.db", timeline=self.timeline, network=self.network, template=template)
        self.crowded = seed % CROWD_EVERY == CROWD_EVERY // 2
        self.born = CROWD if self.crowded else self._rng.randint(1, MAX_DEVICES)
        self.rolled_back = False
        self.devices = [self._device(f"k{number}") for number in range(1, self.born + 1)]

    def some_devices(self, rng: Random) -> list[WorldDevice]:
        """Return at least one of the devices."""
        return rng.sample(self.devices, rng.randint(1, len(self.devices)))

    def live(self) -> Report:
        """Let the world live, heal, and settle; return its report."""
        rng = self._rng
        for _ in range(2 * CROWD if self.crowded else rng.randint(1, MAX_TAPS)):
            device = rng.choice(self.devices)
            burst = rng.choice((1, 1, 1, 5, 40))
            self.timeline.after(rng.randint(0, LIFE_MS), partial(_tap, device, burst))
        if self.crowded:
            self.timeline.after(LIFE_MS // 2, partial(self._strike, "herd"))
        for _ in range(rng.randint(1, MAX_FAULTS)):
            name = rng.choice(list(FAULTS))
            self.timeline.after(rng.randint(0, LIFE_MS), partial(self._strike, name))
        self.timeline.run(START_MS + LIFE_MS)
        self._heal()
        end_ms = self.timeline.now_ms + HEAL_MS
        self.timeline.run(end_ms)
        while not self._settled() and self.timeline.now_ms < end_ms + PATIENCE_MS:
            self.timeline.run(self.timeline.now_ms + 10_000)
        self.report.events = sum(len(device.thanked) for device in self.devices)
        self.report.violations = violations(self)
        return self.report

    def close(self) -> None:
        """Close all files."""
        for device in self.devices:
            device.stop()
        self.hub.engine.dispose()

    def copy_card(self, device: WorldDevice) -> WorldDevice:
        """Put a copy of a device's card, its key included, into another device that uses it from now on."""
        label = f"{device.label}-copy"
        Card.read(device.path).put(self.folder / f"{label}.db")
        copy = self._device(label, of=device)
        self.devices.append(copy)
        return copy

    def _device(self, label: str, *, of: WorldDevice | None = None) -> WorldDevice:
        rng = Random(self._rng.random())
        return WorldDevice(
            label,
            of.name if of else device_id(label),
            self.folder / f"{label}.db",
            key=of.key if of else DeviceKey(rng.randbytes(SEED_BYTES)),
            timeline=self.timeline,
            network=self.network,
            rng=rng,
            full=lambda: label in self.full,
            turn_ms=CROWD_TURN_MS if self.crowded else TURN_MS,
        )

    def _strike(self, name: str) -> None:
        self.report.faults[name] += 1
        self.report.story.append(f"{self.timeline.now_ms - START_MS:>6} ms  {name}")
        FAULTS[name](self, self._rng)

    def _heal(self) -> None:
        self.report.story.append(f"{self.timeline.now_ms - START_MS:>6} ms  the network heals")
        self.network.cut_off.clear()
        self.network.weather_clears()
        self.full.clear()
        self.hub.kill_next = ""

    def _settled(self) -> bool:
        return self.hub.on and all(device.on and device.outbox.backlog() == 0 for device in self.devices)


def _tap(device: WorldDevice, times: int) -> None:
    for _ in range(times):
        device.tap()


def live_through(seed: int, template: Path) -> Report:
    """Make the world of a seed in a folder of its own and return its report."""
    # Memory instead of a disk where there is one: the files are real, only their medium is fast.
    shm = Path("/dev/shm")  # noqa: S108 - a file system in memory, not a guessable file
    folder = Path(tempfile.mkdtemp(prefix="huiyin-world-", dir=shm if shm.is_dir() else None))
    world = None
    try:
        world = World(seed, folder, template)
        return world.live()
    finally:
        if world is not None:
            world.close()
        shutil.rmtree(folder)
