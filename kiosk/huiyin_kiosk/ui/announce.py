"""Says on standard output which screen is up and where its targets are, for tests that move a real pointer."""

from collections.abc import Callable

import msgspec


def announce(say: Callable[[str], None]) -> Callable[[str, dict[str, tuple[int, int]]], None]:
    """Return what to call with a screen's name and its targets; x and y are pixels from the top left."""

    def on_screen(name: str, targets: dict[str, tuple[int, int]]) -> None:
        say(msgspec.json.encode({"screen": name, "targets": targets}).decode())

    return on_screen
