"""The faults a world may suffer, each by its name. Every one is drawn and timed by the world's own dice."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from huiyin_firmware_sim.worlds.device import Card
from huiyin_kiosk.sync.signing import SEED_BYTES, DeviceKey
from huiyin_shared import chain
from huiyin_shared.events import Rating, encode_event
from huiyin_shared.frames import Header, encode_batch

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


def power_cut_in_sync(world: "World", rng: Random) -> None:
    """A device loses its power while a COMMIT waits for the disk: some of it is written, some is not."""
    rng.choice(world.devices).tap(torn=True)


def card_copied(world: "World", rng: Random) -> None:
    """A device's card is copied into a second device, which goes on under the same name; once a world.

    Sometimes both write their own history before the hub hears of either.
    """
    device = rng.choice(world.devices)
    if len(world.devices) > world.born or not device.on:
        return
    apart = rng.random() < 0.5
    if apart:
        world.network.cut(device.name)
        world.timeline.after(rng.randint(5_000, 20_000), partial(world.network.cut_off.discard, device.name))
    copy = world.copy_card(device)
    for one in (device, copy) if apart else ():
        for _ in range(rng.randint(1, 5)):
            world.timeline.after(rng.randint(0, 5_000), one.tap)


def offline_boots(world: "World", rng: Random) -> None:
    """A device is cut off with a slow clock, and goes through boots in which it never hears of the hub's time."""
    device = rng.choice(world.devices)
    world.network.cut(device.name)
    device.clock.synced = False
    device.clock.wall_offset_ms -= rng.randint(0, 72) * 3_600_000
    at_ms = 0
    for _ in range(rng.randint(2, 4)):
        for _ in range(rng.randint(1, 3)):
            world.timeline.after(at_ms + rng.randint(100, 4_000), device.tap)
        at_ms += rng.randint(5_000, 25_000)
        world.timeline.after(at_ms, device.cut_power)
    world.timeline.after(at_ms, partial(world.network.cut_off.discard, device.name))


def card_rolled_back(world: "World", rng: Random) -> None:
    """A device whose events are all at the hub gets an older copy of its card; the copy knows less than the hub."""
    device = rng.choice(world.devices)
    if not device.on:
        return
    image = Card.read(device.path)

    def put() -> None:
        # What was not at the hub would be lost with the card, which no software can prevent.
        if device.on and device.outbox.backlog() == 0 and len(world.devices) == world.born:
            device.cut_power(card=image)
            world.rolled_back = True

    world.timeline.after(rng.randint(5_000, 30_000), put)


def corruption(world: "World", rng: Random) -> None:
    """Bits of messages turn over on their way."""
    world.network.weather.corrupt = rng.uniform(0.05, 0.6)
    world.timeline.after(rng.randint(2_000, 15_000), world.network.weather_clears)


def forgery(world: "World", rng: Random) -> None:
    """Somebody who is let in under a device's name, but has not its key, sends the next event of its store."""
    device = rng.choice(world.devices)
    if not device.on:
        return
    cursor = device.outbox.cursor()
    at = device.clock.reading()
    line = encode_event(Rating(at=at, visit="forged", counter="c1", level=5))
    header = Header(v=1, store=device.outbox.store, first=cursor.next_seq, n=1, prev=cursor.head.hex(), sent=at)
    forger = DeviceKey(rng.randbytes(SEED_BYTES))
    head = chain.advance(cursor.head, line)
    payload = encode_batch(header, [line], lambda text: forger.sign_batch(device.name, text, head))
    world.hub.forgeries.add(payload)
    world.network.carry_up(device.name, "events", payload)


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
    clock = rng.choice(world.devices).clock
    clock.synced = False
    clock.wall_offset_ms = -world.timeline.now_ms


def clock_step(world: "World", rng: Random) -> None:
    """A device's wall clock jumps by up to ten years, forwards or backwards."""
    clock = rng.choice(world.devices).clock
    clock.synced = False
    clock.wall_offset_ms += rng.randint(-10, 10) * 365 * 86_400_000


def clock_leap(world: "World", rng: Random) -> None:
    """A device follows a time service, which lets its clock repeat or skip a leap second."""
    clock = rng.choice(world.devices).clock
    clock.synced = True
    clock.wall_offset_ms = rng.randint(-400, 400)
    leap_ms = rng.choice((-1_000, 1_000))

    def leap() -> None:
        if clock.synced:
            clock.wall_offset_ms += leap_ms

    world.timeline.after(rng.randint(1_000, 20_000), leap)


def clock_drift(world: "World", rng: Random) -> None:
    """A device's oscillator runs fast or slow by up to 150 ppm."""
    rng.choice(world.devices).clock.drift(rng.randint(-150, 150))


def disk_full(world: "World", rng: Random) -> None:
    """A device's disk is full for a while: visitors are told, nothing is accepted."""
    device = rng.choice(world.devices)
    world.full.add(device.label)
    world.timeline.after(rng.randint(1_000, 15_000), lambda: world.full.discard(device.label))


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
        power_cut_in_sync,
        card_copied,
        card_rolled_back,
        offline_boots,
        corruption,
        forgery,
        hub_kill,
        hub_kill_before_commit,
        hub_kill_before_ack,
        broker_forgets,
        hub_restored,
        clock_1970,
        clock_step,
        clock_leap,
        clock_drift,
        disk_full,
        herd,
    )
}
