"""A broker and its network, simulated: messages are late, lost, doubled, overtaken, and connections die."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from huiyin_firmware_sim.worlds.timeline import Timeline
from huiyin_kiosk.sync.link import BrokerAddress, LinkEvents
from huiyin_shared import topics
from huiyin_shared.ids import DeviceId

ADDRESS = BrokerAddress("world", 0, "", "", "5")
MAX_PACKET_BYTES = 100_000


@dataclass
class Weather:
    """How bad the network is: shares of 1, delays in milliseconds."""

    lose: float = 0.0
    double: float = 0.0
    delay_ms: int = 20
    reorder: bool = False
    corrupt: float = 0.0


Carry = Callable[[str, bytes], None]
Arrive = Callable[[bytes], None]


class Network:
    """Carries what devices publish to the hub and the hub's answers back."""

    def __init__(self, timeline: Timeline, rng: Random, count: Callable[[str], None]) -> None:
        self.weather = Weather()
        self.to_hub: Carry = lambda _topic, _payload: None
        self.cut_off: set[str] = set()
        self.hub_state = b""
        self._timeline = timeline
        self._rng = rng
        self._count = count
        self._links: dict[str, WorldLink] = {}
        self._era = 0  # Messages of an earlier era are forgotten.
        self._last_ms: dict[str, int] = {}

    def open_link(self, address: BrokerAddress, device: DeviceId, *, will: bytes, events: LinkEvents) -> "WorldLink":
        """Return a link that has not dialled yet."""
        return WorldLink(self, device, will, events)

    def accept(self, link: "WorldLink") -> None:
        """Let a link in; one with the same identity is thrown out, as MQTT says."""
        if link.device in self.cut_off:
            raise ConnectionRefusedError
        if link.device in self._links:
            self._links[link.device].break_off()
        self._links[link.device] = link
        self._timeline.after(self._delay_ms(), link.welcome)

    def leave(self, link: "WorldLink", farewell: bytes | None) -> None:
        """Forget a link; its will or farewell goes out."""
        if self._links.get(link.device) is link:
            del self._links[link.device]
            self.carry_up(link.device, "status", farewell or link.will)

    def carry_up(self, device: str, leaf: topics.UpLeaf, payload: bytes) -> None:
        """Carry a device's message to the hub, as the weather allows."""
        topic = topics.up(DeviceId(device), leaf)
        self._carry(device + "/up", lambda payload: self.to_hub(topic, payload), payload)

    def carry_down(self, topic: str, payload: bytes) -> None:
        """Carry the hub's message to the device it is for, if that device is here when it arrives."""
        device = topic.split("/")[2]

        def arrive(payload: bytes) -> None:
            link = self._links.get(device)
            if link is not None and link.welcomed:
                link.events.on_message(topic, payload)

        self._carry(device + "/down", arrive, payload)

    def announce_hub(self, state: bytes) -> None:
        """Keep the hub's retained state and tell everyone who is here."""
        self.hub_state = state
        for link in list(self._links.values()):
            self._carry(link.device + "/down", lambda _, link=link: link.hear_hub_state())  # type: ignore[misc]

    def forget_everything(self) -> None:
        """The broker dies with its memory: what is on its way is gone, every connection breaks."""
        self._era += 1
        self.hub_state = b""
        for link in list(self._links.values()):
            link.break_off()

    def weather_clears(self) -> None:
        """From now on the network is good again."""
        self.weather = Weather()

    def cut(self, device: str) -> None:
        """Cut a device off."""
        self.cut_off.add(device)
        if device in self._links:
            self._links[device].break_off()

    def drop_silently(self, device: str, events: LinkEvents) -> None:
        """The device is without power: its link is gone and nobody says farewell for it but the broker."""
        link = self._links.get(device)
        if link is not None and link.events is events:
            del self._links[device]
            link.lose()
            self.carry_up(device, "status", link.will)

    def _carry(self, route: str, arrive: Arrive, payload: bytes = b"") -> None:
        if self._rng.random() < self.weather.lose:
            self._count("lost")
            return
        copies = 1
        if self._rng.random() < self.weather.double:
            self._count("doubled")
            copies = 2
        era = self._era

        def unless_forgotten(payload: bytes) -> None:
            if era == self._era:
                arrive(payload)

        for _ in range(copies):
            arriving = payload
            if self._rng.random() < self.weather.corrupt:
                self._count("corrupted")
                arriving = with_a_flipped_bit(payload, self._rng)
            delay_ms = self._delay_ms()
            if not self.weather.reorder:
                # A connection keeps its order: nothing arrives before what was sent earlier on the same route.
                due_ms = max(self._timeline.now_ms + delay_ms, self._last_ms.get(route, 0))
                self._last_ms[route] = due_ms
                delay_ms = due_ms - self._timeline.now_ms
            self._timeline.after(delay_ms, partial(unless_forgotten, arriving))

    def _delay_ms(self) -> int:
        return self._rng.randint(1, self.weather.delay_ms)


def with_a_flipped_bit(payload: bytes, rng: Random) -> bytes:
    """Return the bytes with one bit of them turned over."""
    if not payload:
        return payload
    bit = rng.randrange(len(payload) * 8)
    damaged = bytearray(payload)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


class WorldLink:
    """A device's connection in the world."""

    def __init__(self, network: Network, device: DeviceId, will: bytes, events: LinkEvents) -> None:
        self.device = device
        self.will = will
        self.events = events
        self.welcomed = False
        self._network = network
        self._open = False

    def dial(self) -> int:
        """Connect. Raises `ConnectionRefusedError` when cut off."""
        self._network.accept(self)
        self._open = True
        return -1

    def welcome(self) -> None:
        """CONNACK and the retained state of the hub."""
        if self._open:
            self.welcomed = True
            self.events.on_connected(MAX_PACKET_BYTES)
            self.hear_hub_state()

    def hear_hub_state(self) -> None:
        """Tell the device what the hub last announced."""
        if self._open and self.welcomed and self._network.hub_state:
            self.events.on_message(topics.HUB_STATE, self._network.hub_state)

    def publish(self, leaf: topics.UpLeaf, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message to the broker."""
        if self._open:
            self._network.carry_up(self.device, leaf, payload)

    def break_off(self) -> None:
        """The connection dies under the device."""
        if self._open:
            self._open = False
            self._network.leave(self, None)
            self.events.on_closed("broken")

    def lose(self) -> None:
        """Whoever held this end is gone."""
        self._open = False

    def drive(self, *, readable: bool, writable: bool) -> None:
        """Nothing to drive: the timeline moves the bytes."""

    def keep_alive(self) -> None:
        """Nothing to keep alive."""

    def hang_up(self, *, farewell: bytes | None = None) -> None:
        """Close the connection."""
        if self._open:
            self._open = False
            self._network.leave(self, farewell)
