"""A new terminal is given a past once; it is in order, lies in the past, and survives an interruption."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from huiyin_firmware_sim.history import HALL_TIME, Past, past_of, record_past
from huiyin_firmware_sim.plan import Place, event_of
from huiyin_kiosk.outbox.store import Outbox
from huiyin_shared.events import decode_event
from huiyin_shared.ids import DeviceId

DEVICE = DeviceId("t-01")
PLACE = Place("h1-c1")
NOON = int(datetime(2026, 3, 4, 12, 0, tzinfo=HALL_TIME).timestamp() * 1000)
PAST = Past(seed=7, days=3, until_ms=NOON)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox.open(tmp_path / "outbox.db", device=DEVICE)
    yield outbox
    outbox.close()


def recorded(outbox: Outbox) -> list[bytes]:
    return outbox.read(1, max_events=100_000, max_bytes=1 << 30).lines


def test_the_past_covers_the_days_before_and_today_until_now() -> None:
    days = {datetime.fromtimestamp(at.wall_ms / 1000, HALL_TIME).date() for _, at in past_of(PAST, DEVICE)}

    assert days == {datetime(2026, 3, day, tzinfo=UTC).date() for day in (1, 2, 3, 4)}
    assert all(at.wall_ms < NOON for _, at in past_of(PAST, DEVICE))


def test_every_day_of_the_past_is_a_boot_of_its_own_whose_clock_only_goes_forward() -> None:
    boots: dict[str, list[int]] = {}
    for _, at in past_of(PAST, DEVICE):
        boots.setdefault(at.boot, []).append(at.mono_ms)
        assert at.clock == "synced"

    assert len(boots) == 4
    assert all(monos == sorted(monos) and monos[0] >= 0 for monos in boots.values())


def test_the_past_is_recorded_once(outbox: Outbox) -> None:
    added = record_past(outbox, place=PLACE, wished=PAST)

    assert added == len(past_of(PAST, DEVICE)) > 50
    later = Past(seed=7, days=3, until_ms=NOON + int(timedelta(days=1) / timedelta(milliseconds=1)))
    assert record_past(outbox, place=PLACE, wished=later) == 0
    assert outbox.cursor().next_seq == added + 1


def test_an_interrupted_past_goes_on_where_it_stopped(outbox: Outbox, tmp_path: Path) -> None:
    record_past(outbox, place=PLACE, wished=PAST)
    whole = recorded(outbox)
    torn = Outbox.open(tmp_path / "torn" / "outbox.db", device=DEVICE)
    torn.set_setting("sim.history", outbox.setting("sim.history") or b"")
    for act, at in past_of(PAST, DEVICE)[:20]:
        torn.add(event_of(act, at=at, place=PLACE))

    assert record_past(torn, place=PLACE, wished=Past(seed=99, days=1, until_ms=NOON)) == len(whole) - 20
    assert recorded(torn) == whole
    torn.close()


def test_a_terminal_that_has_lived_gets_no_past(outbox: Outbox) -> None:
    act, at = past_of(PAST, DEVICE)[0]
    outbox.add(event_of(act, at=at, place=PLACE))

    assert record_past(outbox, place=PLACE, wished=PAST) == 0
    assert [decode_event(line).at for line in recorded(outbox)] == [at]
