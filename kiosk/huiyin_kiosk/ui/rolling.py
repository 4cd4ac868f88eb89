"""A text that is longer than its place: shown part by part, whole sentences together, each for a while."""

import re
from typing import Any

from kivy.clock import Clock

from huiyin_kiosk.ui.area import Area
from huiyin_kiosk.ui.lettering import Side, width_of
from huiyin_kiosk.ui.lines import LINE_HEIGHT, break_lines
from huiyin_kiosk.ui.palette import Colour
from huiyin_kiosk.ui.stage import Panel, Stage

PART_S = 8.0
_SENTENCE = re.compile(r"[^。！？.!?]*[。！？.!?]*\s*")


class RollingText(Panel):
    """Shows one part at a time while it is on the screen."""

    def __init__(self, stage: Stage, area: Area, text: str, *, colour: Colour, side: Side) -> None:
        super().__init__(stage, area)
        self._parts = parts_of(stage, area, text)
        self._at = 0
        self._letters = self.write(area, self._parts[0], colour=colour, side=side)
        self._event: Any = None
        self.bind(parent=lambda *_: self._start_or_stop())

    def _start_or_stop(self) -> None:
        # Parts roll only while somebody can see them: a screen that is taken down leaves nothing behind.
        if self._event is not None:
            self._event.cancel()
            self._event = None
        if self.parent is not None and len(self._parts) > 1:
            self._event = Clock.schedule_interval(lambda _dt: self._roll(), PART_S)

    def _roll(self) -> None:
        if self.get_parent_window() is None:
            self._event.cancel()
            return
        self._at = (self._at + 1) % len(self._parts)
        self._letters.say(self._parts[self._at])


def parts_of(stage: Stage, area: Area, text: str) -> list[str]:
    """Return the text in parts that fit the area: whole sentences as long as they fit, else lines."""
    size = stage.body
    fits = max(1, int((area.height + 1) // (size * LINE_HEIGHT)))

    def lines(part: str) -> list[str]:
        return break_lines(part, size, area.width, width_of)

    parts = [""]
    for sentence in (found for found in _SENTENCE.findall(text) if found.strip()):
        if len(lines((parts[-1] + sentence).strip())) <= fits:
            parts[-1] += sentence
            continue
        broken = lines(sentence.strip())
        parts += ["\n".join(broken[i : i + fits]) for i in range(0, len(broken), fits)]
    return [part.strip() for part in parts if part.strip()] or [""]
