"""What can be wrong around the simulator, each with its own name and one sentence."""

from pathlib import Path

from huiyin_shared.errors import HuiyinError


class NoDemoHub(HuiyinError):
    """There is no hub to make devices at, and none were given."""

    exit_code = 2

    def __init__(self, settings: Path) -> None:
        super().__init__(
            f"there is no hub at {settings}: start the demo once (make demo), or name device files with --from"
        )
        self.settings = settings


class NoDevices(HuiyinError):
    """A folder that should hold device files holds none."""

    exit_code = 2

    def __init__(self, folder: Path) -> None:
        super().__init__(f"no device files (*.toml) were found in {folder}")
        self.folder = folder


class ProgramMissing(HuiyinError):
    """A program of this project is not installed beside this one."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the program {name} was not found: install the project with its extras (make demo does)")
        self.name = name


class ProgramFailed(HuiyinError):
    """A program of the demo ended by itself, or did not become ready in time."""

    def __init__(self, name: str, why: str, log: Path) -> None:
        super().__init__(f"{name}: {why} (all it said is in {log})")
        self.name = name
        self.log = log


class NothingMeasured(HuiyinError):
    """The demo ran its time, but a figure it must report could not be measured."""

    def __init__(self, figure: str) -> None:
        super().__init__(f"the demo ended without a measured {figure}")
        self.figure = figure
