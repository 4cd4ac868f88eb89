"""When something happened, told from clocks that may be wrong."""

from hypothesis import given
from hypothesis import strategies as st

from huiyin_hub.ingest.timekeeping import FLOOR_MS, SYNCED_ERROR_MS, TRANSIT_ERROR_MS, UNSYNCED_ERROR_MS, occurrence
from huiyin_shared.events import Reading

RECEIVED_MS = 1_760_000_000_000
DAY_MS = 86_400_000


def at(boot: str, mono_ms: int, wall_ms: int = 0, clock: str = "unsynced") -> Reading:
    return Reading(boot=boot, mono_ms=mono_ms, wall_ms=wall_ms, clock=clock)  # type: ignore[arg-type]


def test_in_the_same_boot_the_running_time_counts_and_the_wall_clock_does_not() -> None:
    event, sent = at("a", 1_000, wall_ms=0), at("a", 61_000, wall_ms=-5)
    assert occurrence(event, sent, RECEIVED_MS) == (RECEIVED_MS - 60_000, TRANSIT_ERROR_MS)


def test_in_an_earlier_boot_a_synced_clock_is_believed() -> None:
    event, sent = at("a", 1_000, RECEIVED_MS - 5 * DAY_MS, "synced"), at("b", 500)
    assert occurrence(event, sent, RECEIVED_MS) == (RECEIVED_MS - 5 * DAY_MS, SYNCED_ERROR_MS)


def test_an_unsynced_clock_of_an_earlier_boot_is_taken_with_a_days_doubt() -> None:
    event, sent = at("a", 1_000, RECEIVED_MS - 5 * DAY_MS), at("b", 500)
    assert occurrence(event, sent, RECEIVED_MS) == (RECEIVED_MS - 5 * DAY_MS, UNSYNCED_ERROR_MS)


def test_a_clock_at_1970_says_only_that_it_happened_before_now() -> None:
    occurred_ms, error_ms = occurrence(at("a", 1_000, 5_000), at("b", 500), RECEIVED_MS)
    assert occurred_ms == RECEIVED_MS
    assert error_ms == RECEIVED_MS - FLOOR_MS


def test_a_clock_ten_years_ahead_never_puts_an_event_into_the_future() -> None:
    occurred_ms, error_ms = occurrence(at("a", 1, RECEIVED_MS + 3_650 * DAY_MS, "synced"), at("b", 5), RECEIVED_MS)
    assert occurred_ms == RECEIVED_MS
    assert error_ms > SYNCED_ERROR_MS


readings = st.builds(
    at,
    st.sampled_from("ab"),
    st.integers(0, 1 << 53),
    st.integers(-(1 << 53), 1 << 53),
    st.sampled_from(["synced", "unsynced"]),
)


@given(readings, readings, st.integers(FLOOR_MS, FLOOR_MS * 2))
def test_whatever_the_clocks_say_the_time_is_possible_and_the_error_is_named(
    event: Reading, sent: Reading, received_ms: int
) -> None:
    occurred_ms, error_ms = occurrence(event, sent, received_ms)
    assert FLOOR_MS <= occurred_ms <= received_ms
    assert error_ms >= TRANSIT_ERROR_MS
