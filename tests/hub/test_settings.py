"""Settings come from a file and the environment; whatever is wrong with them is one sentence."""

from pathlib import Path

import pytest

from huiyin_hub.settings import load_settings
from huiyin_shared.errors import SettingsError


def write(folder: Path, text: str) -> Path:
    path = folder / "hub.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_embedded_default_is_used() -> None:
    settings = load_settings(None)
    assert (settings.broker, settings.protocol, settings.data_dir) == ("nats", "3.1.1", Path(".huiyin"))
    assert settings.database_url == "sqlite:///.huiyin/hub.db"
    assert settings.address == "http://127.0.0.1:8460"


def test_folders_in_a_file_are_relative_to_the_file(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, 'data_dir = "data"')).data_dir == tmp_path / "data"
    assert load_settings(write(tmp_path, "")).data_dir == tmp_path / ".huiyin"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIYIN_HUB_WEB_PORT", "9999")
    assert load_settings(write(tmp_path, "web_port = 8000")).web_port == 9999


def test_mosquitto_speaks_mqtt_5_unless_told_otherwise(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, 'broker = "mosquitto"')).protocol == "5"
    assert load_settings(write(tmp_path, 'broker = "mosquitto"\nmqtt = "3.1.1"')).protocol == "3.1.1"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("web_port = [", "cannot be used"),
        ("web_prot = 8460", "web_prot"),
        ("web_port = 99999", "web_port"),
        ('web_port = "many"', "web_port"),
        ('broker = "kafka"', "broker"),
        ('mqtt = "5"', "nats speaks MQTT 3.1.1 only"),
        ('timezone = "Mars/Olympus"', "no such time zone"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint) as caught:
        load_settings(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read"):
        load_settings(tmp_path / "nowhere.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"binary\.toml cannot be used"):
        load_settings(tmp_path / "binary.toml")


def test_a_password_never_appears_in_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write(tmp_path, 'broker_password = ["s3cret"]'))
    assert "s3cret" not in str(caught.value)
