"""The kiosk's settings: one TOML file, written by the hub (`huiyin-hub device add`) and added to by the installer."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from huiyin_shared.errors import InvalidId, SettingsError
from huiyin_shared.ids import DeviceId, device_id
from huiyin_shared.survey import Language


class BrokerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the broker is. `protocol` is the version of MQTT to speak."""

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65535)]
    protocol: Literal["5", "3.1.1"] = "5"


class KioskSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a kiosk or terminal.

    `diagonal_inch` is the screen's size where the machine does not know its density; with it, faces and letters have
    their size in millimetres. `idle_s` is the silence before the idle warning.
    """

    device: str
    password: str
    counter: str
    data_dir: str
    broker: BrokerSettings
    language: Language = "zh-Hans"
    fullscreen: bool = False
    diagonal_inch: Annotated[float, Meta(ge=3, le=120)] | None = None
    idle_s: Annotated[float, Meta(ge=5, le=600)] = 40.0

    @property
    def outbox_path(self) -> Path:
        """Return the file of the device store."""
        return Path(self.data_dir) / "outbox.db"

    @property
    def device_id(self) -> DeviceId:
        """Return the device's id; `load_settings` has checked it."""
        return DeviceId(self.device)


def load_settings(path: Path) -> KioskSettings:
    """Return the settings of a file; a relative `data_dir` is relative to the file. Raises `SettingsError`."""
    try:
        settings = msgspec.toml.decode(path.read_bytes(), type=KioskSettings)
        device_id(settings.device)
    except OSError as error:
        raise SettingsError(f"the settings {path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidId) as error:
        raise SettingsError(f"the settings {path} cannot be used: {error}") from error
    return msgspec.structs.replace(settings, data_dir=str(path.resolve().parent / settings.data_dir))
