"""The file a device is set up with: who it is, its password, its counter, where the broker is."""

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class BrokerForDevices:
    """How devices reach the broker."""

    host: str
    port: int
    protocol: str


def device_file(*, device: str, password: str, counter: str, broker: BrokerForDevices) -> str:
    """Return the device's settings as TOML; its data lies in a folder of its name beside the file.

    TOML's basic strings are JSON's, as long as nothing outside ASCII is escaped as a surrogate pair; nothing here is.
    """
    quoted = json.dumps
    return "\n".join(
        (
            f"device = {quoted(device)}",
            f"password = {quoted(password)}",
            f"counter = {quoted(counter)}",
            f"data_dir = {quoted(device)}",
            "",
            "[broker]",
            f"host = {quoted(broker.host)}",
            f"port = {broker.port}",
            f"protocol = {quoted(broker.protocol)}",
            "",
        )
    )


def write_private(path: Path, text: str) -> None:
    """Write a file that holds a secret: nobody but its owner reads it, from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
