"""Device files of a fleet: the same settings a real device reads, one file each."""

from pathlib import Path

from huiyin_firmware_sim.errors import NoDevices
from huiyin_kiosk.settings import KioskSettings, load_settings
from huiyin_kiosk.sync.link import BrokerAddress


def read_terminals(folder: Path, *, only: str = "") -> list[KioskSettings]:
    """Return the settings in a folder whose files' names begin with `only`. Raises `NoDevices`, `SettingsError`."""
    paths = sorted(path for path in folder.glob("*.toml") if path.name.startswith(only))
    if not paths:
        raise NoDevices(folder)
    return [load_settings(path) for path in paths]


def broker_of(settings: KioskSettings) -> BrokerAddress:
    """Return the broker as a device logs in to it: by its own name."""
    broker = settings.broker
    return BrokerAddress(broker.host, broker.port, settings.device, settings.password, broker.protocol)
