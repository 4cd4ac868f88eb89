"""The one place where the simulator's concrete parts are named and joined."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from huiyin_firmware_sim.errors import NoDemoHub
from huiyin_firmware_sim.programs import run_program
from huiyin_shared.catalogue import SHARED_MESSAGES, Catalogue, open_catalogues

if TYPE_CHECKING:
    from huiyin_firmware_sim.demo import Demo
    from huiyin_firmware_sim.fleet import Fleet

# The demo runs no terminals in its own process and a fleet looks at no pages: each loads its own parts only.

MESSAGES = Path(__file__).parent / "messages"


def make_fleet(
    *,
    folder: Path | None,
    hub_settings: Path,
    devices: int,
    only: str,
    seed: int,
    speed: float,
    history_days: int,
    resting: frozenset[str],
    say: Callable[[str], None],
) -> "Fleet":
    """Return a fleet of the devices in `folder`, or of `devices` new ones made at the hub.

    Raises `NoDemoHub`, `NoDevices`, `SettingsError`, `ProgramFailed`, `OutboxUnusable`.
    """
    from huiyin_firmware_sim.fleet import Fleet, Options, log_warnings_only
    from huiyin_firmware_sim.terminals import read_terminals

    log_warnings_only()
    if folder is None:
        folder = enrol_fleet(hub_settings, devices)
    terminals = read_terminals(folder, only=only)[:devices]
    options = Options(seed=seed, speed=speed, history_days=history_days, resting=resting)
    return Fleet(terminals, options=options, texts=texts_for(dict(os.environ)), say=say)


def enrol_fleet(hub_settings: Path, devices: int) -> Path:
    """Have the hub make `devices` devices, once, and return the folder of their files. Raises `NoDemoHub`."""
    if not hub_settings.exists():
        raise NoDemoHub(hub_settings)
    folder = hub_settings.parent / f"fleet-{devices}"
    if folder.exists():
        return folder
    # A folder that is there is complete: it gets its name when the hub has registered and written them all.
    unfinished = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    arguments = ["huiyin-hub", "device", "add-many", str(devices), "--prefix", f"s{devices}"]
    arguments += ["--into", str(unfinished), "--settings", str(hub_settings)]
    run_program(arguments, log=hub_settings.parent / "logs" / "add-many.log")
    return unfinished.rename(folder)


def make_demo(*, folder: Path, seconds: float | None, speed: float, say: Callable[[str], None]) -> "Demo":
    """Return a demo that keeps its data in `folder`."""
    from huiyin_firmware_sim.demo import Demo

    return Demo(folder, seconds=seconds, speed=speed, texts=texts_for(dict(os.environ)), say=say)


def texts_for(environment: dict[str, str]) -> Catalogue:
    """Return the catalogue of the language a person's environment asks for; English when it asks for none of ours."""
    wished = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    catalogues = open_catalogues(SHARED_MESSAGES, MESSAGES)
    return catalogues["zh-Hans" if wished.lower().startswith("zh") else "en"]
