"""Who reads a page: the session's account, their language, what they may see."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from huiyin_hub.people.accounts import Account, token_hash
from huiyin_hub.people.roles import Duty
from huiyin_hub.people.sessions import find_session, touch_sessions
from huiyin_hub.web.language import choose_language
from huiyin_hub.web.site import Site, site_of
from huiyin_shared.catalogue import Catalogue
from huiyin_shared.survey import Language

LANGUAGE_COOKIE = "huiyin_language"


class NotLoggedIn(Exception):
    """The page needs somebody who is logged in."""


@dataclass(frozen=True)
class Reader:
    """Somebody at a page; `account` is None before log-in."""

    request: Request
    site: Site
    account: Account | None
    language: Language
    token: str

    @property
    def t(self) -> Catalogue:
        """The texts of the reader's language."""
        return self.site.pages.texts(self.language)

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page for this reader."""
        path = self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else "")
        html = self.site.pages.render(
            template, language=self.language, account=self.account, path=path if self.is_get else "", **values
        )
        return HTMLResponse(html, status, headers={"vary": "cookie, accept-language, hx-request"})

    @property
    def is_get(self) -> bool:
        """Whether the address can be visited again."""
        return self.request.method == "GET"

    @property
    def is_htmx(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return "hx-request" in self.request.headers


@dataclass(frozen=True)
class Member(Reader):
    """A reader who is logged in."""

    account: Account

    @property
    def token_hash(self) -> str:
        """What the database knows the session by."""
        return token_hash(self.token)

    def must(self, duty: Duty) -> None:
        """Raise 404 for pages outside the reader's role: they do not learn that there is anything."""
        if not self.account.may(duty):
            raise HTTPException(404)


def cookie_name(site: Site) -> str:
    """Return the session cookie's name; with https the prefix binds it to this very host."""
    return "__Host-huiyin" if site.settings.secure else "huiyin"


def reader_of(request: Request) -> Reader:
    """Return who reads, logged in or not. What pages show on errors is remembered on the request."""
    site = site_of(request)
    token = request.cookies.get(cookie_name(site), "")
    account = _account_of(site, token, touch="quiet" not in request.query_params) if token else None
    language = choose_language(
        account=account.language if account else None,
        cookie=request.cookies.get(LANGUAGE_COOKIE),
        accepted=request.headers.get("accept-language", ""),
        default=site.settings.language,
    )
    reader = Member(request, site, account, language, token) if account else Reader(request, site, None, language, "")
    request.state.reader = reader
    return reader


def _account_of(site: Site, token: str, *, touch: bool) -> Account | None:
    now_ms = site.clock()
    with site.reading() as connection:
        found = find_session(connection, token, now_ms, site.limits)
    if found is None:
        return None
    account, stale = found
    # Pages that refresh themselves say "quiet": an unattended screen is not somebody at work.
    if stale and touch:
        with site.writing().begin() as connection:
            touch_sessions(connection, [token_hash(token)], now_ms)
    return account


AnyReader = Annotated[Reader, Depends(reader_of)]


def _member(reader: AnyReader) -> Member:
    if not isinstance(reader, Member):
        raise NotLoggedIn
    return reader


LoggedIn = Annotated[Member, Depends(_member)]
