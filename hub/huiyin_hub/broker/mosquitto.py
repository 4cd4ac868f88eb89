"""mosquitto, the usual broker of a single site: one static access list with patterns, a generated password file."""

import os
import shutil
import signal
from collections.abc import Iterable
from pathlib import Path

from huiyin_hub.broker.child import Child, private_file
from huiyin_hub.broker.passwords import new_password, pbkdf2_hash
from huiyin_hub.broker.port import HUB_USER, Address, BrokerMissing, DeviceLogin, MqttProtocol

# Never generated per device: a broken access list would let every device do everything after a reload.
ACL = f"""\
user {HUB_USER}
topic readwrite hy/v1/#
topic read $SYS/#

pattern write hy/v1/%u/up/#
pattern read hy/v1/%u/down/#
pattern read hy/v1/hub/state
"""


class MosquittoBroker:
    """A mosquitto child process. Devices speak MQTT 5 or 3.1.1 to it."""

    def __init__(
        self, folder: Path, *, host: str, port: int, protocol: MqttProtocol = "5", password: str | None = None
    ) -> None:
        self._folder = folder
        self._address = Address(host, port, HUB_USER, password or new_password(), protocol)
        self._child: Child | None = None

    @property
    def address(self) -> Address:
        """The hub's own way in."""
        return self._address

    @property
    def pid(self) -> int | None:
        """The broker's process number."""
        return self._child.pid if self._child else None

    def start(self, devices: Iterable[DeviceLogin]) -> None:
        """Start the broker. Raises `BrokerMissing`, `PortInUse`, `FolderInUse` or `BrokerFailed`."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        config = self._folder / "mosquitto.conf"
        command = [_program(), "-c", str(config)]
        private_file(self._folder / "access.acl", ACL)
        private_file(config, self._config())
        self._write_passwords(devices)
        child = Child(command, folder=self._folder, host=self._address.host, port=self._address.port)
        child.start()
        self._child = child

    def set_devices(self, devices: Iterable[DeviceLogin]) -> None:
        """Write the password file anew and have the broker read it."""
        self._write_passwords(devices)
        if self._child:
            self._child.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End the broker."""
        if self._child:
            self._child.stop()
            self._child = None

    def _write_passwords(self, devices: Iterable[DeviceLogin]) -> None:
        lines = [f"{HUB_USER}:{pbkdf2_hash(self._address.password)}"]
        lines += [f"{login.device}:{login.pbkdf2}" for login in devices]
        private_file(self._folder / "passwords", "\n".join(lines) + "\n")

    def _config(self) -> str:
        folder = self._folder.resolve()
        lines = [
            "per_listener_settings false",
            f"listener {self._address.port} {self._address.host}",
            "allow_anonymous false",
            f"password_file {folder / 'passwords'}",
            f"acl_file {folder / 'access.acl'}",
            # Sessions live in the devices' stores and the hub's cursors: the broker is a pipe and remembers nothing.
            "persistence false",
            "set_tcp_nodelay true",
            "max_inflight_messages 1000",
            # What waits for the hub ends here; devices send again what was dropped. A thousand devices that come back
            # at once have 160 MB on their way: a window of eight batches of 20 kB each.
            "max_queued_messages 50000",
            "max_queued_bytes 268435456",
            "max_packet_size 262144",
            "sys_interval 0",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # Otherwise it would change to a user that cannot read its files here.
        return "\n".join(lines) + "\n"


def _program() -> str:
    found = shutil.which("mosquitto", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    if not found:
        raise BrokerMissing("mosquitto", "install the system package mosquitto")
    return found
