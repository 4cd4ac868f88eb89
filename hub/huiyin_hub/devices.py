"""What the command line does with devices: register, write their files, list, revoke, forget keys."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

from sqlalchemy import Connection

from huiyin_hub import bootstrap
from huiyin_hub.fleet import registry
from huiyin_hub.fleet.incidents import renew_key
from huiyin_hub.fleet.provision import BrokerForDevices, device_file, write_private
from huiyin_hub.fleet.registry import DeviceKind
from huiyin_hub.organisation.store import CounterUnknown, find_counter, list_counters
from huiyin_hub.settings import load_settings
from huiyin_shared.errors import HuiyinError, SettingsError

Say = Callable[[str], None]


class NoCounters(HuiyinError):
    """Devices stand at counters, and there are none."""

    def __init__(self) -> None:
        super().__init__("there are no counters yet; add halls and counters first, or `huiyin-hub demo-data`")


class KindUnknown(HuiyinError):
    """A device is a kiosk or a terminal."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"{kind!r} is no kind of device; it is one of {', '.join(get_args(DeviceKind))}")
        self.kind = kind


def add(device: str, *, counter: str, kind: str, into: Path | None, settings: Path | None, say: Say) -> None:
    """Register one device and write or print its file.

    Raises `CounterUnknown`, `KindUnknown`, and what `registry.add_device` raises.
    """
    if kind not in get_args(DeviceKind):
        raise KindUnknown(kind)
    wanted = load_settings(settings)
    engine = bootstrap.open_database(wanted)
    with engine.execution_options(writes=True).begin() as connection:
        if find_counter(connection, counter) is None:
            raise CounterUnknown(counter)
        known: DeviceKind = "kiosk" if kind == "kiosk" else "terminal"
        _add(connection, device, counter, known, bootstrap.broker_for_devices(wanted), into=into, say=say)
    engine.dispose()


def add_many(number: int, *, prefix: str, into: Path | None, settings: Path | None, say: Say) -> None:
    """Register terminals over all counters in turn. Raises `NoCounters` and what `registry.add_device` raises."""
    wanted = load_settings(settings)
    engine = bootstrap.open_database(wanted)
    digits = max(2, len(str(number)))
    with engine.execution_options(writes=True).begin() as connection:
        counters = [counter.code for counter in list_counters(connection)]
        if not counters:
            raise NoCounters
        broker = bootstrap.broker_for_devices(wanted)
        for index in range(number):
            name = f"{prefix}-{index + 1:0{digits}}"
            _add(connection, name, counters[index % len(counters)], "terminal", broker, into=into, say=say)
    engine.dispose()


def list_all(*, settings: Path | None, say: Say) -> None:
    """Print every device: id, kind, counter, and whether it is revoked."""
    engine = bootstrap.open_database(load_settings(settings))
    with engine.connect() as connection:
        for device in registry.devices(connection):
            say(f"{device.id}  {device.kind}  {device.counter}{'  revoked' if device.revoked else ''}")
    engine.dispose()


def revoke(device: str, *, settings: Path | None, say: Say) -> None:
    """Let a device speak no more. Raises `DeviceUnknown`."""
    engine = bootstrap.open_database(load_settings(settings))
    with engine.execution_options(writes=True).begin() as connection:
        registry.revoke(connection, device)
    engine.dispose()
    say(f"{device} is revoked")


def rekey(device: str, *, settings: Path | None, say: Say) -> None:
    """Forget a device's key, because its key file was lost. Raises `DeviceUnknown`."""
    engine = bootstrap.open_database(load_settings(settings))
    with engine.execution_options(writes=True).begin() as connection:
        renew_key(connection, device)
    engine.dispose()
    say(f"the key of {device} is forgotten; the next one it proves to hold is believed")


def _add(
    connection: Connection,
    device: str,
    counter: str,
    kind: DeviceKind,
    broker: BrokerForDevices,
    *,
    into: Path | None,
    say: Say,
) -> None:
    password = registry.add_device(connection, device=device, counter=counter, kind=kind, now_ms=bootstrap.now_ms())
    text = device_file(device=device, password=password, counter=counter, broker=broker)
    if into is None:
        say(text)
        return
    path = into / f"{device}.toml"
    try:
        write_private(path, text)
    except OSError as error:
        raise SettingsError(f"the file {path} cannot be written: {error.strerror}") from error
    say(str(path))
