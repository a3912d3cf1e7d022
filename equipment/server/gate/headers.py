"""What every HTTP answer of this application says to the browser besides its content, its reference included."""

from __future__ import annotations

import logging
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from equipment.logs import reference

__all__ = ["HEADERS", "RequestReference", "SecurityHeaders"]

log = logging.getLogger(__name__)

CONTENT_POLICY: Final = "; ".join((
    "default-src 'self'",
    # Streamlit's page starts from an inline script and compiles chart expressions and WebAssembly.
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "media-src 'self' data: blob:",
    # 'self' is the page's own web socket as well (CSP 3, 6.7.2.8), at whatever name and prefix a proxy shows it.
    "connect-src 'self' data: blob:",
    "worker-src 'self' blob:",
    "frame-src 'self' data: blob:",
    "frame-ancestors 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "object-src 'none'",
))
"""Nothing is loaded from, or sent to, anywhere but this server."""

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not DENY: Streamlit shows components in frames of the same origin.
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

TLS_HEADER: Final = ("Strict-Transport-Security", "max-age=31536000")


class SecurityHeaders:
    """Middleware that adds ``HEADERS`` to every HTTP answer, and HSTS to those that travel over TLS."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the answer's headers; web sockets pass untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault(*TLS_HEADER)
            await send(message)

        await self.app(scope, receive, complete)


class RequestReference:
    """Middleware that gives every HTTP request a reference: on its lines of the log, and as ``X-Request-ID``.

    A route that fails is answered with it, and never with a traceback.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on inside its reference; web sockets pass untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def named(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message).setdefault("X-Request-ID", number)
            await send(message)

        with reference.request() as number:
            try:
                await self.app(scope, receive, named)
            except Exception:
                log.exception("%s %s failed", scope["method"], scope["path"])  # without the query, which may hold keys
                if begun:
                    raise  # too late for an answer: the server cuts the connection, and the browser sees that
                answer = PlainTextResponse(
                    f"This did not work. Nothing was lost. The server's log has the details under {number}.", 500)
                await answer(scope, receive, named)
