"""Log-in, log-out, language, the one-time link of the first administrator, one's own password."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from huiyin_hub.people.accounts import (
    administrator_exists,
    set_language,
    set_password,
    setup_link_open,
    use_setup_link,
)
from huiyin_hub.people.errors import AccountError, PasswordUnusable, SetupLinkSpent
from huiyin_hub.people.sessions import (
    LoginLocked,
    LoginRefused,
    close_session,
    forget_ended_sessions,
    open_session,
)
from huiyin_hub.web.forms import Posted, local_path
from huiyin_hub.web.language import is_language
from huiyin_hub.web.reader import LANGUAGE_COOKIE, AnyReader, LoggedIn, Reader, cookie_name
from huiyin_hub.web.site import Site

router = APIRouter()
YEAR_S = 365 * 86_400


@router.get("/login")
def login(reader: AnyReader, next: str = "/") -> Response:  # noqa: A002 - the query's name
    """Show the log-in page."""
    if reader.account:
        return RedirectResponse("/", 303)
    return _login_page(reader, then=local_path(next))


@router.post("/login")
def log_in(reader: AnyReader, form: Posted) -> Response:
    """Check login and password, and start a session."""
    site, next_path = reader.site, local_path(form.text("next"))
    name, password = form.text("login"), form.raw("password")
    errors = {
        field: reader.t("error-needed") for field, value in (("login", name), ("password", password)) if not value
    }
    if errors:
        return _login_page(reader, status=422, errors=errors, login=name, then=next_path)
    try:
        token, account = site.door.log_in(name[:100], password[:1_000], site.clock())
    except LoginRefused:
        errors = {"password": reader.t("error-login")}
        return _login_page(reader, status=422, errors=errors, login=name, then=next_path)
    except LoginLocked as locked:
        errors = {"password": reader.t("error-locked", minutes=max(1, -(-locked.wait_ms // 60_000)))}
        response = _login_page(reader, status=429, errors=errors, login=name, then=next_path)
        response.headers["retry-after"] = str(-(-locked.wait_ms // 1000))
        return response
    with site.writing().begin() as connection:
        if reader.token:
            close_session(connection, reader.token)
        forget_ended_sessions(connection, site.clock(), site.limits)
        if reader.request.cookies.get(LANGUAGE_COOKIE) in {"en", "zh-Hans"}:
            set_language(connection, account.id, reader.language)
    return _logged_in(site, RedirectResponse(next_path, 303), token)


@router.post("/logout")
def log_out(reader: AnyReader) -> Response:
    """End the session."""
    site = reader.site
    if reader.token:
        with site.writing().begin() as connection:
            close_session(connection, reader.token)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(cookie_name(site), secure=site.settings.secure, httponly=True, samesite="lax")
    return response


@router.post("/language")
def choose(reader: AnyReader, form: Posted) -> Response:
    """Remember the language a person reads, and go back to where they were."""
    response = RedirectResponse(local_path(form.text("next")), 303)
    wish = form.text("language")
    if is_language(wish):
        site = reader.site
        response.set_cookie(
            LANGUAGE_COOKIE, wish, max_age=YEAR_S, secure=site.settings.secure, httponly=True, samesite="lax"
        )
        if reader.account:
            with site.writing().begin() as connection:
                set_language(connection, reader.account.id, "en" if wish == "en" else "zh-Hans")
    return response


@router.get("/setup/{token}")
def setup(reader: AnyReader, token: str) -> Response:
    """Show the form behind a one-time link."""
    with reader.site.reading() as connection:
        if not setup_link_open(connection, token, reader.site.clock()):
            raise SetupLinkSpent
    return reader.page("setup.html", errors={}, filled={"login": "", "name": ""})


@router.post("/setup/{token}")
def set_up(reader: AnyReader, form: Posted, token: str) -> Response:
    """Make an administrator by a one-time link, and log them in."""
    site, now_ms = reader.site, reader.site.clock()
    filled = {"login": form.text("login"), "name": form.text("name")}
    try:
        if form.raw("password") != form.raw("repeat"):
            raise PasswordUnusable("error-repeat", field="repeat")
        with site.writing().begin() as connection:
            account_id = use_setup_link(
                connection, token, now_ms, password=form.raw("password"), language=reader.language, **filled
            )
            session = open_session(connection, account_id, now_ms)
    except AccountError as error:
        return reader.page("setup.html", status=422, errors={error.field: reader.t(error.message_id)}, filled=filled)
    return _logged_in(site, RedirectResponse("/", 303), session)


@router.get("/account")
def own_account(reader: LoggedIn, changed: str = "") -> Response:
    """Show one's own account."""
    return reader.page("account.html", errors={}, changed=bool(changed))


@router.post("/account")
def change_password(reader: LoggedIn, form: Posted) -> Response:
    """Change one's own password; all other sessions of the account end."""
    site, account, now_ms = reader.site, reader.account, reader.site.clock()
    try:
        if form.raw("password") != form.raw("repeat"):
            raise PasswordUnusable("error-repeat", field="repeat")
        site.door.confirm(account.login, form.raw("old")[:1_000], now_ms)
        with site.writing().begin() as connection:
            set_password(connection, account.id, form.raw("password"), login=account.login)
            session = open_session(connection, account.id, now_ms)
    except AccountError as error:
        errors = {error.field: reader.t(error.message_id)}
        return reader.page("account.html", status=422, errors=errors, changed=False)
    except (LoginRefused, LoginLocked):
        errors = {"old": reader.t("error-old-password")}
        return reader.page("account.html", status=422, errors=errors, changed=False)
    return _logged_in(site, RedirectResponse("/account?changed=1", 303), session)


def _login_page(
    reader: Reader,
    *,
    then: str,
    status: int = 200,
    errors: dict[str, str] | None = None,
    login: str = "",
) -> Response:
    with reader.site.reading() as connection:
        empty = not administrator_exists(connection)
    return reader.page("login.html", status=status, errors=errors or {}, login=login, next=then, empty=empty)


def _logged_in(site: Site, response: Response, token: str) -> Response:
    response.set_cookie(cookie_name(site), token, secure=site.settings.secure, httponly=True, samesite="lax", path="/")
    return response
