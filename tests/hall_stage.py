"""A hall on a stage: organisation, people, ratings and cases put straight into the tables, and the pages served.

For tests of the pages, which must not need a broker. How events really get there is tested with the ingest.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Connection, Engine, insert, select, update

from huiyin_hub.cases.tables import case, case_history
from huiyin_hub.organisation.store import Names, add_category, add_counter, add_hall, add_staff, set_organisation
from huiyin_hub.people.accounts import create_account
from huiyin_hub.scores.tables import change, rating_words, rollup, rollup_reason
from huiyin_hub.web.app import close_streams, make_app
from huiyin_hub.web.settings import WebSettings

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOW_MS = 1_795_312_800_000  # 2026-11-22 10:00 in Shanghai
PASSWORD = "correct horse battery"
PEOPLE = {
    "manager": ("hall_manager", "李主任", ("h1",)),
    "office": ("central_office", "周敏", ()),
    "office2": ("central_office", "吴刚", ()),
    "admin": ("administrator", "陈工", ()),
}
STAFF = ("王芳", "刘洋", "张伟", "赵静", "孙磊", "何丽")
STAFF_EN = ("Wang Fang", "Liu Yang", "Zhang Wei", "Zhao Jing", "Sun Lei", "He Li")


@dataclass
class Clock:
    """A clock that moves when told to."""

    ms: int = NOW_MS

    def __call__(self) -> int:
        return self.ms


@dataclass
class Stage:
    """A database with two halls of six counters, one person of each role, and the app."""

    engine: Engine
    clock: Clock = field(default_factory=Clock)
    settings: WebSettings = field(default_factory=WebSettings)

    def __post_init__(self) -> None:
        self.app = make_app(engine=self.engine, settings=self.settings, clock=self.clock)

    def set_up(self) -> "Stage":
        """Fill the organisation and make the people."""
        with self.writing() as connection:
            add_organisation(connection)
            for login, (role, name, halls) in PEOPLE.items():
                create_account(connection, login=login, name=name, role=role, password=PASSWORD, halls=halls)
        return self

    def rate(self, counter: str, levels: Sequence[int], *, at_ms: int | None = None) -> None:
        """Add ratings of a counter as the ingest's transaction does; `levels` are counts, best first."""
        with self.writing() as connection:
            add_ratings(connection, counter, levels, at_ms=self.clock.ms if at_ms is None else at_ms)

    def voice(self, counter: str, level: int, reason: str = "", words: str = "", *, at_ms: int | None = None) -> None:
        """Add a reason and words."""
        at_ms = self.clock.ms if at_ms is None else at_ms
        with self.engine.execution_options(writes=True).begin() as connection:
            if reason:
                key = {"counter_code": counter, "hour_ms": at_ms // HOUR_MS * HOUR_MS, "reason": reason, "level": level}
                _add(connection, rollup_reason, key, 1)
            if words:
                row = {"store_id": 1, "seq": 1, "counter_code": counter, "level": level, "words": words}
                connection.execute(insert(rating_words).values(occurred_ms=at_ms, **row))
            _changed(connection, counter)

    def open_case(self, seq: int, **values: object) -> int:
        """Add a case as the intake does, and return its id."""
        with self.engine.execution_options(writes=True).begin() as connection:
            return add_case(connection, seq, at_ms=self.clock.ms, **values)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection whose transaction writes."""
        with self.engine.execution_options(writes=True).begin() as connection:
            yield connection

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the pages on a free port of the loopback, and yield their address."""
        with serve(self.app) as address:
            yield address


def add_organisation(connection: Connection) -> None:
    set_organisation(connection, name=Names("江川供电公司", "Jiangchuan Power"), promise=Names("", ""))
    for code, zh, en in (
        ("attitude", "服务态度", "Manner"),
        ("delay", "超过承诺时限", "Beyond the promised time"),
        ("fee", "收费问题", "Charges"),
        ("other", "其它", "Other"),
    ):
        add_category(connection, code=code, name=Names(zh, en))
    halls = (("h1", "城东营业厅", "East Hall"), ("h2", "城西营业厅", "West Hall"))
    for position, (hall, zh, en) in enumerate(halls):
        add_hall(connection, code=hall, name=Names(zh, en), position=position)
        for n in range(1, 7):
            staff = f"{hall}-s{n}"
            add_staff(connection, code=staff, name=Names(STAFF[n - 1], STAFF_EN[n - 1]))
            name = Names(f"{n}号窗口", f"Counter {n}")
            add_counter(connection, code=f"{hall}-c{n}", hall_code=hall, name=name, staff_code=staff, position=n)


def add_ratings(connection: Connection, counter: str, levels: Sequence[int], *, at_ms: int) -> None:
    for level, n in zip((5, 4, 3, 2, 1), levels, strict=True):
        if n:
            key = {"counter_code": counter, "hour_ms": at_ms // HOUR_MS * HOUR_MS, "level": level}
            _add(connection, rollup, {**key, "staff_code": "", "source": "touch"}, n)
    _changed(connection, counter)


def add_case(connection: Connection, seq: int, *, at_ms: int, **values: object) -> int:
    row: dict[str, object] = {
        "store_id": 1,
        "seq": seq,
        "receipt": f"ABCDEF-{seq}-X",
        "channel": "kiosk",
        "kind": "complaint",
        "counter_code": "h1-c1",
        "staff_code": "h1-s1",
        "category_code": "attitude",
        "text": "排队两个小时，没有人解释。",
        "contact_name": "",
        "contact_phone": "",
        "language": "zh-Hans",
        "state": "received",
        "version": 1,
        "occurred_ms": at_ms,
        "opened_ms": at_ms,
        "answer": "",
        **values,
    }
    number: int = connection.execute(insert(case).values(row).returning(case.c.id)).scalar_one()
    moved = {"move": "received", "from_state": "", "to_state": "received", "by_account": "", "note": ""}
    connection.execute(insert(case_history).values(case_id=number, at_ms=at_ms, **moved))
    return number


def _add(connection: Connection, table: object, key: dict[str, object], n: int) -> None:
    here = [table.c[name] == value for name, value in key.items()]  # type: ignore[attr-defined]
    if connection.execute(update(table).where(*here).values(n=table.c.n + n)).rowcount == 0:  # type: ignore[attr-defined, arg-type]
        connection.execute(insert(table).values(n=n, **key))  # type: ignore[arg-type]


def _changed(connection: Connection, counter: str) -> None:
    here = change.c.counter_code == counter
    if connection.execute(select(change).where(here)).first() is None:
        connection.execute(insert(change).values(counter_code=counter, version=0))
    connection.execute(update(change).where(here).values(version=change.c.version + 1))


def log_in(client: httpx.Client, login: str, password: str = PASSWORD) -> httpx.Response:
    """Log in over HTTP, and keep the session in the client's cookies."""
    return client.post("/login", data={"login": login, "password": password})


@contextmanager
def serve(app: FastAPI) -> Iterator[str]:
    """Run an app in uvicorn, in a thread, on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=5))
    loop = asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.serve(sockets=[listener]))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the server did not start")
            threading.Event().wait(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(close_streams, app)
        server.should_exit = True
        thread.join(20)
        listener.close()
