"""Log-in and sessions: server-side rows, the browser holds a random token of which only the hash is stored."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, insert, or_, select, update

from huiyin_hub.people.accounts import Account, account_from, halls_of, token_hash
from huiyin_hub.people.lockout import lock_ms
from huiyin_hub.people.passwords import password_fits
from huiyin_hub.people.tables import account, session
from huiyin_shared.errors import HuiyinError

TOUCH_EVERY_MS = 60_000
"""A session's last use is written at most so often: reading a page costs no write."""


class LoginRefused(HuiyinError):
    """Login or password is wrong, or the account is disabled: the answer does not say which."""

    def __init__(self) -> None:
        super().__init__("login or password is wrong")


class LoginLocked(HuiyinError):
    """Too many wrong passwords: the door opens again in `wait_ms`."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(f"too many wrong passwords, wait {wait_ms} ms")
        self.wait_ms = wait_ms


@dataclass(frozen=True)
class SessionLimits:
    """When a session ends by itself: unused for `idle_ms`, or `longest_ms` after log-in."""

    idle_ms: int
    longest_ms: int


class LoginDoor:
    """Checks passwords and counts failures, for logins that do not exist too, so that nobody can probe for names."""

    MAX_STRANGERS = 10_000

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._strangers: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def log_in(self, login: str, password: str, now_ms: int) -> tuple[str, Account]:
        """Return a new session's token and its account. Raises `LoginRefused` or `LoginLocked`."""
        account_id = self.confirm(login, password, now_ms)
        with self._engine.execution_options(writes=True).begin() as connection:
            row = connection.execute(select(account).where(account.c.id == account_id)).mappings().one()
            return open_session(connection, account_id, now_ms), account_from(row, halls_of(connection, account_id))

    def confirm(self, login: str, password: str, now_ms: int) -> int:
        """Return the id of the account a password opens. Raises `LoginRefused` or `LoginLocked`.

        The failure is counted before the password is checked: parallel guesses cannot slip past the lock.
        """
        login = login.strip().lower()
        with self._engine.execution_options(writes=True).begin() as connection:
            query = select(account).where(account.c.login == login).with_for_update()
            row = connection.execute(query).mappings().first()
            if row is not None:
                if row["locked_until_ms"] > now_ms:
                    raise LoginLocked(row["locked_until_ms"] - now_ms)
                failures = row["failures"] + 1
                locked_until_ms = now_ms + lock_ms(failures) if lock_ms(failures) else 0
                counted = {"failures": failures, "locked_until_ms": locked_until_ms}
                connection.execute(update(account).where(account.c.id == row["id"]).values(counted))
        if row is None:
            self._count_stranger(login, now_ms)
        fits = password_fits(password, row["password_hash"] if row else None)
        if row is None or not fits or row["disabled"]:
            raise LoginRefused
        with self._engine.execution_options(writes=True).begin() as connection:
            opened = {"failures": 0, "locked_until_ms": 0}
            connection.execute(update(account).where(account.c.id == row["id"]).values(opened))
        return int(row["id"])

    def _count_stranger(self, login: str, now_ms: int) -> None:
        with self._lock:
            failures, locked_until_ms = self._strangers.pop(login, (0, 0))
            if locked_until_ms <= now_ms:
                failures += 1
                locked_for_ms = lock_ms(failures)
                self._strangers[login] = (failures, now_ms + locked_for_ms if locked_for_ms else 0)
                locked_until_ms = 0
            else:
                self._strangers[login] = (failures, locked_until_ms)
            while len(self._strangers) > self.MAX_STRANGERS:
                self._strangers.popitem(last=False)
        if locked_until_ms:
            raise LoginLocked(locked_until_ms - now_ms)


def open_session(connection: Connection, account_id: int, now_ms: int) -> str:
    """Start a session and return its token."""
    token = secrets.token_urlsafe(24)
    connection.execute(
        insert(session).values(token_hash=token_hash(token), account_id=account_id, created_ms=now_ms, seen_ms=now_ms)
    )
    return token


def find_session(connection: Connection, token: str, now_ms: int, limits: SessionLimits) -> tuple[Account, bool] | None:
    """Return who a token belongs to and whether its last use should be written; None when the session has ended."""
    wanted = (
        select(session.c.seen_ms, account)
        .join_from(session, account, session.c.account_id == account.c.id)
        .where(session.c.token_hash == token_hash(token), _living(now_ms, limits))
    )
    row = connection.execute(wanted).mappings().first()
    if row is None:
        return None
    return account_from(row, halls_of(connection, row["id"])), row["seen_ms"] < now_ms - TOUCH_EVERY_MS


def touch_sessions(connection: Connection, token_hashes: Iterable[str], now_ms: int) -> None:
    """Write that sessions were used now."""
    connection.execute(update(session).where(session.c.token_hash.in_(list(token_hashes))).values(seen_ms=now_ms))


def living_sessions(
    connection: Connection, token_hashes: Iterable[str], now_ms: int, limits: SessionLimits
) -> set[str]:
    """Return which of the sessions have not ended: what live streams ask again and again."""
    wanted = (
        select(session.c.token_hash)
        .join_from(session, account, session.c.account_id == account.c.id)
        .where(session.c.token_hash.in_(list(token_hashes)), _living(now_ms, limits))
    )
    return set(connection.execute(wanted).scalars())


def close_session(connection: Connection, token: str) -> None:
    """End a session."""
    connection.execute(delete(session).where(session.c.token_hash == token_hash(token)))


def forget_ended_sessions(connection: Connection, now_ms: int, limits: SessionLimits) -> None:
    """Delete the rows of sessions that have ended by themselves."""
    connection.execute(
        delete(session).where(
            or_(session.c.seen_ms < now_ms - limits.idle_ms, session.c.created_ms < now_ms - limits.longest_ms)
        )
    )


def _living(now_ms: int, limits: SessionLimits) -> ColumnElement[bool]:
    return and_(
        session.c.seen_ms >= now_ms - limits.idle_ms,
        session.c.created_ms >= now_ms - limits.longest_ms,
        account.c.disabled.is_(False),
    )
