"""A real Chromium with a Chinese font, at pages served for real."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pylopdf_fonts_zh_cn
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from sqlalchemy import Engine

from hall_stage import PASSWORD, Clock, Stage
from huiyin_hub.db.engine import open_engine
from huiyin_hub.db.schema import migrate

FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>{fonts}</dir><dir>/usr/share/fonts</dir><cachedir>{cache}</cachedir></fontconfig>"""

OpenPage = Callable[..., Page]


def is_complaint(message: ConsoleMessage) -> bool:
    """Tell what a page says that is worth a look; that a refused form answers 422 is not."""
    return message.type != "log" and "status of 422" not in message.text


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The machine's Chromium; a machine without Chinese fonts gets the kiosk's."""
    folder = tmp_path_factory.mktemp("fonts")
    config = folder / "fonts.conf"
    config.write_text(FONTS.format(fonts=Path(pylopdf_fonts_zh_cn.__file__).parent, cache=folder / "cache"))
    env = {**os.environ, "FONTCONFIG_FILE": str(config)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS, env=env)
        yield browser
        browser.close()


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
