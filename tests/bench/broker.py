"""What the bare broker carries: the same devices and packets at QoS 1, one subscriber that only reads, no hub."""

import multiprocessing
import socket
import struct
import time
from multiprocessing.connection import Connection

from tests.bench.load import PretendDevice, connect_packet, drive, packets_in, subscribe_packet
from tests.bench.stage import HOST, connected

from huiyin_hub.broker.port import HUB_USER
from huiyin_shared import topics

PATIENCE_S = 60.0
ROUND_MESSAGES = 10_000
ROUND_BYTES = 32_000_000
"""Well within what the hub's broker queues for one subscriber: beyond, it drops what comes too fast."""


def carried_rate(fleet: list[PretendDevice], *, port: int, password: str) -> float:
    """Return events a second from the first packet until the subscriber has read the last.

    Nobody but the broker answers the devices, so their window moves on with its PUBACKs and they can outrun the
    subscriber, for whom the broker queues so much and drops the rest: everything goes in rounds, each to a new one.
    """
    per_round = max(1, min(ROUND_MESSAGES, ROUND_BYTES // len(fleet[0].packets[0])) // len(fleet))
    packets = [device.packets for device in fleet]
    seconds = 0.0
    for device in fleet:
        device.acked_by_broker = True
    with connected(fleet, port):
        for start in range(0, len(packets[0]), per_round):
            for device, all_packets in zip(fleet, packets, strict=True):
                device.packets = all_packets[start : start + per_round]
                device.sent = device.acked = 0
            seconds += _round(fleet, port, password)
    return sum(len(sent) * device.per_batch for sent, device in zip(packets, fleet, strict=True)) / seconds


def _round(fleet: list[PretendDevice], port: int, password: str) -> float:
    messages = sum(len(device.packets) for device in fleet)
    ours, theirs = multiprocessing.Pipe()
    # A process of its own, as the hub is.
    reader = multiprocessing.Process(target=_read, args=(port, password, messages, theirs), daemon=True)
    reader.start()
    assert ours.poll(PATIENCE_S), "the subscriber was not let in"
    ours.recv()
    began_s = time.perf_counter()
    drive(fleet)
    assert ours.poll(PATIENCE_S), "the broker dropped messages"
    seconds = float(ours.recv()) - began_s
    reader.join()
    return seconds


def _read(port: int, password: str, messages: int, pipe: Connection) -> None:
    """Read and confirm messages until all have come, and tell when; perf_counter is the machine's, not a process's."""
    with socket.create_connection((HOST, port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(
            connect_packet("bench-reader", HUB_USER, password) + subscribe_packet(f"{topics.ROOT}/+/up/events", qos=1)
        )
        unread = bytearray()
        while messages:
            unread += sock.recv(262_144)
            confirmations = bytearray()
            for kind, body in packets_in(unread):
                if kind & 0xF0 == 0x30:
                    (length,) = struct.unpack_from("!H", body)
                    confirmations += b"\x40\x02" + body[2 + length : 4 + length]
                    messages -= 1
                elif kind == 0x90:
                    pipe.send("subscribed")
            sock.sendall(confirmations)
    pipe.send(time.perf_counter())
