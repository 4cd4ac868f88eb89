"""The days before today: recorded once, with the clocks of those days, so that they flow as a real backlog would."""

from datetime import datetime, timedelta, timezone

import msgspec
from msgspec import Struct

from huiyin_firmware_sim.plan import HOUR_MS, Act, Place, device_day, event_of
from huiyin_kiosk.outbox.store import Outbox
from huiyin_shared.events import Reading
from huiyin_shared.ids import DeviceId

HALL_TIME = timezone(timedelta(hours=8))
POWERED_ON_MS = 8 * HOUR_MS
"""When staff switch the terminals on, milliseconds since local midnight."""

HISTORY_SETTING = "sim.history"
EVENTS_AT_A_TIME = 500


class Past(Struct, frozen=True):
    """Which past was chosen when the device's store was new; kept beside its events."""

    seed: int
    days: int
    until_ms: int


def record_past(outbox: Outbox, *, place: Place, wished: Past) -> int:
    """Record the past of a new store and return how many events were added now.

    A store that began its past and was interrupted goes on where it stopped; one that lived before gets none. Raises
    what `Outbox.add_all` raises.
    """
    kept = outbox.setting(HISTORY_SETTING)
    if kept is None:
        if outbox.cursor().next_seq > 1 or wished.days <= 0:
            return 0
        outbox.set_setting(HISTORY_SETTING, msgspec.json.encode(wished))
        past = wished
    else:
        past = msgspec.json.decode(kept, type=Past)
    # Nothing is recorded before the past is complete, so the store's next number tells how far it came.
    missing = past_of(past, outbox.device)[outbox.cursor().next_seq - 1 :]
    for first in range(0, len(missing), EVENTS_AT_A_TIME):
        outbox.add_all([event_of(act, at=at, place=place) for act, at in missing[first : first + EVENTS_AT_A_TIME]])
    return len(missing)


def past_of(past: Past, device: DeviceId) -> list[tuple[Act, Reading]]:
    """Return a device's acts of the past with the clock readings it had: the last `days` days, and today until now."""
    until = datetime.fromtimestamp(past.until_ms / 1000, HALL_TIME)
    told = []
    for days_ago in range(past.days, -1, -1):
        midnight = (until - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0)
        midnight_ms = int(midnight.timestamp() * 1000)
        for act in device_day(seed=past.seed, device=device, day=midnight.date()):
            wall_ms = midnight_ms + act.at_ms
            if wall_ms < past.until_ms:
                at = Reading(
                    boot=f"{midnight:%Y%m%d}-{device}"[:40],
                    mono_ms=act.at_ms - POWERED_ON_MS,
                    wall_ms=wall_ms,
                    clock="synced",
                )
                told.append((act, at))
    return told
