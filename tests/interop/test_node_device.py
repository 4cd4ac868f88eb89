"""A device in another language, written only from the published document, against the real hub."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.journeys.hall import Hall

from huiyin_kiosk.settings import load_settings

HERE = Path(__file__).parent


def program(name: str) -> str:
    """npm and node of the machine, or of the Python package that carries them."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    assert found, f"{name} is not on this machine"
    return found


@pytest.fixture(scope="session")
def node() -> str:
    lock = HERE / "package-lock.json"
    stamp = HERE / "node_modules" / ".locked"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        command = [program("npm"), "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=HERE, check=True, timeout=300)
        stamp.write_text(lock.read_text())
    return program("node")


@pytest.mark.timeout(400)
def test_a_device_written_from_the_document_alone_interoperates(node: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        hall = Hall(tmp_path, stack)
        hall.start_hub()
        device = load_settings(tmp_path / "devices" / "t-01.toml")
        wishes = {
            "host": device.broker.host,
            "port": device.broker.port,
            "protocol": device.broker.protocol,
            "device": device.device,
            "password": device.password,
            "counter": device.counter,
            "store": "n0de000000000001",
            "events": 200,
        }
        done = subprocess.run(
            [node, str(HERE / "device.mjs"), json.dumps(wishes)],
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        said = [json.loads(line) for line in done.stdout.splitlines()]
        # It sends its second batch first, on purpose: the hub must name the gap and where to go on.
        assert said[0] == {"refused": "gap", "next": 1}
        assert said[-1] == {"acked": 200}
        checked = hall.check()
        assert (checked["events"], checked["ratings"]) == (200, 200)
        # Its clock's anchor travelled with its batches, so the hub knows when they happened by more than their arrival.
        with sqlite3.connect(next((tmp_path / "data").glob("*.db"))) as db:
            timings = db.execute("SELECT DISTINCT timing, error_ms < 1000 FROM event").fetchall()
            keys = db.execute("SELECT count(*) FROM device_key WHERE device_id = ?", (device.device,)).fetchone()
        db.close()
        assert timings == [("exact", 1)]
        assert keys == (1,)
