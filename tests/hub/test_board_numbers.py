"""The board's numbers come from rollups, on the hall's own calendar."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from hall_stage import DAY_MS, HOUR_MS, NOW_MS, Stage
from huiyin_hub.scores.board import board_message, read_board, read_changes, read_days, read_reasons, read_words

SHANGHAI = ZoneInfo("Asia/Shanghai")
COUNTERS = [f"h1-c{n}" for n in range(1, 7)]
MIDNIGHT_MS = NOW_MS - 10 * HOUR_MS


def test_the_stage_plays_at_ten_in_the_morning() -> None:
    assert (NOW_MS + 8 * HOUR_MS) % DAY_MS == 10 * HOUR_MS


def test_todays_ratings_of_a_counter_are_added_up_and_its_hours_kept_apart(engine: Engine) -> None:
    stage = Stage(engine)
    stage.rate("h1-c1", (3, 0, 0, 0, 1))
    stage.rate("h1-c1", (1, 1, 0, 0, 0), at_ms=NOW_MS - HOUR_MS)
    stage.rate("h2-c1", (9, 9, 9, 9, 9))
    with engine.connect() as connection:
        board = read_board(connection, COUNTERS, now_ms=NOW_MS, zone=SHANGHAI)
    first = board.counters[0]
    assert first.score.counts == (4, 1, 0, 0, 1)
    assert [(one.hour, one.counts) for one in first.hours] == [(9, (1, 1, 0, 0, 0)), (10, (3, 0, 0, 0, 1))]
    assert board.hall.n == 6
    assert [one.code for one in board.counters] == COUNTERS
    assert board.counters[1].score.n == 0


def test_the_day_begins_at_the_halls_midnight_not_at_greenwichs(engine: Engine) -> None:
    stage = Stage(engine)
    stage.rate("h1-c1", (1, 0, 0, 0, 0), at_ms=MIDNIGHT_MS)
    stage.rate("h1-c1", (0, 0, 0, 0, 1), at_ms=MIDNIGHT_MS - 1)
    with engine.connect() as connection:
        board = read_board(connection, COUNTERS, now_ms=NOW_MS, zone=SHANGHAI)
        days = read_days(connection, COUNTERS, now_ms=NOW_MS, zone=SHANGHAI)
    assert board.day == date(2026, 11, 22)
    assert board.hall.counts == (1, 0, 0, 0, 0)
    assert days["h1-c1"][-2:] == [(date(2026, 11, 21), (0, 0, 0, 0, 1)), (date(2026, 11, 22), (1, 0, 0, 0, 0))]
    assert len(days["h1-c1"]) == 7


def test_a_hall_without_counters_has_an_empty_board(engine: Engine) -> None:
    with engine.connect() as connection:
        board = read_board(connection, [], now_ms=NOW_MS, zone=SHANGHAI)
        assert (board.counters, board.hall.n) == ((), 0)
        assert read_days(connection, [], now_ms=NOW_MS, zone=SHANGHAI) == {}


def test_reasons_stand_with_the_most_bad_ones_first_and_words_newest_first(engine: Engine) -> None:
    stage = Stage(engine)
    stage.voice("h1-c1", 5, "speed", "快", at_ms=NOW_MS - HOUR_MS)
    stage.voice("h1-c2", 1, "queue", "慢")
    stage.voice("h1-c2", 2, "queue")
    stage.voice("h2-c1", 1, "place", "foreign hall")
    with engine.connect() as connection:
        reasons = read_reasons(connection, COUNTERS, now_ms=NOW_MS, zone=SHANGHAI)
        words = read_words(connection, COUNTERS, since_ms=MIDNIGHT_MS)
    assert [(one.reason, one.good, one.fair, one.bad) for one in reasons] == [("queue", 0, 0, 2), ("speed", 1, 0, 0)]
    assert [one.words for one in words] == ["慢", "快"]


def test_every_rating_raises_its_counters_change_number(engine: Engine) -> None:
    stage = Stage(engine)
    stage.rate("h1-c1", (1, 0, 0, 0, 0))
    with engine.connect() as connection:
        before = read_changes(connection)
    stage.rate("h1-c1", (1, 0, 0, 0, 0))
    with engine.connect() as connection:
        assert read_changes(connection)["h1-c1"] > before["h1-c1"]


def test_the_live_message_has_the_agreed_fields(engine: Engine) -> None:
    Stage(engine).rate("h1-c1", (4, 0, 0, 0, 1))
    with engine.connect() as connection:
        board = read_board(connection, COUNTERS, now_ms=NOW_MS, zone=SHANGHAI)
    message = board_message("h1", board)
    assert (message["hall"], message["as_of_ms"]) == ("h1", NOW_MS)
    first = message["counters"][0]
    assert (first["code"], first["n"], first["levels"]) == ("h1-c1", 5, [4, 0, 0, 0, 1])
    assert first["low"] < first["share"] < first["high"]
    assert first["mean"] == 80.0
