"""A fleet reads the device files the hub wrote, as real devices do."""

from pathlib import Path

import pytest

from huiyin_firmware_sim.errors import NoDevices
from huiyin_firmware_sim.terminals import broker_of, read_terminals
from huiyin_shared.errors import SettingsError

FILE = """
device = "{device}"
password = "secret"
counter = "h1-c1"
data_dir = "{device}"
[broker]
host = "127.0.0.1"
port = 8483
protocol = "3.1.1"
"""


def write(folder: Path, device: str) -> None:
    (folder / f"{device}.toml").write_text(FILE.format(device=device), encoding="utf-8")


def test_a_folder_is_read_by_name_and_may_hold_other_devices(tmp_path: Path) -> None:
    for device in ("t-02", "kiosk-1", "t-01"):
        write(tmp_path, device)

    terminals = read_terminals(tmp_path, only="t-")

    assert [terminal.device for terminal in terminals] == ["t-01", "t-02"]
    assert terminals[0].outbox_path == tmp_path / "t-01" / "outbox.db"
    assert len(read_terminals(tmp_path)) == 3


def test_a_terminal_logs_in_by_its_own_name(tmp_path: Path) -> None:
    write(tmp_path, "t-01")

    broker = broker_of(read_terminals(tmp_path)[0])

    assert (broker.username, broker.password, broker.port, broker.protocol) == ("t-01", "secret", 8483, "3.1.1")


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(NoDevices, match="no device files"):
        read_terminals(tmp_path)


def test_one_broken_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "t-01")
    (tmp_path / "t-02.toml").write_text("[[[", encoding="utf-8")

    with pytest.raises(SettingsError, match=r"t-02\.toml"):
        read_terminals(tmp_path)
