"""A file system that really fills up, by the best means the machine allows."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from faults.rig import Child, Device, Nursery

MB = 1024 * 1024
SIZE_MB = 24
MOUNT = 'mount -t tmpfs -o size="$1",mode=0777 tmpfs "$2"; shift 2; exec "$@"'


class Disk(Protocol):
    """A folder on a disk that can be filled. Children of `nursery` see it; `seen` is how the test sees a file there."""

    nursery: Nursery
    folder: Path
    floor_bytes: int
    """What is to be taken for no room at all: nothing on a disk of our own, much of what is free on a shared one."""
    unit_bytes: int
    """How much room makes a difference, whatever others write meanwhile."""
    refusals: frozenset[str]
    """The names of the errors a store may give when the disk refuses a write in the middle of it."""

    def seen(self, path: Path) -> Path:
        """Return the path by which the test reaches a file of the children."""

    def leave(self, units: float) -> None:
        """Take room away, or give it back, until about `units` above the floor are free."""

    def exhaust(self, child: Child, growing: Path) -> None:
        """Let no byte more be written by a child that is letting the file `growing` grow."""

    def restart_exhausted(self, device: Device, growing: Path) -> None:
        """Start a device again that finds no room from its first moment on."""

    def relieve(self, child: Child) -> None:
        """Give the child its room back."""


class TmpfsDisk:
    """A tmpfs in a mount namespace of its own: full is ENOSPC, and nobody else notices."""

    floor_bytes = 0
    unit_bytes = MB
    refusals = frozenset({"OutboxFull"})

    def __init__(self, wrapper: list[str], folder: Path) -> None:
        self.folder = folder
        self.nursery = Nursery(wrapper)
        self._pid = self.nursery.order("who")["pid"]
        self._ballast = self.seen(folder / "ballast")

    def seen(self, path: Path) -> Path:
        return Path(f"/proc/{self._pid}/root") / path.relative_to("/")

    def leave(self, units: float) -> None:
        with self._ballast.open("ab") as ballast:
            space = os.statvfs(self._ballast.parent)
            size = ballast.tell() + space.f_bavail * space.f_frsize - int(units * MB)
            ballast.truncate(max(0, size))
        if size > 0:
            with self._ballast.open("rb+") as ballast:
                os.posix_fallocate(ballast.fileno(), 0, size)

    def exhaust(self, child: Child, growing: Path) -> None:
        with self._ballast.open("ab", buffering=0) as ballast, suppress(OSError):
            while ballast.write(bytes(4_096)):
                pass

    def restart_exhausted(self, device: Device, growing: Path) -> None:
        self.exhaust(device.child, growing)
        device.start()

    def relieve(self, child: Child) -> None:
        self.leave(SIZE_MB)


class SharedDisk:
    """Where no file system may be mounted: the machine's own disk for the watermarks, and the kernel's limit on a
    file's size (EFBIG) for the write that fails.
    """

    unit_bytes = 64 * MB
    refusals = frozenset({"OutboxFull", "OutboxUnusable"})

    def __init__(self, nursery: Nursery, folder: Path) -> None:
        self.nursery = nursery
        self.folder = folder
        self._ballast = folder / "ballast"
        space = os.statvfs(folder)
        self.floor_bytes = space.f_bavail * space.f_frsize - 12 * self.unit_bytes
        assert self.floor_bytes > 0, "this disk is nearly full already"

    def seen(self, path: Path) -> Path:
        return path

    def leave(self, units: float) -> None:
        with self._ballast.open("wb") as ballast:
            ballast.truncate(0)
            space = os.statvfs(self.folder)
            size = space.f_bavail * space.f_frsize - self.floor_bytes - int(units * self.unit_bytes)
            if size > 0:
                os.posix_fallocate(ballast.fileno(), 0, size)

    def exhaust(self, child: Child, growing: Path) -> None:
        _, hard = resource.prlimit(child.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (growing.stat().st_size, hard))

    def restart_exhausted(self, device: Device, growing: Path) -> None:
        device.start(max_file_bytes=growing.stat().st_size)

    def relieve(self, child: Child) -> None:
        _, hard = resource.prlimit(child.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (hard, hard))


def wrappers(folder: Path) -> Iterator[list[str]]:
    """Yield the ways to run a program with a small file system of its own at `folder`, the plainest first."""
    mounting = ["sh", "-ec", MOUNT, "sh", f"{SIZE_MB}m", str(folder)]
    if os.geteuid() == 0:
        yield ["unshare", "-m", *mounting]
    yield ["unshare", "-rm", *mounting]


@contextmanager
def small_disk(nursery: Nursery, folder: Path) -> Iterator[Disk]:
    """Yield a disk that is empty. `nursery` serves where the machine forbids a file system of our own."""
    folder.mkdir()
    for wrapper in wrappers(folder):
        probe = [*wrapper, sys.executable, "-c", "pass"]
        if subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0:
            disk = TmpfsDisk(wrapper, folder)
            try:
                yield disk
            finally:
                disk.nursery.close()
            return
    yield SharedDisk(nursery, folder)
