"""Errors as pages in the reader's language. One table maps what went wrong to status and words."""

from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import Receive, Scope, Send

from huiyin_hub.cases.moves import MoveNotAllowed, MoveUnknown
from huiyin_hub.people.accounts import Account
from huiyin_hub.people.errors import LastAdministrator, SetupLinkSpent
from huiyin_hub.web.guard import HEADERS
from huiyin_hub.web.language import choose_language
from huiyin_hub.web.live import TooManyStreams
from huiyin_hub.web.reader import LANGUAGE_COOKIE, NotLoggedIn, Reader
from huiyin_hub.web.site import site_of
from huiyin_shared.errors import HuiyinError

STATUS_OF: dict[type[HuiyinError], tuple[int, str]] = {
    MoveUnknown: (422, "fault-422"),
    MoveNotAllowed: (409, "fault-move-not-allowed"),
    SetupLinkSpent: (404, "fault-setup-spent"),
    LastAdministrator: (409, "fault-last-administrator"),
    TooManyStreams: (503, "fault-503"),
}
SAID_BY_STATUS = frozenset({403, 404, 405, 409, 413, 422, 500, 503})


def fault_page(request: Request, status: int, message_id: str | None = None) -> Response:
    """Return the page of a fault. It never quotes the request, nor says whether a hidden thing exists."""
    site = site_of(request)
    reader: Reader | None = getattr(request.state, "reader", None)
    account: Account | None = reader.account if reader else None
    language = choose_language(
        account=account.language if account else None,
        cookie=request.cookies.get(LANGUAGE_COOKIE),
        accepted=request.headers.get("accept-language", ""),
        default=site.settings.language,
    )
    known = status if status in SAID_BY_STATUS else 500 if status >= 500 else 422
    html = site.pages.render(
        "fault.html",
        language=language,
        account=account,
        path="",
        status=status,
        title_id=f"fault-{known}-title",
        message_id=message_id or f"fault-{known}",
    )
    return HTMLResponse(html, status)


def add_faults(app: FastAPI) -> None:
    """Let an app answer every error with a page."""

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException)  # noqa: S101 - for the type checker
        response = fault_page(request, error.status_code)
        response.headers.update(error.headers or {})
        return response

    async def on_validation(request: Request, error: Exception) -> Response:
        return fault_page(request, 422)

    async def on_named(request: Request, error: Exception) -> Response:
        status, message_id = next((said for kind, said in STATUS_OF.items() if isinstance(error, kind)), (500, None))
        return fault_page(request, status, message_id)

    async def on_stranger(request: Request, error: Exception) -> Response:
        if "hx-request" in request.headers:
            page = urlsplit(request.headers.get("hx-current-url", "")).path or "/"
            return Response(status_code=401, headers={"hx-redirect": f"/login?next={quote(page, safe='')}"})
        if request.headers.get("accept", "").startswith("text/event-stream"):
            return JSONResponse({"error": "not logged in"}, 401)
        if request.method != "GET":
            return RedirectResponse("/login", 303)
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse("/login" if here == "/" else f"/login?next={quote(here, safe='/')}", 303)

    async def on_crash(request: Request, error: Exception) -> Response:
        response = fault_page(request, 500)
        # This answer is made outside of the guard, which adds these to all others.
        response.headers.update(HEADERS | {"cache-control": "no-store"})
        return response

    app.add_exception_handler(StarletteHTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HuiyinError, on_named)
    app.add_exception_handler(NotLoggedIn, on_stranger)
    app.add_exception_handler(Exception, on_crash)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request the guard refused."""
    response = fault_page(Request(scope), scope["state"]["refused_with"])
    await response(scope, receive, send)
