"""What every page works with, made once by `make_app`."""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import Request
from sqlalchemy import Connection, Engine

from huiyin_hub.people.sessions import LoginDoor, SessionLimits
from huiyin_hub.web.live import Live
from huiyin_hub.web.pages import Pages
from huiyin_hub.web.settings import WebSettings


@dataclass(frozen=True)
class Site:
    """The database, the clock (Unix milliseconds) and the parts all pages share."""

    engine: Engine
    settings: WebSettings
    clock: Callable[[], int]
    zone: ZoneInfo
    limits: SessionLimits
    pages: Pages
    door: LoginDoor
    live: Live

    def reading(self) -> Connection:
        """Return a connection for reading."""
        return self.engine.connect()

    def writing(self) -> Engine:
        """Return the engine whose transactions write: `with site.writing().begin() as connection`."""
        return self.engine.execution_options(writes=True)


def site_of(request: Request) -> Site:
    """Return the site a request came to."""
    site: Site = request.app.state.site
    return site
