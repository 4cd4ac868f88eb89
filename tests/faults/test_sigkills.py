"""Two hundred SIGKILLs: a hundred of devices in a storm of visitors, a hundred of the hub's ingest.

Real are the store, the sync and its link, the broker, the hub's database, and `huiyin-hub ingest` with everything it
does at its start: it is the program's own command line, forked from a parent that has the imports behind it (see
`nursery.py`). SIGKILL takes a process away wherever it is; what the kernel has taken stays, as it does when a program
dies. (That it also survives a power cut is the matter of `synchronous=FULL`, not of this test.)
"""

import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from faults.rig import Child, Device, Hall, Nursery, verify

SEED = 20_261_122
KILLS_EACH = 100


class Ingest:
    """`huiyin-hub ingest`, killed and started again."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        assert self._child is not None
        return self._child

    def start(self) -> None:
        self._child = self._hall.start("ingest")

    def wait_until_ready(self) -> None:
        self.child.wait_until_ready()

    def is_ready(self) -> bool:
        return "ready " in self.child.said()

    def kill(self) -> None:
        assert self.child.alive(), f"it ended by itself: {self.child.errors()[-2_000:]}"
        self.child.end(signal.SIGKILL)


@dataclass
class Victim:
    """Something to be killed; between two kills it runs on, or lies dead until its turn comes again."""

    kind: str
    it: Device | Ingest
    start_s: float
    """About how long its start takes."""
    runs: bool = False

    def start(self) -> None:
        if not self.runs:
            self.it.start()
        self.runs = True

    def kill(self, dice: Random) -> tuple[str, str]:
        """Kill it, and return whether it was at work or still starting."""
        if self.runs:
            self.it.wait_until_ready()
            time.sleep(dice.uniform(0.005, 0.15))
        else:
            self.start()
            time.sleep(dice.uniform(0.0, self.start_s))
        where = "at work" if self.it.is_ready() else "starting"
        self.it.kill()
        self.runs = False
        return self.kind, where


@pytest.mark.timeout(300)
def test_two_hundred_sigkills_of_devices_and_hub_lose_and_double_nothing(nursery: Nursery, tmp_path: Path) -> None:
    print(f"seed {SEED}")
    dice = Random(SEED)
    hall = Hall(nursery, tmp_path, broker="nats")
    hall.start_ready("broker")
    devices = [Device(hall, name, pause_s=0.001, feedback_every=40) for name in ("t-01", "t-02")]
    hub = Victim("hub", Ingest(hall), start_s=0.08)
    victims = [Victim("device", device, start_s=0.01) for device in devices]
    for victim in (hub, *victims):
        victim.start()
    order = ["device", "hub"] * KILLS_EACH
    dice.shuffle(order)
    killed: Counter[tuple[str, str]] = Counter()
    for kind in order:
        victim = hub if kind == "hub" else dice.choice(victims)
        killed[victim.kill(dice)] += 1
        if dice.random() < 0.6:
            victim.start()
    print(dict(killed))
    # Were they all killed at one and the same place, this would say little.
    assert all(killed[kind, where] >= 5 for kind in ("device", "hub") for where in ("at work", "starting")), killed
    for victim in (hub, *victims):
        victim.start()
    for device in devices:
        device.quieten()
    for device in devices:
        device.wait_until_drained()
        device.stop()
    assert len(verify(hall, *devices)) > 1_000
