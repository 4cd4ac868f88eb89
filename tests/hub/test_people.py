"""Accounts and log-in: no default password, one-time links once, guessing slowed down, sessions that end."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from hall_stage import NOW_MS, PASSWORD
from huiyin_hub.people.accounts import (
    SETUP_LINK_LIFETIME_MS,
    administrator_exists,
    create_account,
    find_account,
    list_accounts,
    new_setup_link,
    set_disabled,
    set_password,
    setup_link_open,
    token_hash,
    use_setup_link,
)
from huiyin_hub.people.errors import (
    AccountError,
    HallsMissing,
    LastAdministrator,
    LoginTaken,
    LoginUnusable,
    NameUnusable,
    PasswordUnusable,
    RoleUnknown,
    SetupLinkSpent,
)
from huiyin_hub.people.lockout import FREE_FAILURES, LONGEST_LOCK_MS, lock_ms
from huiyin_hub.people.passwords import check_new_password, generated_password
from huiyin_hub.people.sessions import (
    LoginDoor,
    LoginLocked,
    LoginRefused,
    SessionLimits,
    close_session,
    find_session,
    forget_ended_sessions,
    living_sessions,
    touch_sessions,
)
from huiyin_hub.people.tables import account, session, setup_link

LIMITS = SessionLimits(idle_ms=1_000_000, longest_ms=5_000_000)


def make(engine: Engine, **changed: object) -> int:
    values: dict[str, object] = {"login": "wang", "name": "王芳", "role": "central_office", "password": PASSWORD}
    with engine.execution_options(writes=True).begin() as connection:
        return create_account(connection, **(values | changed))  # type: ignore[arg-type]


def test_an_account_keeps_its_halls_and_only_a_hash_of_its_password(engine: Engine) -> None:
    number = make(engine, login=" Wang.Fang ", role="hall_manager", halls=["h2", "h1", "h1"], language="en")
    with engine.connect() as connection:
        found = find_account(connection, number)
        stored = connection.execute(select(account.c.password_hash)).scalar_one()
    assert found is not None
    assert (found.login, found.role, found.language, found.halls) == ("wang.fang", "hall_manager", "en", {"h1", "h2"})
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"login": "x"}, LoginUnusable),
        ({"login": "王芳"}, LoginUnusable),
        ({"name": " "}, NameUnusable),
        ({"name": "n" * 61}, NameUnusable),
        ({"role": "god"}, RoleUnknown),
        ({"role": "hall_manager"}, HallsMissing),
        ({"password": "short"}, PasswordUnusable),
        ({"password": "x" * 129}, PasswordUnusable),
        ({"password": "my-WANG-password"}, PasswordUnusable),
    ],
)
def test_what_cannot_be_an_account_is_refused_with_its_field(
    engine: Engine, changed: dict[str, object], error: type[AccountError]
) -> None:
    with pytest.raises(error) as caught:
        make(engine, **changed)
    assert caught.value.field in {"login", "name", "role", "halls", "password"}
    with engine.connect() as connection:
        assert list_accounts(connection) == []


def test_a_login_belongs_to_one_person(engine: Engine) -> None:
    make(engine)
    with pytest.raises(LoginTaken):
        make(engine, login="WANG")


def test_generated_passwords_may_be_used_and_differ() -> None:
    made = {generated_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_new_password(password, login="")


def test_a_one_time_link_makes_one_administrator(engine: Engine) -> None:
    words = {"login": "chen", "name": "陈工", "password": PASSWORD, "language": "zh-Hans"}
    with engine.execution_options(writes=True).begin() as connection:
        assert not administrator_exists(connection)
        token = new_setup_link(connection, NOW_MS)
        assert connection.execute(select(setup_link.c.token_hash)).scalar_one() != token
        assert setup_link_open(connection, token, NOW_MS)
        use_setup_link(connection, token, NOW_MS, **words)
        assert administrator_exists(connection)
        assert not setup_link_open(connection, token, NOW_MS)
    with pytest.raises(SetupLinkSpent), engine.execution_options(writes=True).begin() as connection:
        use_setup_link(connection, token, NOW_MS, **{**words, "login": "second"})


def test_a_one_time_link_ends_with_time_and_with_the_next_one(engine: Engine) -> None:
    with engine.execution_options(writes=True).begin() as connection:
        old = new_setup_link(connection, NOW_MS)
        new = new_setup_link(connection, NOW_MS)
        assert not setup_link_open(connection, old, NOW_MS)
        assert not setup_link_open(connection, new, NOW_MS + SETUP_LINK_LIFETIME_MS)
        assert not setup_link_open(connection, "guess", NOW_MS)


def test_a_refused_form_leaves_the_one_time_link_open(engine: Engine) -> None:
    with engine.execution_options(writes=True).begin() as connection:
        token = new_setup_link(connection, NOW_MS)
    with pytest.raises(PasswordUnusable), engine.execution_options(writes=True).begin() as connection:
        use_setup_link(connection, token, NOW_MS, login="chen", name="陈工", password="short", language="en")
    with engine.connect() as connection:
        assert setup_link_open(connection, token, NOW_MS)


def test_the_last_administrator_cannot_be_disabled(engine: Engine) -> None:
    first = make(engine, login="first", role="administrator")
    with pytest.raises(LastAdministrator), engine.execution_options(writes=True).begin() as connection:
        set_disabled(connection, first, disabled=True)
    make(engine, login="second", role="administrator")
    with engine.execution_options(writes=True).begin() as connection:
        set_disabled(connection, first, disabled=True)


def test_the_right_password_opens_and_a_wrong_one_says_nothing(engine: Engine) -> None:
    make(engine)
    door = LoginDoor(engine)
    token, found = door.log_in("WANG ", PASSWORD, NOW_MS)
    assert found.login == "wang"
    with engine.connect() as connection:
        assert connection.execute(select(session.c.token_hash)).scalar_one() == token_hash(token)
    for login, password in (("wang", "wrong"), ("nobody", PASSWORD)):
        with pytest.raises(LoginRefused):
            door.log_in(login, password, NOW_MS)


@pytest.mark.parametrize("login", ["wang", "nobody"])
def test_guessing_is_locked_out_whether_or_not_the_login_exists(engine: Engine, login: str) -> None:
    make(engine)
    door = LoginDoor(engine)
    for _ in range(FREE_FAILURES):
        with pytest.raises(LoginRefused):
            door.log_in(login, "wrong password", NOW_MS)
    with pytest.raises(LoginLocked) as locked:
        door.log_in(login, PASSWORD, NOW_MS)
    assert locked.value.wait_ms == lock_ms(FREE_FAILURES)


def test_after_the_wait_the_right_password_opens_and_the_count_begins_anew(engine: Engine) -> None:
    make(engine)
    door = LoginDoor(engine)
    for _ in range(FREE_FAILURES):
        with pytest.raises(LoginRefused):
            door.log_in("wang", "wrong password", NOW_MS)
    later_ms = NOW_MS + lock_ms(FREE_FAILURES)
    door.log_in("wang", PASSWORD, later_ms)
    for _ in range(FREE_FAILURES - 1):
        with pytest.raises(LoginRefused):
            door.log_in("wang", "wrong password", later_ms)
    door.log_in("wang", PASSWORD, later_ms)


def test_parallel_guesses_do_not_slip_past_the_lock(engine: Engine) -> None:
    make(engine)
    door, told = LoginDoor(engine), []

    def guess() -> None:
        try:
            door.log_in("wang", "wrong password", NOW_MS)
        except (LoginRefused, LoginLocked) as error:
            told.append(type(error))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count(LoginRefused) == FREE_FAILURES
    assert told.count(LoginLocked) == 12 - FREE_FAILURES


@given(st.integers(0, 10_000))
def test_the_lock_grows_and_has_an_end(failures: int) -> None:
    assert 0 <= lock_ms(failures) <= lock_ms(failures + 1) <= LONGEST_LOCK_MS


def test_a_session_ends_when_unused_and_after_its_longest_time(engine: Engine) -> None:
    make(engine)
    token, _ = LoginDoor(engine).log_in("wang", PASSWORD, NOW_MS)
    with engine.execution_options(writes=True).begin() as connection:
        assert find_session(connection, token, NOW_MS + LIMITS.idle_ms, LIMITS) is not None
        assert find_session(connection, token, NOW_MS + LIMITS.idle_ms + 1, LIMITS) is None
        for step in range(1, 7):
            touch_sessions(connection, [token_hash(token)], NOW_MS + step * 900_000)
        assert find_session(connection, token, NOW_MS + LIMITS.longest_ms, LIMITS) is not None
        assert find_session(connection, token, NOW_MS + LIMITS.longest_ms + 1, LIMITS) is None
        forget_ended_sessions(connection, NOW_MS + LIMITS.longest_ms + 1, LIMITS)
        assert connection.execute(select(session)).all() == []


def test_disabling_renewing_the_password_and_logging_out_end_sessions(engine: Engine) -> None:
    number = make(engine)
    door = LoginDoor(engine)
    tokens = [door.log_in("wang", PASSWORD, NOW_MS)[0] for _ in range(2)]
    hashes = [token_hash(token) for token in tokens]
    with engine.execution_options(writes=True).begin() as connection:
        close_session(connection, tokens[0])
        assert living_sessions(connection, hashes, NOW_MS, LIMITS) == {hashes[1]}
        set_password(connection, number, "another password", login="wang")
        assert living_sessions(connection, hashes, NOW_MS, LIMITS) == set()
    token, _ = door.log_in("wang", "another password", NOW_MS)
    with engine.execution_options(writes=True).begin() as connection:
        set_disabled(connection, number, disabled=True)
        assert find_session(connection, token, NOW_MS, LIMITS) is None
    with pytest.raises(LoginRefused):
        door.log_in("wang", "another password", NOW_MS)
