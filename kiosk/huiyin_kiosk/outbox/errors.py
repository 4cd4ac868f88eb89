"""What can be wrong with the device store, each with its own name."""

from pathlib import Path

from huiyin_shared.errors import HuiyinError


class OutboxUnusable(HuiyinError):
    """The store's file cannot be opened or written."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"the device store {path} cannot be used: {why}")
        self.path = path


class OutboxNewer(OutboxUnusable):
    """The store's file was written by a newer release."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "it was written by a newer release of this program; install that release")


class WrongDevice(OutboxUnusable):
    """The store's file belongs to another device: its history must not be continued under a new name."""

    def __init__(self, path: Path, *, found: str, expected: str) -> None:
        super().__init__(path, f"it belongs to device {found}, this is {expected}")
        self.found = found
        self.expected = expected


class OutboxFull(HuiyinError):
    """There is no safe room left; the visitor must be told, nothing was accepted."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the device store takes nothing more: {why}")


class OutboxDamaged(OutboxUnusable):
    """The store's file is corrupt; `open_or_replace` sets it aside and saves what can be read."""
