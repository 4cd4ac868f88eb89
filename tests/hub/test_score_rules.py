"""Scores: the interval stays honest with few ratings, the mean does not jump, nobody is ranked by noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiyin_hub.scores.rules import (
    MIN_RATINGS,
    NONE,
    Counts,
    minus,
    plus,
    score,
    shrunk_mean,
    verdict,
    wilson,
)

counts = st.tuples(*(st.integers(0, 500) for _ in range(5)))


@pytest.mark.parametrize(("good", "n", "low_percent"), [(5, 5, 56.6), (30, 30, 88.6), (100, 100, 96.3)])
def test_all_satisfied_is_not_certainty(good: int, n: int, low_percent: float) -> None:
    interval = wilson(good, n)
    assert round(interval.low * 100, 1) == low_percent
    assert interval.high == 1.0


def test_nothing_is_known_without_ratings() -> None:
    empty = score(NONE, NONE)
    assert (empty.n, empty.share, empty.mean, empty.verdict) == (0, None, None, "none")
    assert (empty.interval.low, empty.interval.high) == (0.0, 1.0)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_interval_holds_the_share_and_stays_on_the_scale(good: int, bad: int) -> None:
    n = good + bad
    interval = wilson(good, n)
    assert 0 <= interval.low <= interval.high <= 1
    if n:
        assert interval.low - 1e-9 <= good / n <= interval.high + 1e-9


@given(st.integers(1, 2_000), st.integers(2, 10))
def test_more_of_the_same_ratings_narrow_the_interval(n: int, times: int) -> None:
    few, many = wilson(n // 2, n), wilson(n // 2 * times, n * times)
    assert many.high - many.low < few.high - few.low


def test_satisfied_counts_the_top_three_boxes() -> None:
    assert score((1, 1, 1, 1, 0), (1, 1, 1, 1, 0)).share == 0.75


def test_one_furious_visitor_does_not_sink_a_counter_but_a_hundred_do() -> None:
    hall: Counts = (300, 100, 20, 5, 2)
    one, hundred = shrunk_mean((0, 0, 0, 0, 1), hall), shrunk_mean((0, 0, 0, 0, 100), hall)
    assert one is not None
    assert hundred is not None
    assert one > 80
    assert hundred < 20


@given(counts, counts)
def test_the_mean_lies_between_the_counters_own_and_the_halls(own: Counts, rest: Counts) -> None:
    hall = plus(own, rest)
    shrunk, plain, of_hall = shrunk_mean(own, hall), shrunk_mean(own, own), shrunk_mean(hall, hall)
    if shrunk is None or plain is None or of_hall is None:
        assert sum(own) == 0
    else:
        assert min(plain, of_hall) - 1e-9 <= shrunk <= max(plain, of_hall) + 1e-9


def test_counters_whose_intervals_overlap_are_not_told_apart() -> None:
    assert verdict((18, 0, 0, 0, 2), (80, 0, 0, 0, 20)) == "within"


def test_a_counter_far_off_is_told_apart_in_either_direction() -> None:
    assert verdict((20, 0, 0, 0, 40), (180, 0, 0, 0, 20)) == "below"
    assert verdict((180, 0, 0, 0, 2), (60, 0, 0, 0, 60)) == "above"


@given(counts, counts)
def test_few_ratings_get_no_verdict(own: Counts, others: Counts) -> None:
    if sum(own) == 0:
        assert verdict(own, others) == "none"
    elif sum(own) < MIN_RATINGS:
        assert verdict(own, others) == "few"
    elif sum(others) < MIN_RATINGS:
        assert verdict(own, others) == "within"


@given(counts, counts)
def test_what_was_added_can_be_taken_away(left: Counts, right: Counts) -> None:
    assert minus(plus(left, right), right) == left
