"""Let the identity provider ask who is there, where somebody who is signed in here goes to prove just that.

Streamlit sends everybody there with the parameters of the secrets file. Who is on such a trip is sent with
``prompt=login`` and ``max_age=0`` (OpenID Connect Core 1.0, 3.1.2.1), so that a provider that remembers people asks all
the same and says when they answered. What comes back is looked at in any case: the browser could leave them out.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from equipment.accounts import trips
from equipment.server.gate.visitors import Visitors

__all__ = ["FreshSignIn", "asking_anew"]

ROUTE: Final = "/auth/login"
"""Streamlit's, from which it leads to the provider."""
ANEW: Final = {"prompt": "login", "max_age": "0"}


class FreshSignIn:
    """Middleware."""

    def __init__(self, app: ASGIApp, visitors: Visitors) -> None:
        self.app = app
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and change where the way to the provider leads for who is on a trip."""
        if scope["type"] != "http" or not scope["path"].endswith(ROUTE):
            await self.app(scope, receive, send)
            return
        session = await self._visitors.session(HTTPConnection(scope))
        if session is None or trips.under_way(session) is None:
            await self.app(scope, receive, send)
            return

        async def send_anew(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if urlsplit(headers.get("location", "")).netloc:  # not the way back to our own page
                    headers["location"] = asking_anew(headers["location"])
            await send(message)

        await self.app(scope, receive, send_anew)


def asking_anew(address: str) -> str:
    """Give the provider's address with what makes it ask, in place of what it said about that."""
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in ANEW]
    return parts._replace(query=urlencode([*kept, *ANEW.items()], quote_via=quote)).geturl()
