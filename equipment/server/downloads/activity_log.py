"""The HTTP route that sends the activity log as CSV, an entry a row, streamed; which entries, its address says.

``/activity.csv`` is all that the reader may read; ``who``, ``what``, ``record``, ``text``, ``since`` and ``until`` are
the filters of the screen. The server's memory holds a thousand entries of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from backup_engine.errors import BackupError
from equipment.accounts import cookie as cookies
from equipment.domain import notes
from equipment.domain.actions import in_words
from equipment.domain.record import text
from equipment.exchange.export import to_csv
from equipment.server.downloads.backup_download import HEADERS, status_of, visitor
from equipment.settings import Settings
from equipment.store import access, activity
from equipment.store.access import Db
from equipment.store.deeds import asked, names

__all__ = ["COLUMNS", "PATH", "routes"]

PATH: Final = "/activity.csv"
COLUMNS: Final = ("at", "who", "address", "deed", "about", "note", "before", "after", "action", "target")
BATCH: Final = 1_000
Parameters = Mapping[str, Sequence[str]]


def routes(settings: Settings, connect: Callable[[], Db]) -> list[Route]:
    """Give the route; it sends only to whom the session cookie proves to be allowed to export the log, now."""

    async def download(request: Request) -> Response:
        cookie = cookies.given(request.cookies, settings)
        address = request.client.host if request.client else ""
        parameters = {name: request.query_params.getlist(name) for name in request.query_params}
        try:
            chunks = await to_thread.run_sync(lambda: _open(connect(), parameters, cookie, address))
        except BackupError as error:
            return PlainTextResponse(str(error), status_code=status_of(error), headers=HEADERS)
        named = {"Content-Disposition": f'attachment; filename="activity_{date.today().isoformat()}.csv"'}
        return StreamingResponse(chunks, media_type="text/csv", headers=HEADERS | named)

    return [Route(PATH, download, methods=["GET"])]


def _open(db: Db, parameters: Parameters, cookie: str, address: str) -> Iterator[bytes]:
    who = visitor(db, cookie, address, "activity.export")
    chosen = activity.readable(db, who, asked.from_parameters(db, parameters))
    with_address = access.require(db, who, "activity.export").may("users.manage")
    return to_csv(_rows(db, activity.stream(db, chosen, limit=0), with_address=with_address), COLUMNS, text)


def _rows(db: Db, entries: Iterator[dict[str, Any]], *, with_address: bool) -> Iterator[dict[str, Any]]:
    while batch := list(islice(entries, BATCH)):
        called = names.names(db, batch)
        for entry in batch:
            yield entry | {"deed": in_words(entry["action"]), "about": called[str(entry["target"])],
                           "note": notes.in_words(str(entry["note"])),
                           "address": entry["address"] if with_address else ""}
