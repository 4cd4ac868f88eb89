"""The write side of the rollups: what a transaction adds, tallied first, then written with one upsert a row.

Written in the same transaction as the events, so that sum(rollup) equals the count of events at all times.
"""

from sqlalchemy import Connection

from huiyin_hub.db.statements import Statement, storable
from huiyin_shared.events import Event, Feedback, Rating, RatingDetail

HOUR_MS = 3_600_000

LATE_MS = 10 * 60_000
"""A rating that comes this long after the end of its hour changes what people have seen of that hour."""

RollupKey = tuple[str, int, str, str, int]
"""counter, start of the UTC hour in ms, staff, source, level"""

ReasonKey = tuple[str, int, str, int]
"""counter, start of the UTC hour in ms, reason, level"""

_ADD_RATINGS = Statement(
    "INSERT INTO rollup (counter_code, hour_ms, staff_code, source, level, n) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (counter_code, hour_ms, staff_code, source, level) DO UPDATE SET n = rollup.n + excluded.n"
)
_ADD_REASONS = Statement(
    "INSERT INTO rollup_reason (counter_code, hour_ms, reason, level, n) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (counter_code, hour_ms, reason, level) DO UPDATE SET n = rollup_reason.n + excluded.n"
)
_REOPEN = Statement(
    "INSERT INTO hour_reopened (counter_code, hour_ms, n, last_ms) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (counter_code, hour_ms) DO UPDATE SET n = hour_reopened.n + excluded.n, last_ms = excluded.last_ms"
)
_ADD_WORDS = Statement(
    "INSERT INTO rating_words (store_id, seq, counter_code, level, words, occurred_ms) VALUES (?, ?, ?, ?, ?, ?)"
)
_RAISE_CHANGE = Statement(
    "INSERT INTO change (counter_code, version) VALUES (?, 1)"
    " ON CONFLICT (counter_code) DO UPDATE SET version = change.version + 1"
)


class Tally:
    """Counts events before they are written. A recount from the event lines uses the same class."""

    def __init__(self) -> None:
        self.ratings: dict[RollupKey, int] = {}
        self.reasons: dict[ReasonKey, int] = {}
        self.words: list[tuple[int, int, str, int, str, int]] = []
        self.touched: set[str] = set()
        self.late: dict[tuple[str, int], tuple[int, int]] = {}
        """(ratings, when the last of them came) by counter and hour that was over when they came"""

    def add(self, event: Event, *, store_id: int, seq: int, occurred_ms: int, received_ms: int) -> None:
        """Count one event: a rating, or the reasons and words that followed it. Feedback only marks its counter."""
        hour_ms = occurred_ms - occurred_ms % HOUR_MS
        if isinstance(event, Rating):
            key = (event.counter, hour_ms, event.staff, event.source, event.level)
            self.ratings[key] = self.ratings.get(key, 0) + 1
            if hour_ms < received_ms - HOUR_MS - LATE_MS:
                self.add_late(event.counter, hour_ms, received_ms)
        elif isinstance(event, RatingDetail):
            for reason in dict.fromkeys(event.reasons):
                reason_key = (event.counter, hour_ms, reason, event.level)
                self.reasons[reason_key] = self.reasons.get(reason_key, 0) + 1
            if event.words:
                words = storable(event.words)
                self.words.append((store_id, seq, event.counter, event.level, words, occurred_ms))
            self.touched.add(event.counter)
        elif isinstance(event, Feedback):
            self.touched.add(event.counter)

    def add_ratings(self, ratings: dict[RollupKey, int]) -> None:
        """Add what was counted elsewhere."""
        for key, n in ratings.items():
            self.ratings[key] = self.ratings.get(key, 0) + n

    def add_late(self, counter: str, hour_ms: int, received_ms: int) -> None:
        """Count a rating whose hour was over."""
        n, _ = self.late.get((counter, hour_ms), (0, 0))
        self.late[counter, hour_ms] = (n + 1, received_ms)

    def write(self, connection: Connection) -> None:
        """Add what was tallied to the tables, and raise the change number of every counter concerned.

        Rows are written in the order of their keys: two processes that meet on rows then wait instead of deadlocking.
        """
        _ADD_RATINGS.run_many(connection, ((*key, n) for key, n in sorted(self.ratings.items())))
        _ADD_REASONS.run_many(connection, ((*key, n) for key, n in sorted(self.reasons.items())))
        _ADD_WORDS.run_many(connection, self.words)
        _REOPEN.run_many(connection, ((*key, *late) for key, late in sorted(self.late.items())))
        touched = self.touched.union(key[0] for key in self.ratings)
        _RAISE_CHANGE.run_many(connection, ((code,) for code in sorted(touched)))
