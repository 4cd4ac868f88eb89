"""Pages served for real, opened by a real Chromium."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from sqlalchemy import Engine

from hall_stage import PASSWORD, Clock, Stage
from huiyin_hub.db.engine import open_engine
from huiyin_hub.db.schema import migrate

OpenPage = Callable[..., Page]


def is_complaint(message: ConsoleMessage) -> bool:
    """Tell what a page says that is worth a look; that a refused form answers 422 is not."""
    return message.type != "log" and "status of 422" not in message.text


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A migrated database of the embedded kind: storage on both engines is tested elsewhere."""
    engine = open_engine(f"sqlite:///{tmp_path / 'hub.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def stage(engine: Engine) -> Stage:
    """Two halls, one person of each role."""
    return Stage(engine, Clock()).set_up()


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    """Where the pages are served."""
    with stage.served() as address:
        yield address


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[OpenPage]:
    """Open a page as somebody; at the end no page may have complained on its console, of our own rules least of all."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_as(
        login: str,
        path: str,
        *,
        language: str = "zh-Hans",
        size: tuple[int, int] = (1366, 900),
        scripts: bool = True,
        quiet: bool = True,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, java_script_enabled=scripts, base_url=address
        )
        contexts.append(context)
        context.add_cookies([{"name": "huiyin_language", "value": language, "url": address}])
        if login:
            answer = context.request.post("/login", form={"login": login, "password": PASSWORD}, max_redirects=0)
            assert answer.status == 303
        page = context.new_page()
        if quiet:
            page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert complaints == []
