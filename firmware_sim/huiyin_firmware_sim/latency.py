"""How long a tap takes to the manager's page: taps and what the page showed, matched. Pure."""

from collections.abc import Iterable
from typing import NamedTuple


class KioskTap(NamedTuple):
    """A finger touched a face, Unix milliseconds."""

    tapped_ms: int
    counter: str


class Sighting(NamedTuple):
    """The page showed that a counter has `n` ratings, Unix milliseconds."""

    seen_ms: int
    counter: str
    n: int


def latencies_ms(taps: Iterable[KioskTap], sightings: Iterable[Sighting]) -> list[int]:
    """Return, for each tap that the page showed, the milliseconds until its number included it.

    Holds for counters where nothing but these taps is counted. A tap before the first sighting of its counter is left
    out: nobody knows what the page showed before. So are taps waiting when the number falls (a new day begins).
    """
    moments: list[tuple[int, KioskTap | Sighting]] = [(tap.tapped_ms, tap) for tap in taps]
    moments += [(sighting.seen_ms, sighting) for sighting in sightings]
    shown: dict[str, int] = {}
    waiting: dict[str, list[int]] = {}
    found: list[int] = []
    for at_ms, moment in sorted(moments, key=lambda pair: pair[0]):
        queue = waiting.setdefault(moment.counter, [])
        if isinstance(moment, KioskTap):
            if moment.counter in shown:
                queue.append(at_ms)
            continue
        grown = moment.n - shown.get(moment.counter, moment.n)
        shown[moment.counter] = moment.n
        if grown < 0:
            queue.clear()
            continue
        found += [at_ms - tapped_ms for tapped_ms in queue[:grown]]
        del queue[:grown]
    return found
