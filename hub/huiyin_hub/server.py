"""The web server around the pages: says when it is ready, ends open streams before it waits for connections."""

import socket
from collections.abc import Callable
from threading import Event

import uvicorn
from fastapi import FastAPI

from huiyin_hub.web.app import close_streams

GRACE_S = 3


class PagesServer(uvicorn.Server):
    """uvicorn with our two words to say. Logs no addresses of visitors' browsers."""

    def __init__(self, app: FastAPI, *, on_ready: Callable[[], None], stop: Event) -> None:
        super().__init__(
            uvicorn.Config(
                app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_S
            )
        )
        self._app = app
        self._on_ready = on_ready
        self._stop = stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        if self._stop.is_set():
            self.should_exit = True
        elif self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live boards first: they would stay open all day."""
        close_streams(self._app)
        await super().shutdown(sockets)
