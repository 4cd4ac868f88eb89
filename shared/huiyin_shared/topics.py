"""MQTT topics and filters of HFP/1. One static ACL serves any fleet: up is written, down is read, by its device."""

from typing import Literal, NamedTuple

from huiyin_shared.errors import FrameError, InvalidId
from huiyin_shared.ids import DeviceId, device_id

ROOT = "hy/v1"
HUB_STATE = f"{ROOT}/hub/state"
ALL_UP = f"{ROOT}/+/up/#"

UpLeaf = Literal["events", "status", "reported"]
DownLeaf = Literal["ack", "desired", "cmd"]


class UpTopic(NamedTuple):
    """The device and the leaf of a topic a device publishes on."""

    device: DeviceId
    leaf: UpLeaf


def up(device: DeviceId, leaf: UpLeaf) -> str:
    """Return the topic name a device publishes on."""
    return f"{ROOT}/{device}/up/{leaf}"


def down(device: DeviceId, leaf: DownLeaf) -> str:
    """Return the topic name the hub publishes on for one device."""
    return f"{ROOT}/{device}/down/{leaf}"


def parse_up(topic: str) -> UpTopic:
    """Return device and leaf of an up topic. Raises `FrameError` with reason `bad_topic`."""
    match topic.split("/"):
        case ["hy", "v1", device, "up", "events" | "status" | "reported" as leaf]:
            try:
                return UpTopic(device_id(device), leaf)
            except InvalidId:
                raise FrameError("bad_topic", "device id") from None
    raise FrameError("bad_topic", "unknown shape")
