"""Sizes in millimetres on whatever screen there is. No Kivy.

Everything is drawn in units. A unit is a millimetre, a larger one on screens with room to spare, and a smaller one only
where a screen is physically too small for the layout (a 7-inch panel).
"""

from math import hypot
from typing import NamedTuple

MM_PER_INCH = 25.4
LETTER_STEP = 1.12
BODY = 6.6
"""Letters of 6.6 units have capitals of 4.8: the least a visitor gets to read (EN 301 549 baseline)."""

ROOMY_SHORT_UNITS = 170.0
LEAST_SHORT_UNITS = 135.0
LEAST_LONG_UNITS = 210.0
LOW_UNITS = 160.0
SHORT_UNITS = 250.0


class Measure(NamedTuple):
    """The screen's size in pixels and the pixels of a unit."""

    width: float
    height: float
    unit: float

    def letter_sizes(self, size: float, least: float) -> tuple[int, ...]:
        """Return letter sizes in pixels from `size` units down to `least`, largest first.

        There are only a few of them on a screen: every size is another font in memory, a megabyte or more.
        """
        rungs = [BODY * LETTER_STEP**k for k in range(-2, 12)]
        fitting = [rung for rung in rungs if least * 0.999 <= rung <= size * 1.001] or [least]
        return tuple(round(rung * self.unit) for rung in reversed(fitting))

    @property
    def portrait(self) -> bool:
        """Tell whether the screen stands upright."""
        return self.height > self.width

    @property
    def tight(self) -> bool:
        """Tell whether there is little height, as on panels of 10 inches: everything moves closer together."""
        return self.height < (SHORT_UNITS if self.portrait else LOW_UNITS) * self.unit


def density_of(width: float, height: float, diagonal_inch: float) -> float:
    """Return pixels per millimetre of a screen of this diagonal."""
    return hypot(width, height) / (diagonal_inch * MM_PER_INCH)


def measure(width: float, height: float, px_per_mm: float) -> Measure:
    """Return how to draw on a screen of `width` × `height` pixels."""
    short, long = min(width, height), max(width, height)
    wanted = max(px_per_mm, short / ROOMY_SHORT_UNITS)
    return Measure(width, height, min(wanted, short / LEAST_SHORT_UNITS, long / LEAST_LONG_UNITS))
