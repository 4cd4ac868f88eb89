"""The plausible day is pure: the same seed gives the same day, and it looks like a day at a counter."""

from collections import Counter
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from huiyin_firmware_sim.plan import (
    CLOSES_MS,
    HOUR_MS,
    OPENS_MS,
    Details,
    Letter,
    Place,
    Tap,
    bustle,
    device_day,
    event_of,
    fleet_day,
)
from huiyin_firmware_sim.voices import VOICES
from huiyin_shared.events import Feedback, Rating, RatingDetail, Reading, decode_event, encode_event
from huiyin_shared.ids import DeviceId
from huiyin_shared.survey import FEEDBACK_KINDS, LANGUAGES, REASONS

MONDAY = date(2026, 3, 2)
SUNDAY = date(2026, 3, 8)
DEVICES = [DeviceId(f"t-{number:02}") for number in range(1, 41)]
AT = Reading(boot="b", mono_ms=1, wall_ms=2)


@given(seed=st.integers(0, 10_000), day=st.dates(date(2020, 1, 1), date(2040, 1, 1)))
@settings(max_examples=40, deadline=None)
def test_the_same_seed_always_gives_the_same_day_in_order_within_opening_hours(seed: int, day: date) -> None:
    acts = device_day(seed=seed, device=DEVICES[0], day=day)

    assert acts == device_day(seed=seed, device=DEVICES[0], day=day)
    assert acts == sorted(acts, key=lambda act: act.at_ms)
    assert all(OPENS_MS <= act.at_ms < CLOSES_MS for act in acts if isinstance(act.what, Tap))


def test_another_seed_or_date_gives_another_day() -> None:
    day = device_day(seed=7, device=DEVICES[0], day=MONDAY)

    assert day != device_day(seed=8, device=DEVICES[0], day=MONDAY)
    assert day != device_day(seed=7, device=DEVICES[0], day=SUNDAY)


def test_a_devices_day_does_not_depend_on_the_rest_of_the_fleet() -> None:
    alone = device_day(seed=7, device=DEVICES[3], day=MONDAY)

    assert [act for act in fleet_day(seed=7, devices=DEVICES, day=MONDAY) if act.device == DEVICES[3]] == alone


def test_halls_are_busy_at_ten_and_three_quiet_at_lunch_and_closed_at_night() -> None:
    by_hour = Counter(act.at_ms // HOUR_MS for act in fleet_day(seed=7, devices=DEVICES, day=MONDAY))

    assert by_hour[10] > 2 * by_hour[12]
    assert by_hour[14] > 2 * by_hour[12]
    assert by_hour[12] > 0
    assert bustle(3 * HOUR_MS) == 0.0


def test_mondays_are_busier_than_sundays() -> None:
    assert len(fleet_day(seed=7, devices=DEVICES, day=MONDAY)) > 3 * len(fleet_day(seed=7, devices=DEVICES, day=SUNDAY))


def test_most_visitors_are_content_and_unhappy_ones_more_often_say_why() -> None:
    acts = fleet_day(seed=7, devices=DEVICES, day=MONDAY)
    taps = Counter(act.what.level for act in acts if isinstance(act.what, Tap))
    details = Counter(act.what.level for act in acts if isinstance(act.what, Details))

    assert taps[5] > taps[3] > taps[1] > 0
    assert details[1] / taps[1] > 2 * details[5] / taps[5]


def test_counters_differ_in_mood() -> None:
    def mean(device: DeviceId) -> float:
        levels = [
            act.what.level
            for day in range(2, 7)
            for act in device_day(seed=7, device=device, day=date(2026, 3, day))
            if isinstance(act.what, Tap)
        ]
        return sum(levels) / len(levels)

    means = [mean(device) for device in DEVICES[:12]]
    assert max(means) - min(means) > 0.3


def test_a_month_of_a_fleet_speaks_in_every_kind_and_language() -> None:
    letters = [
        (act.what.voice.kind, act.language)
        for day in range(2, 28)
        for act in fleet_day(seed=7, devices=DEVICES, day=date(2026, 3, day))
        if isinstance(act.what, Letter)
    ]
    assert {kind for kind, _ in letters} == set(FEEDBACK_KINDS)
    assert {language for _, language in letters} == set(LANGUAGES)


def test_every_act_becomes_an_event_the_wire_accepts() -> None:
    place = Place("h1-c1", "s-1", frozenset({"attitude"}))
    for act in fleet_day(seed=3, devices=DEVICES, day=MONDAY):
        event = event_of(act, at=AT, place=place)
        assert decode_event(encode_event(event)) == event
        assert (event.counter, event.staff, event.visit, event.at) == ("h1-c1", "s-1", act.visit, AT)
        match event:
            case Rating():
                assert event.source == "button"
            case RatingDetail():
                assert set(event.reasons) <= set(REASONS)
            case Feedback():
                assert event.category in {"", "attitude"}


def test_voices_cover_every_kind_in_every_language() -> None:
    for language in LANGUAGES:
        assert {voice.kind for voice in VOICES[language]} == set(FEEDBACK_KINDS)
