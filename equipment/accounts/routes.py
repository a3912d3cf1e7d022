"""The two HTTP routes of sign-in: one puts the cookie into the browser, the other takes it away.

Both are POSTs that must come from our own page (Origin) and carry a single-use ticket that only the page was given.
They answer every failure with the same 403 and say nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from anyio import move_on_after, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backup_engine.errors import DatabaseUnreachable
from equipment.accounts import cookie as cookies
from equipment.accounts.origin import cookie_path, is_own, is_secure
from equipment.settings import Settings
from equipment.store.access import Db
from equipment.store.accounts import sessions

__all__ = ["SIGN_IN", "SIGN_OUT", "routes"]

SIGN_IN: Final = "/account/sign-in"
SIGN_OUT: Final = "/account/sign-out"
LONGEST_BODY: Final = 200  # a ticket has 43 characters
BODY_SECONDS: Final = 10
"""For those few characters to come: who never finishes would keep a connection for ever."""

log = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]


def routes(settings: Settings, connect: Callable[[], Db], served: str = "") -> list[Route]:
    """Give the routes for the server to mount. *connect* gives the database or raises ``DatabaseUnreachable``.

    *served* is the path under which the server answers; the cookie is meant for it.
    """

    async def sign_in(request: Request) -> Response:
        ticket = await _ticket(request, settings)
        old = request.cookies.get(cookies.OLD, "")
        given = await to_thread.run_sync(lambda: _redeem(connect(), ticket, old)) if ticket else None
        if given is None:
            return _refused()
        cookie, seconds, old_is_ours = given
        answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
        put(answer, request, cookies.name_of(settings), cookie, seconds)
        if old_is_ours:
            put(answer, request, cookies.OLD, "", 0)
        return answer

    async def sign_out(request: Request) -> Response:
        ticket, cookie = await _ticket(request, settings), cookies.given(request.cookies, settings)
        if not ticket or not await to_thread.run_sync(lambda: sessions.leave(connect(), ticket, cookie)):
            return _refused()
        answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
        put(answer, request, cookies.name_of(settings), "", 0)
        if cookies.is_old(request.cookies, settings):
            put(answer, request, cookies.OLD, "", 0)
        return answer

    def put(answer: Response, request: Request, name: str, cookie: str, seconds: int) -> None:
        answer.set_cookie(
            name, cookie, max_age=seconds, httponly=True, samesite="lax",
            secure=is_secure(request.url.scheme, request.headers, settings.public_url),
            path=cookie_path(request.headers, settings.public_url, served),
        )

    return [
        Route(SIGN_IN, _answering(sign_in), methods=["POST"]),
        Route(SIGN_OUT, _answering(sign_out), methods=["POST"]),
    ]


def _answering(handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except DatabaseUnreachable:
            return Response("Database connection failed", status_code=503, headers={"Cache-Control": "no-store"})

    return answer


async def _ticket(request: Request, settings: Settings) -> str:
    """Give the request's ticket, or nothing when it is not a request of our own page."""
    if not is_own(request.headers, settings.public_url):
        log.warning("refused a POST to %s from another site", request.url.path)
        return ""
    body = b""
    with move_on_after(BODY_SECONDS) as limit:
        async for piece in request.stream():
            body += piece
            if len(body) > LONGEST_BODY:
                return ""
    return "" if limit.cancelled_caught else body.decode("ascii", "ignore")


def _refused() -> Response:
    return Response("Refused", status_code=403, headers={"Cache-Control": "no-store"})


def _redeem(db: Db, ticket: str, old: str) -> tuple[str, int, bool] | None:
    """Redeem a ticket; also tell whether a cookie of the old name is ours, and not another installation's."""
    is_ours = bool(old) and sessions.by_cookie(db, old) is not None  # before: the session gets another text
    given = sessions.redeem(db, ticket)
    return None if given is None else (*given, is_ours)
