"""The HTTP route under which calendar programs read due work: the secret in its address says whose it is.

No cookie is looked at, and nothing else opens with that secret. Who asks too fast waits: calendar programs ask every
few hours.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

import anyio
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from backup_engine.errors import BackupError
from equipment.exchange import calendar_file
from equipment.server import prefix
from equipment.server.downloads.backup_download import HEADERS, status_of
from equipment.server.gate.pace import Paces
from equipment.settings import Settings
from equipment.store import moments
from equipment.store.access import Db
from equipment.store.accounts import calendar_links
from equipment.store.life import due

__all__ = ["DAYS", "PATH", "path_of", "routes"]

PATH: Final = "/calendar/{secret:str}.ics"
DAYS: Final = 365
AT_ONCE, A_SECOND = 20, 0.5
"""Of one account; the whole list is looked through for each."""
NONE: Final = "There is no calendar at this address. It may have been taken back: make another one under Due work.\n"


def path_of(secret: str) -> str:
    """Give the path of an address, without that of the server."""
    return PATH.replace("{secret:str}", secret)


def routes(settings: Settings, connect: Callable[[], Db]) -> list[Route]:
    """Give the route; an account that may no longer read the list has no calendar."""
    paces = Paces(AT_ONCE, A_SECOND)

    async def calendar(request: Request) -> Response:
        secret = request.path_params["secret"]
        try:
            account = await to_thread.run_sync(lambda: calendar_links.account_behind(connect(), secret))
            if account is None:
                return PlainTextResponse(NONE, status_code=404, headers=HEADERS)
            await anyio.sleep(paces.wait(account.key))
            data = await to_thread.run_sync(lambda: _made(settings, connect()))
        except BackupError as error:
            return PlainTextResponse(error.message, status_code=status_of(error), headers=HEADERS)
        named = {"Content-Disposition": 'inline; filename="due_work.ics"', "Content-Type": calendar_file.TYPE}
        return Response(data, headers=HEADERS | named)

    return [Route(PATH, calendar, methods=["GET"])]


def _made(settings: Settings, db: Db) -> bytes:
    today = date.today()
    return calendar_file.to_calendar(due.work(db, today, DAYS), today=today, now=moments.now(),
                                     address=prefix.public_address(settings), place=db.name)
