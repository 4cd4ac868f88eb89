"""What a visitor meets: a screen, or no screen at all. The port between the reception and the outside."""

from collections.abc import Callable
from typing import Protocol

from huiyin_kiosk.reception import Reception


class Front(Protocol):
    """Runs the main thread: shows states, brings touches and time to the reception."""

    def run(self, reception: Reception, *, on_ready: Callable[[], None]) -> None:
        """Serve visitors until `stop`; `on_ready` is called when the first attract screen can be seen."""

    def call_soon(self, on_call: Callable[[], None]) -> None:
        """Have `on_call` called in the main thread; may be called from any thread, before `run` too."""

    def stop(self) -> None:
        """End `run` soon; may be called from a signal handler or any thread."""
