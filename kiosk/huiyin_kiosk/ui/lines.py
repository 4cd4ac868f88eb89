"""Break a text into lines and find the size that fits: Chinese breaks anywhere but before 。 and after （. No Kivy.

Kivy breaks at blanks only, which leaves Chinese lines ragged and lets a line begin with a comma.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

_NOT_FIRST = "，。！？；：、）】》」』”’…·,.!?;:)]}%"
_NOT_LAST = "（【《「『“‘([{"
_TOKEN = re.compile(r"\s+|[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+")

ELLIPSIS = "…"
LINE_HEIGHT = 1.36
"""Of the letter size: Noto Sans SC wants 1.45, texts on screens read well a little tighter."""

Width = Callable[[str, int], float]
"""How wide a text is at a letter size, in pixels."""


class Fitted(NamedTuple):
    """Lines at a letter size; `cut` when even the least size was too large and an ellipsis stands for the rest."""

    lines: list[str]
    size: int
    cut: bool


def break_lines(text: str, size: int, room: float, width: Width) -> list[str]:
    """Return the lines of `text` in `room` pixels of width."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for chunk in _chunks(paragraph):
            if line and width(line + chunk.rstrip(), size) > room:
                lines.append(line.rstrip())
                line = chunk.lstrip()
            else:
                line += chunk
            while width(line.rstrip(), size) > room and len(line) > 1:
                fits = _longest(line, size, room, width)
                lines.append(line[:fits])
                line = line[fits:]
        lines.append(line.rstrip() if len(lines) or line.strip() else line)
    return lines


def balanced(lines: list[str], text: str, size: int, room: float, width: Width) -> list[str]:
    """Return as many lines of about the same length: no single letter is left alone on the last one."""
    if len(lines) < 2:
        return lines
    low, high = room / len(lines), room
    best = lines
    while high - low > size / 4:
        middle = (low + high) / 2
        tried = break_lines(text, size, middle, width)
        if len(tried) <= len(lines) and not _splits_a_word(tried, text):
            best, high = tried, middle
        else:
            low = middle
    return best


def fit(text: str, *, sizes: Sequence[int], room: tuple[float, float], width: Width, together: bool = False) -> Fitted:
    """Return `text` in lines at the first of `sizes`, largest first, that fits `room`.

    `together` takes smaller letters before it breaks the text into lines.
    """
    across, down = room
    least = sizes[-1]
    for size in sizes:
        lines = break_lines(text, size, across, width)
        fits = len(lines) * size * LINE_HEIGHT <= down + 1
        could_be_better = size > least and (_splits_a_word(lines, text) or (together and len(lines) > 1))
        if fits and not could_be_better:
            return Fitted(lines, size, cut=False)
    lines = break_lines(text, least, across, width)
    keep = max(1, int((down + 1) // (least * LINE_HEIGHT)))
    if len(lines) <= keep:
        return Fitted(lines, least, cut=len(lines) * least * LINE_HEIGHT > down + least)
    last = lines[keep - 1]
    while last and width(last + ELLIPSIS, least) > across:
        last = last[:-1]
    return Fitted([*lines[: keep - 1], last + ELLIPSIS], least, cut=True)


def _chunks(paragraph: str) -> list[str]:
    """Return the pieces a line may end after."""
    chunks: list[str] = []
    for token in _TOKEN.findall(paragraph):
        joins = chunks and (token[0] in _NOT_FIRST or token.isspace() or chunks[-1][-1] in _NOT_LAST)
        if joins:
            chunks[-1] += token
        else:
            chunks.append(token)
    return chunks


def _longest(line: str, size: int, room: float, width: Width) -> int:
    low, high = 1, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        if width(line[:middle], size) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def _splits_a_word(lines: list[str], text: str) -> bool:
    """Tell whether a word of letters was broken because it was wider than the line."""
    words = set(re.findall(r"[A-Za-z]+", text))
    return any(word not in words for line in lines for word in re.findall(r"[A-Za-z]+", line))
