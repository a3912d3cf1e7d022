"""The HTTP route that sends a backup as a zip, streamed: the server's memory holds one chunk of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from anyio import to_thread
from pymongo.database import Database
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from backup_engine.errors import BackupError, DatabaseUnreachable, PermissionDenied
from equipment import backups
from equipment.accounts import cookie as cookies
from equipment.settings import Settings
from equipment.store import access, activity
from equipment.store.accounts import sessions

__all__ = ["HEADERS", "PATH", "routes", "status_of", "visitor"]

log = logging.getLogger(__name__)
PATH = "/backups/{label:str}.zip"
HEADERS = {"Cache-Control": "no-store"}
Connect = Callable[[], Database[dict[str, Any]]]


def routes(settings: Settings, connect: Connect) -> list[Route]:
    """Give the route; it sends only to whom the session cookie proves to be allowed to see backups, now."""

    async def download(request: Request) -> Response:
        label, cookie = request.path_params["label"], cookies.given(request.cookies, settings)
        address = request.client.host if request.client else ""
        try:
            name, chunks = await to_thread.run_sync(lambda: _open(settings, connect, label, cookie, address))
        except BackupError as error:
            return PlainTextResponse(error.message, status_code=status_of(error), headers=HEADERS)
        named = {"Content-Disposition": f'attachment; filename="backup_{name}.zip"'}
        return StreamingResponse(chunks, media_type="application/zip", headers=HEADERS | named)

    return [Route(PATH, download, methods=["GET"])]


def _open(
    settings: Settings, connect: Connect, label: str, cookie: str, address: str
) -> tuple[str, Iterator[bytes]]:
    db = connect()
    who = visitor(db, cookie, address, "backup.see")
    caller = backups.Caller(who.name, lambda action: access.require(db, who, action), who)
    here = backups.of(settings, connect)
    backup = here.find(caller, label)
    activity.record(db, who, "backup.download", f"backup:{backup.label}")
    return backup.label, here.zip_stream(caller, backup)


def visitor(db: access.Db, cookie: str, address: str, action: str) -> access.Who:
    """Give the person a cookie stands for. Raises ``PermissionDenied`` unless that person may do the action now."""
    session = sessions.by_cookie(db, cookie) if cookie else None
    if session is None:
        raise PermissionDenied("sign in first")
    account = access.require(db, access.Who(session, "", address), action)
    return access.Who(session, account.name, address)


def status_of(error: BackupError) -> int:
    if isinstance(error, PermissionDenied):
        return 403
    return 503 if isinstance(error, DatabaseUnreachable) else 404
