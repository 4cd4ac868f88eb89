"""Puts the pages together. Importing this opens nothing; `make_app` is called by the bootstrap."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from huiyin_hub.people.sessions import LoginDoor, SessionLimits
from huiyin_hub.web import (
    board_pages,
    case_pages,
    completeness_pages,
    device_pages,
    login_pages,
    people_pages,
    start_pages,
)
from huiyin_hub.web.faults import add_faults, refuse
from huiyin_hub.web.guard import Guard
from huiyin_hub.web.live import Live
from huiyin_hub.web.pages import STATIC, Pages
from huiyin_hub.web.settings import WebSettings
from huiyin_hub.web.site import Site


class _Static(StaticFiles):
    """Static files; an address with a fingerprint may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        fingerprinted = b"v=" in scope.get("query_string", b"")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if fingerprinted else "no-cache"
        return response


def make_app(*, engine: Engine, settings: WebSettings, clock: Callable[[], int]) -> FastAPI:
    """Return the pages as an ASGI app; `clock` gives Unix milliseconds.

    Live boards poll only while the app's lifespan runs. Call `close_streams` before the server waits for open
    connections to end, or it waits for boards that stay open all day.
    """
    zone = ZoneInfo(settings.timezone)
    limits = SessionLimits(idle_ms=settings.idle_logout_s * 1000, longest_ms=settings.longest_session_s * 1000)
    site = Site(
        engine=engine,
        settings=settings,
        clock=clock,
        zone=zone,
        limits=limits,
        pages=Pages(zone),
        door=LoginDoor(engine),
        live=Live(engine=engine, clock=clock, zone=zone, limits=limits, poll_s=settings.poll_s),
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        poller = asyncio.create_task(site.live.run())
        yield
        poller.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await poller

    app = FastAPI(title="Huiyin", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = site
    areas = (login_pages, start_pages, board_pages, case_pages, people_pages, device_pages, completeness_pages)
    for pages in areas:
        app.include_router(pages.router)
    app.mount("/static", _Static(directory=STATIC), name="static")

    app.add_middleware(Guard, refuse=refuse, secure=settings.secure)
    add_faults(app)
    return app


def close_streams(app: FastAPI) -> None:
    """End all live boards of an app, from its event loop, so that its server can stop."""
    site: Site = app.state.site
    site.live.close()
