"""Accounts: made, changed, listed; and the one-time link that makes the first administrator."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from huiyin_hub.people.errors import (
    HallsMissing,
    LastAdministrator,
    LoginTaken,
    LoginUnusable,
    NameUnusable,
    RoleUnknown,
    SetupLinkSpent,
)
from huiyin_hub.people.passwords import check_new_password, hash_password
from huiyin_hub.people.roles import ROLES, Duty, Role, may
from huiyin_hub.people.tables import account, account_hall, session, setup_link
from huiyin_shared.survey import LANGUAGES, Language

SETUP_LINK_LIFETIME_MS = 24 * 3_600_000
MAX_NAME_CHARS = 60
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


@dataclass(frozen=True)
class Account:
    """A person who may log in; `halls` are the codes of a hall manager's own halls."""

    id: int
    login: str
    name: str
    role: Role
    language: Language
    disabled: bool
    halls: frozenset[str] = frozenset()

    def may(self, duty: Duty) -> bool:
        """Tell whether this person's role carries a duty."""
        return may(self.role, duty)

    def may_see_hall(self, code: str) -> bool:
        """Tell whether the board of a hall is open to this person."""
        return self.may("see_boards") and (self.may("see_all_halls") or code in self.halls)


def create_account(
    connection: Connection,
    *,
    login: str,
    name: str,
    role: str,
    password: str,
    halls: Iterable[str] = (),
    language: str = "zh-Hans",
) -> int:
    """Add an account and return its id.

    Raises `LoginUnusable`, `LoginTaken`, `NameUnusable`, `RoleUnknown`, `HallsMissing` or `PasswordUnusable`.
    """
    login, name, hall_codes = login.strip().lower(), name.strip(), sorted(set(halls))
    if not _LOGIN.fullmatch(login):
        raise LoginUnusable(login)
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        raise NameUnusable
    if role not in ROLES:
        raise RoleUnknown(role)
    if role == "hall_manager" and not hall_codes:
        raise HallsMissing
    check_new_password(password, login=login)
    values = {
        "login": login,
        "name": name,
        "role": role,
        "password_hash": hash_password(password),
        "language": language if language in LANGUAGES else LANGUAGES[0],
        "disabled": False,
        "failures": 0,
        "locked_until_ms": 0,
    }
    try:
        with connection.begin_nested():
            number: int = connection.execute(insert(account).values(values).returning(account.c.id)).scalar_one()
    except IntegrityError:
        raise LoginTaken(login) from None
    if role == "hall_manager":
        connection.execute(insert(account_hall), [{"account_id": number, "hall_code": code} for code in hall_codes])
    return number


def list_accounts(connection: Connection) -> list[Account]:
    """Return all accounts by login."""
    halls: dict[int, set[str]] = {}
    for row in connection.execute(select(account_hall.c.account_id, account_hall.c.hall_code)):
        halls.setdefault(row.account_id, set()).add(row.hall_code)
    rows = connection.execute(select(account).order_by(account.c.login)).mappings()
    return [account_from(row, frozenset(halls.get(row["id"], ()))) for row in rows]


def find_account(connection: Connection, account_id: int) -> Account | None:
    """Return an account by its id."""
    row = connection.execute(select(account).where(account.c.id == account_id)).mappings().first()
    return account_from(row, halls_of(connection, account_id)) if row else None


def halls_of(connection: Connection, account_id: int) -> frozenset[str]:
    """Return the codes of an account's own halls."""
    rows = connection.execute(select(account_hall.c.hall_code).where(account_hall.c.account_id == account_id))
    return frozenset(rows.scalars())


def account_from(row: RowMapping, halls: frozenset[str]) -> Account:
    """Return the account in a row of its table."""
    return Account(
        id=row["id"],
        login=row["login"],
        name=row["name"],
        role=cast(Role, row["role"]),
        language=cast(Language, row["language"]),
        disabled=row["disabled"],
        halls=halls,
    )


def set_disabled(connection: Connection, account_id: int, *, disabled: bool) -> None:
    """Disable or enable an account; disabling ends its sessions. Raises `LastAdministrator`."""
    if disabled:
        others = select(func.count()).where(
            account.c.role == "administrator", account.c.disabled.is_(False), account.c.id != account_id
        )
        role = connection.execute(select(account.c.role).where(account.c.id == account_id)).scalar()
        if role == "administrator" and not connection.execute(others).scalar_one():
            raise LastAdministrator
        connection.execute(delete(session).where(session.c.account_id == account_id))
    connection.execute(update(account).where(account.c.id == account_id).values(disabled=disabled))


def set_password(connection: Connection, account_id: int, password: str, *, login: str) -> None:
    """Give an account another password, end its sessions and open its lock. Raises `PasswordUnusable`."""
    check_new_password(password, login=login)
    connection.execute(
        update(account)
        .where(account.c.id == account_id)
        .values(password_hash=hash_password(password), failures=0, locked_until_ms=0)
    )
    connection.execute(delete(session).where(session.c.account_id == account_id))


def set_language(connection: Connection, account_id: int, language: Language) -> None:
    """Remember the language an account's owner reads."""
    connection.execute(update(account).where(account.c.id == account_id).values(language=language))


def administrator_exists(connection: Connection) -> bool:
    """Tell whether any administrator can log in."""
    wanted = select(account.c.id).where(account.c.role == "administrator", account.c.disabled.is_(False)).limit(1)
    return connection.execute(wanted).first() is not None


def new_setup_link(connection: Connection, now_ms: int) -> str:
    """Return the token of a new one-time link (`/setup/{token}`) for an administrator; older unused links end."""
    token = secrets.token_urlsafe(24)
    connection.execute(delete(setup_link).where(setup_link.c.used_ms.is_(None)))
    connection.execute(insert(setup_link).values(token_hash=token_hash(token), created_ms=now_ms, used_ms=None))
    return token


def setup_link_open(connection: Connection, token: str, now_ms: int) -> bool:
    """Tell whether a one-time link can still be used."""
    wanted = select(setup_link.c.created_ms).where(
        setup_link.c.token_hash == token_hash(token),
        setup_link.c.used_ms.is_(None),
        setup_link.c.created_ms > now_ms - SETUP_LINK_LIFETIME_MS,
    )
    return connection.execute(wanted).first() is not None


def use_setup_link(
    connection: Connection, token: str, now_ms: int, *, login: str, name: str, password: str, language: str
) -> int:
    """Make an administrator by a one-time link, which ends with it. Raises `SetupLinkSpent` or as `create_account`."""
    taken = connection.execute(
        update(setup_link)
        .where(
            setup_link.c.token_hash == token_hash(token),
            setup_link.c.used_ms.is_(None),
            setup_link.c.created_ms > now_ms - SETUP_LINK_LIFETIME_MS,
        )
        .values(used_ms=now_ms)
    )
    if taken.rowcount != 1:
        raise SetupLinkSpent
    return create_account(
        connection, login=login, name=name, role="administrator", password=password, language=language
    )


def token_hash(token: str) -> str:
    """Return what is stored of a random token: 192 bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
