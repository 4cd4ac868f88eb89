"""What the hub needs of its MQTT broker, whichever runs behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from huiyin_shared.errors import HuiyinError

MqttProtocol = Literal["5", "3.1.1"]

HUB_USER = "huiyin.hub"
"""The hub's own log-in at an embedded broker: device ids hold no dots, so none can collide with it."""


@dataclass(frozen=True)
class Address:
    """Where a broker listens, which MQTT version to speak there and who we are to it."""

    host: str
    port: int
    username: str
    password: str
    protocol: MqttProtocol


@dataclass(frozen=True)
class DeviceLogin:
    """A device the broker shall let in, by the hashes of its password that brokers understand."""

    device: str
    bcrypt: str
    pbkdf2: str


class Broker(Protocol):
    """A broker as the hub sees it. The hub publishes and subscribes below `hy/v1/`; each device only its own part."""

    @property
    def address(self) -> Address:
        """The hub's own way in."""

    def start(self, devices: Iterable[DeviceLogin]) -> None:
        """Run the broker with these devices let in; returns when it accepts connections. Raises `BrokerError`."""

    def set_devices(self, devices: Iterable[DeviceLogin]) -> None:
        """Let in exactly these devices from now on, without disturbing the connected ones."""

    def stop(self) -> None:
        """End the broker."""


class BrokerError(HuiyinError):
    """The broker cannot run."""


class BrokerMissing(BrokerError):
    """The broker's program is not on this machine."""

    def __init__(self, program: str, hint: str) -> None:
        super().__init__(f"the program {program} is not on this machine: {hint}")
        self.program = program


class BrokerFailed(BrokerError):
    """The broker's program ended instead of starting; the text ends with its own last words."""

    def __init__(self, program: str, last_words: str) -> None:
        super().__init__(f"{program} did not start: {last_words or 'it said nothing'}")
        self.program = program


class PortInUse(HuiyinError):
    """Another program listens on the port."""

    def __init__(self, *, host: str, port: int, setting: str) -> None:
        super().__init__(f"port {port} on {host} is in use by another program; set {setting} to a free one")
        self.host = host
        self.port = port


class FolderInUse(BrokerError):
    """Another hub runs a broker on the same data."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"another hub is running a broker in {folder}")
        self.folder = folder
