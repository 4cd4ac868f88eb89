"""When an event happened, from the device's raw clocks and what is known of them (design §4). Pure; raw readings stay.

Three ways of knowing, in this order. `exact`: an anchor ties the event's boot to the hub's time, or a time service kept
the device's clock; the error is that of the anchor and of the oscillator since. `bracketed`: nothing is known of the
boot, but the event lies between its neighbours in the store, whose numbers are in order of time. `unsynced`: there is
no neighbour before it either; it happened at some time since the protocol exists.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from huiyin_shared.events import Reading
from huiyin_shared.frames import Anchor

Timing = Literal["exact", "bracketed", "unsynced"]

DRIFT_PPM = 200
"""How far a device's oscillator may run fast or slow: twice what the cheapest crystals promise."""

TRANSIT_ERROR_MS = 1_000
"""How long a batch may have been on its way when its device tells no anchor."""

SYNCED_ERROR_MS = 2_000
"""How far a clock that follows a time service may be off, leap seconds included."""

FLOOR_MS = 1_704_067_200_000
"""2024-01-01: no event is older than the protocol, whatever a clock that starts at 1970 says."""


class Dating(NamedTuple):
    """When it happened (Unix milliseconds), by how much that may be wrong, and how it is known."""

    occurred_ms: int
    error_ms: int
    timing: Timing


class Knowledge(NamedTuple):
    """What is known when a batch comes: the device's clocks as it was sent, the hub's as it arrived, anchors by boot,
    and a moment before which nothing in it can have happened (0: none).
    """

    sent: Reading
    received_ms: int
    anchors: dict[str, Anchor]
    not_before_ms: int = 0


def present_anchor(sent: Reading, received_ms: int, told: Anchor | None) -> Anchor:
    """Return the anchor of the boot that sent: the device's, unless it puts `sent` into the hub's future."""
    if told is not None and told.boot == sent.boot:
        error_ms = told.error_ms + drift_ms(sent.mono_ms - told.mono_ms)
        if told.hub_ms + sent.mono_ms - told.mono_ms - error_ms <= received_ms:
            return told
    return Anchor(boot=sent.boot, mono_ms=sent.mono_ms, hub_ms=received_ms, error_ms=TRANSIT_ERROR_MS)


def drift_ms(elapsed_ms: int) -> int:
    """Return by how much an oscillator may be off after a while, in either direction of time."""
    return abs(elapsed_ms) * DRIFT_PPM // 1_000_000 + 1


def date_events(readings: Sequence[Reading | None], known: Knowledge) -> tuple[list[Dating], int]:
    """Return when each of a store's consecutive events happened, and a moment before which none after them can have.

    An event without a reading (a dead line) is dated by its neighbours alone.
    """
    exact = [_exact(reading, known) for reading in readings]
    lows = _lows(readings, exact, known.not_before_ms)
    highs = _highs(readings, exact, known)
    datings = [
        dating or _between(low, high, reading)
        for reading, dating, low, high in zip(readings, exact, lows, highs, strict=True)
    ]
    newest_ms = max((low for low in lows if low <= known.received_ms), default=0)
    return datings, max(newest_ms, known.not_before_ms)


def _exact(reading: Reading | None, known: Knowledge) -> Dating | None:
    if reading is None:
        return None
    anchor = known.anchors.get(reading.boot)
    if anchor is not None:
        elapsed_ms = reading.mono_ms - anchor.mono_ms
        moment_ms, error_ms = anchor.hub_ms + elapsed_ms, anchor.error_ms + drift_ms(elapsed_ms)
    elif reading.clock == "synced":
        moment_ms, error_ms = reading.wall_ms, SYNCED_ERROR_MS
    else:
        return None
    if moment_ms - error_ms > known.received_ms or moment_ms < FLOOR_MS:
        return None
    return Dating(min(moment_ms, known.received_ms), error_ms, "exact")


def _lows(readings: Sequence[Reading | None], exact: Iterable[Dating | None], not_before_ms: int) -> list[int]:
    """Return for each event the latest moment before which it cannot have happened, 0 where there is none."""
    lows: list[int] = []
    low, last = not_before_ms, None
    for reading, dating in zip(readings, exact, strict=True):
        if dating is not None:
            low = max(low, dating.occurred_ms - dating.error_ms)
        elif reading is not None and last is not None and low:
            # Within one boot time passes as its clock says; a new boot began after the event before it.
            low += _surely(reading.mono_ms - last.mono_ms if last.boot == reading.boot else reading.mono_ms)
        lows.append(low)
        last = reading or last
    return lows


def _highs(readings: Sequence[Reading | None], exact: Sequence[Dating | None], known: Knowledge) -> list[int]:
    """Return for each event the earliest moment after which it cannot have happened."""
    highs: list[int] = []
    later = known.sent
    present = known.anchors.get(later.boot)
    high = known.received_ms
    if present is not None:
        elapsed_ms = later.mono_ms - present.mono_ms
        high = min(high, present.hub_ms + elapsed_ms + present.error_ms + drift_ms(elapsed_ms))
    for reading, dating in zip(reversed(readings), reversed(exact), strict=True):
        if dating is not None:
            high = min(high, dating.occurred_ms + dating.error_ms)
        elif reading is not None:
            # And the other way round: this boot ended before the later one began.
            since_ms = later.mono_ms - reading.mono_ms if later.boot == reading.boot else later.mono_ms
            high -= _surely(since_ms)
        highs.append(high)
        later = reading or later
    return highs[::-1]


def _surely(elapsed_ms: int) -> int:
    """Return how much time has passed at least when a device's clock says so much."""
    return max(0, elapsed_ms - drift_ms(elapsed_ms))


def _between(low: int, high: int, reading: Reading | None) -> Dating:
    """Return the device's own word where it can be true, else the middle; the bound is honest either way."""
    timing: Timing = "bracketed"
    if not FLOOR_MS <= low <= high:
        low, timing = FLOOR_MS, "unsynced"
    if high < low:
        high = low  # A hub whose own clock is before the protocol: there is nothing better to say.
    wall_ms = reading.wall_ms if reading is not None else -1
    moment_ms = wall_ms if low <= wall_ms <= high else (low + high) // 2
    return Dating(moment_ms, max(moment_ms - low, high - moment_ms) + 1, timing)
