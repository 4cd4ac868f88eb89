"""The one file around paho-mqtt: the hub's connection to the broker, driven by the ingest loop's own thread.

Reading, judging, committing and answering happen in one thread. While a transaction commits, messages wait in the
socket and in the broker, so nothing grows without end in here and there is no second thread to fight over the
interpreter.
"""

import select
import time
from collections import deque
from contextlib import suppress
from typing import Any, NamedTuple

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from huiyin_hub.broker.port import Address
from huiyin_hub.ingest.packets import Publish, is_publish, puback, publish_qos0, read_publish
from huiyin_shared import topics

_log = structlog.get_logger()

KEEP_ALIVE_S = 30
CONNECT_TIMEOUT_S = 5.0
RECEIVE_MAXIMUM = 1_000
READ_BYTES = 256 * 1024
MAX_EARLY_MESSAGES = 10_000
MAX_UNSENT_BYTES = 16 * 1024 * 1024
"""With this much waiting to be sent nothing more is read: a broker that does not take answers gets no attention."""


class Message(NamedTuple):
    """A message as it arrived: `topic` is empty when it was not even UTF-8; `received_ms` is the hub's wall clock."""

    topic: str
    payload: bytes
    received_ms: int
    retained: bool = False


class Publication(NamedTuple):
    """A message to send. Answers go at QoS 0: they are cumulative, and a device that misses one asks again."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


class HubLink:
    """One MQTT connection of the hub, subscribed to everything devices send."""

    def __init__(self, address: Address, *, client_id: str, will: Publication) -> None:
        self._address = address
        self._v5 = address.protocol == "5"
        self._arrived: deque[Message] = deque()
        self._received_ms = 0
        self.subscribed = False
        self.closed = False
        client = _BufferedClient(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if self._v5 else MQTTProtocolVersion.MQTTv311,
            clean_session=None if self._v5 else True,
        )
        client.username_pw_set(address.username, address.password)
        client.will_set(will.topic, will.payload, qos=1, retain=will.retain)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        # With these set paho leaves writing to us: many small packets then leave in one call.
        client.on_socket_register_write = lambda *_: None
        client.on_socket_unregister_write = lambda *_: None
        self._client = client

    def dial(self) -> None:
        """Connect. `subscribed` turns true while the link is read, or `closed` does. Raises `OSError`."""
        options: dict[str, Any] = {}
        if self._v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 0
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
            options = {"clean_start": True, "properties": properties}
        self._client.connect(self._address.host, self._address.port, KEEP_ALIVE_S, **options)
        self.flush()

    def wait_until_subscribed(self, timeout_s: float) -> bool:
        """Read until the broker has confirmed the subscription, at most `timeout_s`. What arrives waits in here."""
        end_s = time.monotonic() + timeout_s
        while not self.subscribed and not self.closed and time.monotonic() < end_s:
            if self._wait_readable(0.05):
                self._read(MAX_EARLY_MESSAGES)
                self.flush()
        return self.subscribed and not self.closed

    def take(self, *, timeout_s: float, max_messages: int, max_bytes: int) -> list[Message]:
        """Wait for messages and return what has arrived by then, up to both limits."""
        end_s = time.monotonic() + timeout_s
        messages: list[Message] = []
        size = 0
        while not self.closed and len(messages) < max_messages and size < max_bytes:
            wait_s = 0.0 if messages else max(0.0, end_s - time.monotonic())
            if not self._wait_readable(wait_s):
                break
            self._read(max_messages)
            self.flush()
            while self._arrived and len(messages) < max_messages and size < max_bytes:
                message = self._arrived.popleft()
                size += len(message.payload)
                messages.append(message)
        self._client.loop_misc()
        return messages

    def publish(self, publication: Publication) -> None:
        """Queue a message; it leaves with the next `flush`."""
        if publication.qos == 0 and not publication.retain:
            self._client.queue(publish_qos0(publication.topic, publication.payload, v5=self._v5))
            return
        self._client.publish(publication.topic, publication.payload, publication.qos, publication.retain)

    def flush(self) -> None:
        """Send what is queued, as far as the socket takes it."""
        if not self.closed:
            self._client.flush()

    def keep_alive(self) -> None:
        """Keep the connection while nothing can be taken."""
        if not self.closed:
            self._client.loop_misc()

    def wait_until_sent(self, timeout_s: float) -> None:
        """Wait until the broker has confirmed what was published at QoS 1, at most `timeout_s`."""
        end_s = time.monotonic() + timeout_s
        while not self.closed and self._client.unconfirmed and time.monotonic() < end_s:
            self.flush()
            if self._wait_readable(0.05):
                self._read(100)

    def hang_up(self) -> None:
        """Take leave of the broker; the will is not published then."""
        if not self.closed and self._client.socket() is not None:
            self.flush()
            self._client.on_disconnect = None
            self._client.leave()
        self.abandon()

    def abandon(self) -> None:
        """Close the socket without a word."""
        self.closed = True
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _wait_readable(self, timeout_s: float) -> bool:
        if self._arrived or self._client.buffered:
            return True
        sock = self._client.socket()
        if sock is None:
            self.closed = True
            return False
        writing = [sock] if self._client.want_write() else []
        reading = [sock] if self._client.unsent_bytes < MAX_UNSENT_BYTES else []
        readable, writable, _ = select.select(reading, writing, [], timeout_s)
        if writable:
            self.flush()
        return bool(readable)

    def _read(self, max_messages: int) -> None:
        """Handle packets until what the socket held is used up or enough has arrived."""
        client = self._client
        client.may_read = True
        self._received_ms = time.time_ns() // 1_000_000
        while not self.closed and len(self._arrived) < max_messages:
            publish = client.next_publish(v5=self._v5)
            if publish is not None:
                self._on_publish(publish)
                continue
            if client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self.closed = True
            if not client.buffered:
                return

    def _on_connect(
        self, client: Client, _user: Any, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            _log.error("broker refused the hub", reason=str(reason))
            return
        client.subscribe(topics.ALL_UP, 1)

    def _on_subscribe(
        self, _client: Client, _user: Any, _mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            _log.error("broker refused the subscription", reasons=[str(reason) for reason in reasons])
            self.closed = True
            return
        self.subscribed = True

    def _on_disconnect(
        self, _client: Client, _user: Any, _flags: DisconnectFlags, reason: ReasonCode, _properties: Any
    ) -> None:
        self.closed = True
        _log.warning("link to the broker closed", reason=str(reason))

    def _on_publish(self, publish: Publish) -> None:
        if publish.packet_id is not None:
            self._client.queue(puback(publish.packet_id))
        try:
            topic = publish.topic.decode()
        except UnicodeDecodeError:
            topic = ""
        self._arrived.append(Message(topic, publish.payload, self._received_ms, publish.retained))

    def _on_message(self, _client: Client, _user: Any, message: MQTTMessage) -> None:
        """Take what paho has read itself: a message that came in pieces."""
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._arrived.append(Message(topic, bytes(message.payload), self._received_ms, message.retain))


class _BufferedClient(Client):
    """paho asks the socket for one byte, one byte, the rest, and writes packet by packet; here large pieces are read
    and written, and whole PUBLISH packets are taken from them directly. Should a later paho no longer call the two
    overridden methods, everything works as before, only slower.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._read_buffer = b""
        self._read_at = 0
        self._write_buffer = bytearray()
        self._direct = False
        self.may_read = False

    @property
    def buffered(self) -> bool:
        """Whether bytes wait to be handled."""
        return self._read_at < len(self._read_buffer)

    @property
    def unconfirmed(self) -> int:
        """How many messages at QoS 1 the broker has not confirmed."""
        return len(self._out_messages)

    @property
    def unsent_bytes(self) -> int:
        """How much waits to be sent."""
        return len(self._write_buffer)

    def want_write(self) -> bool:
        """Whether bytes wait to be sent."""
        return bool(self._write_buffer) or super().want_write()

    def next_publish(self, *, v5: bool) -> Publish | None:
        """Take the next packet from the buffer if it is a whole PUBLISH; everything else is left to paho."""
        if not self.buffered:
            if not self.may_read:
                return None
            self._fill()
        # In the middle of a packet that paho has begun, a byte means nothing by itself.
        if not self.buffered or self._in_packet["command"] or not is_publish(self._read_buffer[self._read_at]):
            return None
        publish = read_publish(self._read_buffer, self._read_at, v5=v5)
        if publish is not None:
            self._read_at = publish.end
        return publish

    def queue(self, packet: bytes) -> None:
        """Send a packet with the next `flush`."""
        self._write_buffer += packet

    def flush(self) -> None:
        """Send what is queued, as far as the socket takes it."""
        self.loop_write()
        sock = self.socket()
        if not self._write_buffer or sock is None:
            return
        try:
            sent = sock.send(self._write_buffer)
            del self._write_buffer[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._write_buffer.clear()  # The next read tells what happened.

    def leave(self) -> None:
        """Send the farewell packet past our buffer: paho closes the socket in the same breath."""
        self._direct = True
        self.disconnect()
        self.loop_write()

    def _fill(self) -> None:
        """Look at the socket once a round: what arrives meanwhile comes with the next."""
        self._read_buffer, self._read_at = b"", 0
        with suppress(OSError):
            self._read_buffer = self._receive()
        # At the connection's end paho looks again and finds out itself.
        self.may_read = not self._read_buffer

    def _receive(self) -> bytes:
        self.may_read = False
        return super()._sock_recv(READ_BYTES)

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.buffered:
            if not self.may_read:
                raise BlockingIOError
            self._read_buffer = self._receive()
            self._read_at = 0
        start = self._read_at
        self._read_at = start + bufsize
        return self._read_buffer[start : start + bufsize]

    def _sock_send(self, buf: bytes | bytearray) -> int:
        if self._direct:
            return super()._sock_send(buf)
        self._write_buffer += buf
        return len(buf)
