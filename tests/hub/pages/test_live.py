"""Live boards: what changes is on every open board, and a board ends with its session."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from hall_stage import DAY_MS, Stage
from huiyin_hub.people.tables import session
from huiyin_hub.web.live import MAX_STREAMS_PER_SESSION

from .conftest import Visit

Events = Iterator[tuple[str, Any]]


@contextmanager
def following(client: httpx.Client, path: str = "/halls/h1/live") -> Iterator[Events]:
    with client.stream("GET", path, timeout=15) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        yield events(stream)


def events(stream: httpx.Response) -> Events:
    name = ""
    for line in stream.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def n_of(board: dict[str, Any], counter: str) -> int:
    return int(next(one["n"] for one in board["counters"] if one["code"] == counter))


def next_board(stream: Events) -> dict[str, Any]:
    return next(data for name, data in stream if name == "board")


def wait_until_seen(stage: Stage) -> None:
    """Wait until the poller has written the use of a session; pytest's timeout ends a wait in vain."""
    while True:
        with stage.engine.connect() as connection:
            if connection.execute(select(func.max(session.c.seen_ms))).scalar_one() == stage.clock.ms:
                return
        threading.Event().wait(0.05)


def test_a_rating_reaches_every_open_board_of_its_hall(visit: Visit, stage: Stage) -> None:
    stage.rate("h1-c1", (2, 0, 0, 0, 0))
    with following(visit("manager")) as manager, following(visit("office")) as office:
        assert n_of(next_board(manager), "h1-c1") == 2
        assert n_of(next_board(office), "h1-c1") == 2
        stage.rate("h1-c1", (0, 0, 0, 0, 1))
        for stream in (manager, office):
            board = next(board for board in iter(lambda s=stream: next_board(s), None) if n_of(board, "h1-c1") == 3)
            assert board["counters"][0]["levels"] == [2, 0, 0, 0, 1]
            assert board["total"]["n"] == 3


def test_other_halls_ratings_do_not_wake_a_board(visit: Visit, stage: Stage) -> None:
    with following(visit("manager")) as stream:
        next_board(stream)
        stage.rate("h2-c1", (1, 0, 0, 0, 0))
        stage.rate("h1-c1", (1, 0, 0, 0, 0))
        assert [one["code"][:2] for one in next_board(stream)["counters"]] == ["h1"] * 6


def test_a_new_day_empties_the_board(visit: Visit, stage: Stage) -> None:
    stage.rate("h1-c1", (1, 0, 0, 0, 0))
    with following(visit("manager")) as stream:
        first = next_board(stream)
        stage.rate("h1-c1", (1, 0, 0, 0, 0))
        next_board(stream)
        with stage.writing() as connection:  # the session must not end before the day does
            connection.exec_driver_sql(
                f"UPDATE session SET created_ms = created_ms + {DAY_MS}, seen_ms = seen_ms + {DAY_MS}"
            )
        stage.clock.ms += DAY_MS
        later = next(board for board in iter(lambda: next_board(stream), None) if board["day"] != first["day"])
        assert later["total"]["n"] == 0


def test_a_board_ends_when_its_session_does(visit: Visit, address: str) -> None:
    client = visit("manager")
    with following(client) as stream:
        next_board(stream)
        httpx.post(f"{address}/logout", cookies=dict(client.cookies))
        name, data = next((name, data) for name, data in stream if name == "end")
        assert (name, data) == ("end", {"why": "session"})
        assert list(stream) == []


def test_a_hall_managers_open_board_is_work_and_the_offices_is_not(visit: Visit, stage: Stage) -> None:
    manager, office = visit("manager"), visit("office")
    with following(manager) as board, following(office) as other:
        next_board(board)
        next_board(other)
        for _ in range(3):
            stage.clock.ms += stage.settings.idle_logout_s * 1000 * 2 // 3
            wait_until_seen(stage)
        assert next(name for name, _ in other if name == "end")
    assert manager.get("/halls/h1").status_code == 200


def test_streams_of_one_session_have_an_end(visit: Visit) -> None:
    client = visit("manager")
    with ExitStack() as stack:
        streams = [stack.enter_context(following(client)) for _ in range(MAX_STREAMS_PER_SESSION)]
        for stream in streams:
            next_board(stream)
        with client.stream("GET", "/halls/h1/live") as refused:
            assert refused.status_code == 503


def test_the_server_stops_though_boards_are_open(stage: Stage) -> None:
    with stage.served() as address:
        client = httpx.Client(base_url=address)
        client.post("/login", data={"login": "manager", "password": "correct horse battery"})
        stream = client.send(client.build_request("GET", "/halls/h1/live"), stream=True)
        assert stream.status_code == 200
    assert "event: end" in stream.read().decode()
    client.close()


@pytest.mark.parametrize("accept", ["text/event-stream", "text/html"])
def test_a_stranger_gets_no_stream(visit: Visit, accept: str) -> None:
    answer = visit().get("/halls/h1/live", headers={"accept": accept})
    assert answer.status_code in {303, 401}
