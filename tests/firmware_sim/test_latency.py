"""From the tap to the page: what is measured is what the page showed, never a guess."""

from huiyin_firmware_sim.latency import KioskTap, Sighting, latencies_ms


def test_a_tap_is_measured_to_the_moment_its_number_appears() -> None:
    sightings = [Sighting(0, "c1", 10), Sighting(500, "c1", 10), Sighting(1_250, "c1", 11)]

    assert latencies_ms([KioskTap(1_000, "c1")], sightings) == [250]


def test_two_taps_in_flight_are_told_apart_by_their_count() -> None:
    sightings = [Sighting(0, "c1", 10), Sighting(1_300, "c1", 11), Sighting(1_400, "c1", 12)]

    assert latencies_ms([KioskTap(1_000, "c1"), KioskTap(1_200, "c1")], sightings) == [300, 200]


def test_a_page_that_shows_two_taps_at_once_answers_both() -> None:
    assert latencies_ms([KioskTap(100, "c1"), KioskTap(200, "c1")], [Sighting(0, "c1", 0), Sighting(300, "c1", 2)]) == [
        200,
        100,
    ]


def test_other_counters_and_taps_before_the_page_was_seen_count_for_nothing() -> None:
    sightings = [Sighting(100, "c1", 10), Sighting(200, "c1", 11), Sighting(300, "c2", 5)]

    assert latencies_ms([KioskTap(50, "c1"), KioskTap(150, "c2")], sightings) == []


def test_a_tap_the_page_never_showed_has_no_figure() -> None:
    assert latencies_ms([KioskTap(100, "c1")], [Sighting(0, "c1", 3), Sighting(900, "c1", 3)]) == []


def test_midnight_takes_waiting_taps_with_it() -> None:
    sightings = [Sighting(0, "c1", 90), Sighting(200, "c1", 0), Sighting(300, "c1", 1)]

    assert latencies_ms([KioskTap(100, "c1")], sightings) == []
