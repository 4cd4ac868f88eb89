"""A pretend visitor for demonstrations and measurements: which targets to touch, and when. Knows no screen."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NewType

import msgspec

from huiyin_kiosk.visit.state import Attract, State
from huiyin_shared.survey import REASONS

Target = NewType("Target", str)
"""The name of something that can be touched, as the screens name it."""

_STEP_MS = 700
_LEVELS = (5, 5, 5, 4, 4, 4, 3, 2, 1)


@dataclass(frozen=True)
class Step:
    """One touch, due at `at_ms` of the monotonic clock. `level` is set for a touch on a face."""

    at_ms: int
    target: Target
    level: int = 0


class VisitorPlan:
    """A visitor every `every_s`: most rate, some give a reason, a few open the second door.

    A visit begins only on the attract screen: a person who is there is left alone.
    """

    def __init__(self, *, every_s: float, dice: Random, say: Callable[[str], None]) -> None:
        self._every_ms = int(every_s * 1000)
        self._dice = dice
        self._say = say
        self._next_ms: int | None = None
        self._steps: list[Step] = []
        self._visits = 0
        self._counter = ""

    def due(self, now_ms: int, state: State) -> list[Step]:
        """Return the touches that are due by now, at most one."""
        if self._next_ms is None:
            self._next_ms = now_ms + min(self._every_ms, 1_000)
        if not self._steps and now_ms >= self._next_ms and isinstance(state.screen, Attract) and state.desired:
            self._counter = state.desired.counter
            self._next_ms = max(now_ms, self._next_ms + self._every_ms)
            self._steps = self._visit(now_ms)
        if self._steps and now_ms >= self._steps[0].at_ms:
            return [self._steps.pop(0)]
        return []

    def touched(self, step: Step) -> None:
        """Say that the finger came down on a face: one line of JSON."""
        if step.level:
            tapped_ms = time.time_ns() // 1_000_000
            line = {"tapped_ms": tapped_ms, "counter": self._counter, "level": step.level}
            self._say(msgspec.json.encode(line).decode())

    def _visit(self, now_ms: int) -> list[Step]:
        self._visits += 1
        if self._visits % 7 == 4:
            kind = self._dice.choice(("complaint", "suggestion", "praise", "enquiry"))
            names = ["door", f"kind-{kind}", "next", "phrase-1", "next", "contact-anonymous", "done"]
            pace_ms = min(_STEP_MS, self._every_ms // (len(names) + 1))
            return [Step(now_ms + i * pace_ms, Target(name)) for i, name in enumerate(names)]
        level = self._dice.choice(_LEVELS)
        names = [f"reason-{self._dice.choice(REASONS)}"] if self._dice.random() < 0.5 else []
        names += ["done", "done"]
        pace_ms = min(_STEP_MS, self._every_ms // (len(names) + 2))
        first = Step(now_ms, Target(f"face-{level}"), level)
        return [first, *(Step(now_ms + (i + 1) * pace_ms, Target(name)) for i, name in enumerate(names))]
