"""The world's time: a heap of things that will happen. Nothing here reads a real clock."""

import heapq
from collections.abc import Callable

START_MS = 1_790_000_000_000
"""True time at which every world begins, Unix milliseconds."""


class Timeline:
    """Runs what was planned, in order of time and of planning."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def after(self, delay_ms: int, what: Callable[[], None]) -> None:
        """Plan `what` for `delay_ms` from now."""
        self._count += 1
        heapq.heappush(self._heap, (self.now_ms + max(0, delay_ms), self._count, what))

    def run(self, until_ms: int) -> None:
        """Let everything happen up to a moment."""
        while self._heap and self._heap[0][0] <= until_ms:
            self.now_ms, _, what = heapq.heappop(self._heap)
            what()
        self.now_ms = until_ms
