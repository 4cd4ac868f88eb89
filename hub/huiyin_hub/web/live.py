"""Live boards: one poller a process reads the counters' change numbers and tells every open board.

The same code serves one process and many, SQLite and PostgreSQL: what changed is read from the database, not signalled.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from huiyin_hub.people.sessions import TOUCH_EVERY_MS, SessionLimits, living_sessions, touch_sessions
from huiyin_hub.scores.board import board_message, read_board, read_changes
from huiyin_hub.scores.calendar import day_of
from huiyin_shared.errors import HuiyinError

log = structlog.get_logger()

MAX_STREAMS = 1_000
MAX_STREAMS_PER_SESSION = 12
SESSIONS_EVERY_S = 1.0
BEAT_S = 5.0
RETRY_AFTER_FAULT_S = 1.0


class TooManyStreams(HuiyinError):
    """The process, or one session, has as many live boards open as are allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} live boards are open already")
        self.limit = limit


@dataclass(eq=False)
class Stream:
    """One open board. It holds at most one message not yet sent: a slow browser gets the newest, not all."""

    hall: str
    counters: tuple[str, ...]
    session: str
    keeps_session: bool
    message: str | None = None
    ended: str = ""
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, message: str) -> None:
        """Give the stream a message to send."""
        self.message = message
        self.woken.set()

    def end(self, why: str) -> None:
        """Let the stream say why, and stop."""
        self.ended = why
        self.woken.set()


class Live:
    """The open boards of this process. All methods but the database reads run in the event loop."""

    def __init__(
        self, *, engine: Engine, clock: Callable[[], int], zone: ZoneInfo, limits: SessionLimits, poll_s: float
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._zone = zone
        self._limits = limits
        self._poll_s = poll_s
        self._streams: set[Stream] = set()
        self._versions: dict[str, int] = {}
        self._day: date | None = None
        self._polls_to_sessions = 0
        self._touched_at_ms = 0
        self._healthy_at_ms = 0
        self._opened = asyncio.Event()
        self._closing = False

    def open(self, *, hall: str, counters: Sequence[str], session: str, keeps_session: bool) -> Stream:
        """Register a board. Raises `TooManyStreams`."""
        if len(self._streams) >= MAX_STREAMS:
            raise TooManyStreams(MAX_STREAMS)
        if sum(stream.session == session for stream in self._streams) >= MAX_STREAMS_PER_SESSION:
            raise TooManyStreams(MAX_STREAMS_PER_SESSION)
        stream = Stream(hall, tuple(counters), session, keeps_session)
        self._streams.add(stream)
        self._opened.set()
        return stream

    async def lines(self, stream: Stream) -> AsyncIterator[str]:
        """Yield a board's server-sent events until its session or the process ends."""
        try:
            yield "retry: 2000\n\n" + _event("board", await run_in_threadpool(self._board, stream))
            while not (stream.ended or self._closing):
                try:
                    await asyncio.wait_for(stream.woken.wait(), BEAT_S)
                except TimeoutError:
                    yield _event("beat", json.dumps({"as_of_ms": self._healthy_at_ms}))
                    continue
                stream.woken.clear()
                if stream.message is not None:
                    message, stream.message = stream.message, None
                    yield _event("board", message)
            yield _event("end", json.dumps({"why": stream.ended or "closing"}))
        finally:
            self._streams.discard(stream)

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            if not self._streams:
                self._opened.clear()
                await self._opened.wait()
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - the process's loop: a database that is away comes back
                log.warning("live_poll_failed", error=type(error).__name__)
                await asyncio.sleep(RETRY_AFTER_FAULT_S)
            await asyncio.sleep(self._poll_s)

    def close(self) -> None:
        """End every stream, so that the server can stop. Call it in the event loop."""
        self._closing = True
        for stream in self._streams:
            stream.end("closing")

    async def _look(self) -> None:
        now_ms = self._clock()
        self._polls_to_sessions -= 1
        if self._polls_to_sessions <= 0:
            self._polls_to_sessions = round(SESSIONS_EVERY_S / self._poll_s)
            living = await run_in_threadpool(self._living, now_ms)
            for stream in self._streams:
                if stream.session not in living:
                    stream.end("session")
        versions = await run_in_threadpool(self._changes)
        changed = {code for code, version in versions.items() if self._versions.get(code) != version}
        today = day_of(now_ms, self._zone)
        new_day, self._day, self._versions = today != self._day, today, versions
        # Boards of the same hall show the same numbers: each hall is read once, whoever looks.
        messages: dict[tuple[str, ...], str] = {}
        for stream in list(self._streams):
            if not (new_day or changed.intersection(stream.counters)):
                continue
            if stream.counters not in messages:
                messages[stream.counters] = await run_in_threadpool(self._board, stream)
            stream.offer(messages[stream.counters])
        self._healthy_at_ms = now_ms

    def _changes(self) -> dict[str, int]:
        with self._engine.connect() as connection:
            return read_changes(connection)

    def _board(self, stream: Stream) -> str:
        with self._engine.connect() as connection:
            board = read_board(connection, stream.counters, now_ms=self._clock(), zone=self._zone)
        return json.dumps(board_message(stream.hall, board), ensure_ascii=False, separators=(",", ":"))

    def _living(self, now_ms: int) -> set[str]:
        sessions = {stream.session for stream in self._streams}
        with self._engine.connect() as connection:
            living = living_sessions(connection, sessions, now_ms, self._limits)
        # A hall manager's open board is its use; whoever may read cases has to be at work.
        kept = {stream.session for stream in self._streams if stream.keeps_session} & living
        if kept and abs(now_ms - self._touched_at_ms) >= TOUCH_EVERY_MS:
            self._touched_at_ms = now_ms
            with self._engine.execution_options(writes=True).begin() as connection:
                touch_sessions(connection, kept, now_ms)
        return living


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
