"""What stands before every page: security headers, cross-site posts refused, bodies with an end."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 256 * 1024
"""Many times the longest answer a form can hold."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    # No inline script or style anywhere: whatever a visitor wrote stays text.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: browsers would then send "Origin: null" with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HTTPS_HEADERS = {"strict-transport-security": "max-age=31536000"}


class BodyTooLarge(Exception):
    """A request's body is longer than any form of ours."""


def is_cross_site(headers: Headers) -> bool:
    """Tell whether a browser says that another site sent this request.

    Sec-Fetch-Site is believed where there is one (https and localhost only); else Origin must name our own host.
    Without both no browser of this decade speaks, and without a browser there is no cookie to abuse.
    """
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


class Guard:
    """ASGI middleware around all pages. `refuse` answers a refused request with a page of the given status."""

    def __init__(self, app: ASGIApp, *, refuse: ASGIApp, secure: bool) -> None:
        self._app = app
        self._refuse = refuse
        self._headers = HEADERS | (HTTPS_HEADERS if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 403 or 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if "cache-control" not in headers:
                    headers["cache-control"] = "no-store"
            await send(message)

        headers = Headers(scope=scope)
        if scope["method"] not in SAFE_METHODS and is_cross_site(headers):
            await self._refused(403, scope, receive, send_guarded)
            return
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            await self._refused(413, scope, receive, send_guarded)
            return
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise BodyTooLarge
            return message

        try:
            await self._app(scope, receive_bounded, send_guarded)
        except BodyTooLarge:
            if not started:
                await self._refused(413, scope, receive, send_guarded)

    async def _refused(self, status: int, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["refused_with"] = status
        await self._refuse(scope, receive, send)
