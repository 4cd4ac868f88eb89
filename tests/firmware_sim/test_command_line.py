"""What a person meets at `huiyin-sim`: one clear sentence and a status where something is wrong, in their language."""

import subprocess
import sys
from pathlib import Path

import pytest

from huiyin_firmware_sim.bootstrap import texts_for


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "huiyin_firmware_sim", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fleet"], "there is no hub at .demo/hub.toml"),
        (["fleet", "--from", "nowhere"], "no device files (*.toml) were found in nowhere"),
        (["fleet", "--from", "broken"], "the settings broken/t-01.toml cannot be used"),
    ],
)
def test_a_fleet_that_cannot_live_says_why_in_one_sentence(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "t-01.toml").write_text("[", encoding="utf-8")

    done = run(*arguments, folder=tmp_path)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-Hans"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_demo_speaks_the_language_the_environment_asks_for(environment: dict[str, str], language: str) -> None:
    assert texts_for(environment).language == language
