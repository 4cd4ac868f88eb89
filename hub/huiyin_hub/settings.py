"""The hub's settings: a TOML file, overridden by environment variables HUIYIN_HUB_…"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from huiyin_hub.broker.port import MqttProtocol
from huiyin_hub.db.engine import sqlite_url
from huiyin_shared.errors import SettingsError
from huiyin_shared.survey import Language

Port = Annotated[int, Field(ge=1, le=65535)]
BrokerKind = Literal["nats", "mosquitto", "external"]


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("no such time zone") from None
    return name


class HubSettings(BaseSettings):
    """All settings of the hub. `load_settings` makes them."""

    model_config = SettingsConfigDict(env_prefix="HUIYIN_HUB_", extra="forbid", frozen=True)

    data_dir: Path = Path(".huiyin")
    """Where database and broker keep their files; in a settings file, relative to that file."""

    database: str = ""
    """Address such as `postgresql+psycopg://user@host/name`; empty: SQLite in the data folder."""

    web_host: str = "127.0.0.1"
    web_port: Port = 8460

    web_address: str = ""
    """How people reach the pages, such as `https://huiyin.example`; empty: the web host and port."""

    broker: BrokerKind = "nats"
    broker_host: str = "127.0.0.1"
    broker_port: Port = 8483

    broker_username: str = "huiyin.hub"
    broker_password: SecretStr = SecretStr("")
    """The hub's log-in at an external broker; an embedded one gets a random password."""

    mqtt: MqttProtocol | None = None
    """The MQTT version the hub and its devices speak; without it 3.1.1 with nats, 5 with the others."""

    device_broker_host: str = ""
    """How devices reach the broker, as written into their files; empty: the broker host."""

    language: Language = "zh-Hans"
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "Asia/Shanghai"
    idle_logout_s: Annotated[int, Field(ge=60, le=86_400)] = 30 * 60

    @property
    def database_url(self) -> str:
        """The database's address."""
        return self.database or sqlite_url(self.data_dir / "hub.db")

    @property
    def broker_folder(self) -> Path:
        """Where an embedded broker keeps its files."""
        return self.data_dir / "broker"

    @property
    def protocol(self) -> MqttProtocol:
        """The MQTT version spoken."""
        return self.mqtt or ("3.1.1" if self.broker == "nats" else "5")

    @property
    def address(self) -> str:
        """How people reach the pages."""
        host = f"[{self.web_host}]" if ":" in self.web_host else self.web_host
        return self.web_address.rstrip("/") or f"http://{host}:{self.web_port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings


def load_settings(path: Path | None) -> HubSettings:
    """Return the settings of a file, or of the environment alone. Raises `SettingsError`, one sentence."""
    values: dict[str, Any] = {}
    if path is not None:
        values = _read(path)
        values["data_dir"] = path.resolve().parent / str(values.get("data_dir", ".huiyin"))
    try:
        settings = HubSettings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        source = f"the settings {path}" if path else "the settings"
        # The value is left out: it may be a password.
        raise SettingsError(f"{source} cannot be used: {key}: {first['msg']}") from None
    if settings.broker == "nats" and settings.protocol != "3.1.1":
        raise SettingsError("the settings cannot be used: mqtt: nats speaks MQTT 3.1.1 only")
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"the settings {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings {path} cannot be used: {error}") from error
