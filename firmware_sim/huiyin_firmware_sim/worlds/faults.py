"""The faults a world may suffer, each by its name. Every one is drawn and timed by the world's own dice."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huiyin_firmware_sim.worlds.world import World

Fault = Callable[["World", Random], None]

WRITE_STATEMENTS = 6
"""Statements of one `Outbox.add`: the room check's read, BEGIN, SELECT, INSERT, UPDATE, COMMIT."""


def bad_weather(world: "World", rng: Random) -> None:
    """Messages are lost, doubled and late for a while."""
    weather = world.network.weather
    weather.lose, weather.double, weather.delay_ms = rng.uniform(0, 0.4), rng.uniform(0, 0.4), rng.randint(20, 3_000)
    world.timeline.after(rng.randint(2_000, 15_000), world.network.weather_clears)


def overtaking(world: "World", rng: Random) -> None:
    """Messages overtake each other."""
    world.network.weather.reorder = True
    world.network.weather.delay_ms = rng.randint(50, 1_500)
    world.timeline.after(rng.randint(2_000, 15_000), world.network.weather_clears)


def partition(world: "World", rng: Random) -> None:
    """Some devices are cut off."""
    for device in world.some_devices(rng):
        world.network.cut(device.name)
        world.timeline.after(rng.randint(1_000, 20_000), partial(world.network.cut_off.discard, device.name))


def power_cut(world: "World", rng: Random) -> None:
    """A device loses its power between two visits."""
    rng.choice(world.devices).cut_power()


def power_cut_in_commit(world: "World", rng: Random) -> None:
    """A device loses its power at one of the statements of a tap, before it runs or right after."""
    device = rng.choice(world.devices)
    device.tap(power_cut_at=rng.randint(1, WRITE_STATEMENTS), after=rng.random() < 0.5)


def hub_kill(world: "World", _rng: Random) -> None:
    """The hub is killed while idle."""
    world.hub.kill()


def hub_kill_before_commit(world: "World", _rng: Random) -> None:
    """The hub is killed with messages taken and not committed."""
    world.hub.kill_next = "before_commit"


def hub_kill_before_ack(world: "World", _rng: Random) -> None:
    """The hub is killed between COMMIT and ack."""
    world.hub.kill_next = "before_ack"


def broker_forgets(world: "World", _rng: Random) -> None:
    """The broker dies with everything it carried."""
    world.network.forget_everything()
    world.timeline.after(500, world.hub.announce)


def hub_restored(world: "World", rng: Random) -> None:
    """The hub is set back to an older copy of its database."""
    copy = world.folder / f"backup-{rng.getrandbits(32)}.db"
    if world.hub.on:
        world.hub.back_up(copy)
    world.timeline.after(rng.randint(1_000, 10_000), lambda: world.hub.restore(copy))


def clock_1970(world: "World", rng: Random) -> None:
    """A device thinks it is 1970 from now on."""
    rng.choice(world.devices).clock.wall_offset_ms = -world.timeline.now_ms


def clock_step(world: "World", rng: Random) -> None:
    """A device's wall clock jumps by up to ten years, forwards or backwards."""
    rng.choice(world.devices).clock.wall_offset_ms += rng.randint(-10, 10) * 365 * 86_400_000


def clock_drift(world: "World", rng: Random) -> None:
    """A device's oscillator runs fast or slow by up to 500 ppm."""
    rng.choice(world.devices).clock.drift_ppm = rng.randint(-500, 500)


def disk_full(world: "World", rng: Random) -> None:
    """A device's disk is full for a while: visitors are told, nothing is accepted."""
    device = rng.choice(world.devices)
    world.full.add(device.name)
    world.timeline.after(rng.randint(1_000, 15_000), lambda: world.full.discard(device.name))


def herd(world: "World", _rng: Random) -> None:
    """All devices lose their connection in the same moment and come back together."""
    for device in world.devices:
        world.network.cut(device.name)
    world.timeline.after(3_000, world.network.cut_off.clear)


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        bad_weather,
        overtaking,
        partition,
        power_cut,
        power_cut_in_commit,
        hub_kill,
        hub_kill_before_commit,
        hub_kill_before_ack,
        broker_forgets,
        hub_restored,
        clock_1970,
        clock_step,
        clock_drift,
        disk_full,
        herd,
    )
}
