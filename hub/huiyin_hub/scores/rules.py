"""Scores from counts of the five levels: share of satisfied with its interval, mean with shrinkage, verdict. Pure.

Counts stand best first, as everywhere in Huiyin: (n5, n4, n3, n2, n1).
"""

import math
from dataclasses import dataclass
from typing import Literal

Counts = tuple[int, int, int, int, int]
NONE: Counts = (0, 0, 0, 0, 0)

Z_95 = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""

MIN_RATINGS = 10
"""Below this a counter gets no verdict and is marked as having few: 9 of 9 satisfied still leaves 70 % possible."""

PRIOR_RATINGS = 20
"""Weight of the hall's mean in a counter's mean, in ratings: a counter with 20 ratings of its own stands half-way."""

POINTS = (100, 75, 50, 25, 0)
"""What each level is worth on the scale 0–100, best first."""

Verdict = Literal["none", "few", "above", "within", "below"]


@dataclass(frozen=True)
class Interval:
    """A 95 % interval of a share, both ends 0–1."""

    low: float
    high: float


@dataclass(frozen=True)
class Score:
    """What is known about one counter (or hall) from its ratings.

    `share` is CSAT counting the boxes 非常满意, 满意, 基本满意 as satisfied: the bottom two of five are 差评
    (GB/T 39734-2020). `mean` is 0–100, drawn towards the hall's mean while ratings are few; None without ratings.
    """

    counts: Counts
    n: int
    share: float | None
    interval: Interval
    mean: float | None
    verdict: Verdict


def wilson(good: int, n: int, z: float = Z_95) -> Interval:
    """Return the Wilson score interval of `good` out of `n` (E. B. Wilson, JASA 22, 1927; Brown, Cai, DasGupta 2001).

    Unlike the textbook interval it stays inside 0–1 and does not claim certainty for 5 out of 5 (low end 56.6 %).
    Nothing is known without ratings: 0 to 1.
    """
    if n == 0:
        return Interval(0.0, 1.0)
    p, z2 = good / n, z * z
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    # At the ends the formula is exact in theory; floating point must not leave the scale.
    return Interval(0.0 if good == 0 else max(0.0, centre - half), 1.0 if good == n else min(1.0, centre + half))


def satisfied(counts: Counts) -> int:
    """Return how many ratings are in the top three boxes (好评)."""
    return sum(counts[:3])


def plain_mean(counts: Counts) -> float | None:
    """Return the mean on 0–100 without shrinkage; None without ratings."""
    n = sum(counts)
    return sum(points * count for points, count in zip(POINTS, counts, strict=True)) / n if n else None


def shrunk_mean(counts: Counts, hall: Counts, prior_ratings: int = PRIOR_RATINGS) -> float | None:
    """Return the mean on 0–100 drawn towards the hall's mean by the weight of `prior_ratings` ratings.

    Bühlmann's credibility with a fixed weight: Z = n / (n + k). One furious visitor does not sink a counter, a
    hundred do. None without ratings of its own.
    """
    own, prior, n = plain_mean(counts), plain_mean(hall), sum(counts)
    if own is None or prior is None:
        return own
    return (n * own + prior_ratings * prior) / (n + prior_ratings)


def verdict(counts: Counts, others: Counts) -> Verdict:
    """Return how a counter stands against the other counters of its hall.

    Only intervals that do not overlap are told apart (design §2.5): no ranking by noise. `few` below `MIN_RATINGS`,
    `none` without ratings.
    """
    n, n_others = sum(counts), sum(others)
    if n == 0:
        return "none"
    if n < MIN_RATINGS:
        return "few"
    if n_others < MIN_RATINGS:
        return "within"
    own, rest = wilson(satisfied(counts), n), wilson(satisfied(others), n_others)
    if own.low > rest.high:
        return "above"
    if own.high < rest.low:
        return "below"
    return "within"


def score(counts: Counts, hall: Counts) -> Score:
    """Return the score of a counter within its hall; `hall` counts the counter in."""
    n, good = sum(counts), satisfied(counts)
    return Score(
        counts=counts,
        n=n,
        share=good / n if n else None,
        interval=wilson(good, n),
        mean=shrunk_mean(counts, hall),
        verdict=verdict(counts, minus(hall, counts)),
    )


def plus(left: Counts, right: Counts) -> Counts:
    """Return the sum, level by level."""
    a, b, c, d, e = (x + y for x, y in zip(left, right, strict=True))
    return a, b, c, d, e


def minus(left: Counts, right: Counts) -> Counts:
    """Return the difference, level by level, never below zero."""
    a, b, c, d, e = (max(0, x - y) for x, y in zip(left, right, strict=True))
    return a, b, c, d, e
