"""Every screen in both languages, drawn for real without any display; nothing is cut off or out of reach."""

import subprocess
import sys
from pathlib import Path

import pytest

SCREENS = 20


@pytest.mark.parametrize(
    ("size", "more"),
    [
        ("1280x800", ()),
        ("800x1280", ("--diagonal-inch", "10.1")),
        ("800x600", ()),
    ],
)
def test_every_screen_can_be_read_and_touched(size: str, more: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "huiyin_kiosk", "pictures", "--into", str(tmp_path), "--size", size, *more],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pictures = sorted(tmp_path.glob("*.png"))
    assert len(pictures) == 2 * SCREENS
    assert all(picture.stat().st_size > 5_000 for picture in pictures)
