"""The HTTP route that sends a file of a record, streamed: the server's memory holds a few parts of it.

It is sent as a download. With ``?show=1`` a picture or PDF is shown by the browser; of everything else it decides
nothing, as a page or drawing from elsewhere would run its scripts under this address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from backup_engine.errors import BackupError
from equipment.accounts import cookie as cookies
from equipment.domain.life.attachment import Attachment
from equipment.server.downloads.backup_download import HEADERS, status_of, visitor
from equipment.settings import Settings
from equipment.store.access import Db, Who
from equipment.store.life import filing

__all__ = ["PATH", "headers_of", "path_of", "routes", "started"]

PATH: Final = "/files/{number:str}"
SHOW: Final = "show"
ALONE: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
"""What a picture that is opened by itself may load and do: nothing."""


def path_of(number: str, *, show: bool = False) -> str:
    """Give the path of a file, without that of the server."""
    return PATH.replace("{number:str}", quote(number, safe="")) + (f"?{SHOW}=1" if show else "")


def routes(settings: Settings, connect: Callable[[], Db]) -> list[Route]:
    """Give the route; it sends only to whom the session cookie proves to be allowed to read records, now."""

    async def download(request: Request) -> Response:
        number, cookie = request.path_params["number"], cookies.given(request.cookies, settings)
        address = request.client.host if request.client else ""
        try:
            attached, parts = await to_thread.run_sync(lambda: _open(connect(), number, cookie, address))
        except BackupError as error:
            return PlainTextResponse(str(error), status_code=status_of(error), headers=HEADERS)
        headers = headers_of(attached, show=request.query_params.get(SHOW) == "1")
        return StreamingResponse(parts, media_type=attached.type, headers=headers)

    return [Route(PATH, download, methods=["GET"])]


def headers_of(attached: Attachment, *, show: bool = False) -> dict[str, str]:
    """Give the headers with which a file is sent; shown by the browser only when it is what a browser may show."""
    shown = show and attached.is_shown
    headers = HEADERS | {"Content-Length": str(attached.size), "X-Content-Type-Options": "nosniff",
                         "Content-Disposition": f"{'inline' if shown else 'attachment'}; {_named(attached.name)}"}
    # The viewers of PDF that browsers have do not start in a sandbox; they are one.
    return headers if attached.type == "application/pdf" else headers | {"Content-Security-Policy": ALONE}


def started(db: Db, who: Who, number: str) -> tuple[Attachment, Iterator[bytes]]:
    """Give a file and its parts, the first of them read already: what is missing then is said, and not broken off."""
    attached, parts = filing.opened(db, who, number)
    first = next(parts, b"")
    return attached, chain((first,), parts)


def _open(db: Db, number: str, cookie: str, address: str) -> tuple[Attachment, Iterator[bytes]]:
    return started(db, visitor(db, cookie, address, "records.read"), number)


def _named(name: str) -> str:
    """Write a name as RFC 6266 has it: one that every program reads, and the whole one."""
    simple = "".join(character if character.isascii() and character not in '"\\%' else "_" for character in name)
    return f"filename=\"{simple}\"; filename*=UTF-8''{quote(name, safe='')}"
