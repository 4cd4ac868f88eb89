"""The pages served for real on both database engines, with a browser-like client for each person."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from sqlalchemy import Engine

from hall_stage import Stage, log_in

Visit = Callable[..., httpx.Client]


@pytest.fixture
def stage(engine: Engine) -> Stage:
    """Two halls, one person of each role."""
    return Stage(engine).set_up()


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    """Where the pages are served."""
    with stage.served() as address:
        yield address


@pytest.fixture
def visit(address: str) -> Iterator[Visit]:
    """Return a client at the pages, logged in as somebody or not."""
    with ExitStack() as stack:

        def open_client(login: str = "", **headers: str) -> httpx.Client:
            client = stack.enter_context(httpx.Client(base_url=address, headers=headers, timeout=20))
            if login:
                assert log_in(client, login).status_code == 303
            return client

        yield open_client
