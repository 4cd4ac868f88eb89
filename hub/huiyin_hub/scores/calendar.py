"""Days and hours as the hall's people see them, in Unix milliseconds. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000


def local(ms: int, zone: ZoneInfo) -> datetime:
    """Return a moment on the hall's clock."""
    return datetime.fromtimestamp(ms / 1000, zone)


def day_of(ms: int, zone: ZoneInfo) -> date:
    """Return the hall's day of a moment."""
    return local(ms, zone).date()


def day_start_ms(day: date, zone: ZoneInfo) -> int:
    """Return when a day of the hall begins."""
    return int(datetime.combine(day, time(), zone).astimezone(UTC).timestamp() * 1000)


def next_day_start_ms(day: date, zone: ZoneInfo) -> int:
    """Return when the day after begins; a day may have 23 or 25 hours where clocks are moved."""
    return day_start_ms(day + timedelta(days=1), zone)
