"""The device file: what it says, and what is wrong with it in one sentence."""

from pathlib import Path

import pytest

from huiyin_kiosk.settings import load_settings
from huiyin_shared.errors import SettingsError

GOOD = """
device = "kiosk-1"
password = "p"
counter = "h1-c1"
data_dir = "kiosk-1"
[broker]
host = "127.0.0.1"
port = 8483
protocol = "3.1.1"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "kiosk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_relative_data_folder_is_relative_to_the_file(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD))
    assert settings.outbox_path == tmp_path / "kiosk-1" / "outbox.db"
    assert settings.broker.protocol == "3.1.1"
    assert settings.language == "zh-Hans"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("port = 8483", "port = 99999", "port"),
        ("port = 8483", 'port = "x"', "port"),
        ('device = "kiosk-1"', 'device = "a.b"', "device id"),
        ('device = "kiosk-1"\n', "", "device"),
        ("[broker]", "colour = 1\n[broker]", "colour"),
        ("3.1.1", "4", "protocol"),
        ("[broker]", "[broker", "kiosk.toml"),
    ],
)
def test_a_bad_file_is_refused_with_what_is_wrong(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as refused:
        load_settings(write(tmp_path, GOOD.replace(old, new)))
    assert "\n" not in str(refused.value)


def test_a_missing_file_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "none.toml")
    path = tmp_path / "kiosk.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be used"):
        load_settings(path)
