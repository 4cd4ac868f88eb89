"""The one file around paho-mqtt: a connection of one device, driven by the loop's thread, its state not kept.

paho remembers unsent messages of an earlier connection and sends them again; our engine already does that better,
so every connection is a new client with a clean start.
"""

import time
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from huiyin_shared import topics
from huiyin_shared.ids import DeviceId

KEEP_ALIVE_S = 30
CONNECT_TIMEOUT_S = 5.0
RECEIVE_MAXIMUM = 50
PUBACK_PATIENCE_S = 20.0
"""How long the broker may take to confirm a message. paho sends nothing more while twenty are unconfirmed, so a link
whose confirmations get lost would stay open and silent for ever.
"""


@dataclass(frozen=True)
class BrokerAddress:
    """Where the broker is and who we are to it. `protocol` is the MQTT version to speak."""

    host: str
    port: int
    username: str
    password: str
    protocol: Literal["5", "3.1.1"] = "5"


class LinkEvents(Protocol):
    """What a link tells its owner; called in the thread that drives the link."""

    def on_connected(self, max_packet_bytes: int | None) -> None:
        """The broker accepted us; its packet limit when it told one."""

    def on_message(self, topic: str, payload: bytes) -> None:
        """A message arrived."""

    def on_closed(self, why: str) -> None:
        """The connection is gone."""

    def on_writable_wanted(self, wanted: bool) -> None:
        """There are, or are no more, bytes waiting to be written."""


class DeviceLink(Protocol):
    """A connection as the device needs it: over MQTT here, over a simulated network in the simulator."""

    def dial(self) -> int:
        """Connect; return a file number to watch. Raises `OSError`."""

    def publish(self, leaf: topics.UpLeaf, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message over."""

    def drive(self, *, readable: bool, writable: bool) -> None:
        """Read and write what is ready."""

    def keep_alive(self) -> None:
        """Do what is due about once a second."""

    def hang_up(self, *, farewell: bytes | None = None) -> None:
        """Close the connection."""


class OpenLink(Protocol):
    """Makes the link of one connection."""

    def __call__(self, address: BrokerAddress, device: DeviceId, *, will: bytes, events: LinkEvents) -> DeviceLink:
        """Return a link that has not dialled yet."""


class Link:
    """One MQTT connection. Raises `OSError` from `dial` when the broker cannot be reached."""

    def __init__(self, address: BrokerAddress, device: DeviceId, *, will: bytes, events: LinkEvents) -> None:
        self._address = address
        self._device = device
        self._events = events
        self._v5 = address.protocol == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=device,
            protocol=MQTTProtocolVersion.MQTTv5 if self._v5 else MQTTProtocolVersion.MQTTv311,
            clean_session=None if self._v5 else True,
        )
        client.username_pw_set(address.username, address.password)
        client.will_set(topics.up(device, "status"), will, qos=1, retain=True)
        client.max_inflight_messages_set(20)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_confirmed
        client.on_socket_register_write = lambda *_: events.on_writable_wanted(True)
        client.on_socket_unregister_write = lambda *_: events.on_writable_wanted(False)
        self._client = client
        self._open = False
        self._unconfirmed: dict[int, float] = {}  # message id and when it was handed over, oldest first

    def dial(self) -> int:
        """Connect and return the socket's file number; `on_connected` or `on_closed` follows while it is driven."""
        properties = None
        if self._v5:
            # The device's session is its store: the broker need not remember anything of us (clean start).
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 0
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
        options: dict[str, Any] = {"clean_start": True, "properties": properties} if self._v5 else {}
        self._client.connect(self._address.host, self._address.port, KEEP_ALIVE_S, **options)
        self._open = True
        return int(self._client.socket().fileno())  # type: ignore[union-attr]

    def publish(self, leaf: topics.UpLeaf, payload: bytes, *, retain: bool = False) -> None:
        """Hand a message to the broker at QoS 1. What becomes of it the hub's answer tells, not PUBACK."""
        handed = self._client.publish(topics.up(self._device, leaf), payload, qos=1, retain=retain)
        self._unconfirmed[handed.mid] = time.monotonic()

    def drive(self, *, readable: bool, writable: bool) -> None:
        """Let paho read and write what is ready."""
        if readable and self._open:
            self._client.loop_read()
        if writable and self._open:
            self._client.loop_write()

    def keep_alive(self) -> None:
        """Send a ping when one is due, and give up a broker that confirms nothing; call about once a second."""
        if not self._open:
            return
        oldest_s = next(iter(self._unconfirmed.values()), None)
        if oldest_s is not None and time.monotonic() - oldest_s > PUBACK_PATIENCE_S:
            self.hang_up()
            self._events.on_closed("the broker confirms nothing")
            return
        self._client.loop_misc()

    def hang_up(self, *, farewell: bytes | None = None) -> None:
        """Close without ceremony, or after a farewell status in place of the will."""
        if not self._open:
            return
        if farewell is not None and self._client.is_connected():
            self._client.publish(topics.up(self._device, "status"), farewell, qos=1, retain=True)
            self._client.disconnect()
        self._open = False
        self._client.on_disconnect = None
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _on_connect(
        self, client: Client, _user: Any, _flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            return  # The broker closes next; on_disconnect tells.
        filters: list[tuple[str, int]] = [(topics.down(self._device, leaf), 1) for leaf in ("ack", "desired", "cmd")]
        client.subscribe([*filters, (topics.HUB_STATE, 1)])
        self._events.on_connected(getattr(properties, "MaximumPacketSize", None))

    def _on_disconnect(
        self, _client: Client, _user: Any, _flags: DisconnectFlags, reason: ReasonCode, _properties: Any
    ) -> None:
        self._open = False
        self._events.on_closed(str(reason))

    def _on_confirmed(self, _client: Client, _user: Any, mid: int, _reason: ReasonCode, _properties: Any) -> None:
        self._unconfirmed.pop(mid, None)

    def _on_message(self, _client: Client, _user: Any, message: MQTTMessage) -> None:
        self._events.on_message(message.topic, bytes(message.payload))
