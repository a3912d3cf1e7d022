"""The HTTP route that sends the list as CSV, XLSX or JSON, streamed; which records, its address says.

``/list.csv`` is the whole list; the parameters are those of the page's own address (``q``, ``only``, ``sort`` and the
column filters), or ``key`` once for each ticked record. ``columns=shown`` leaves out those that are hidden. ``made`` is
the number of a file that was made beside the page, and asked alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from backup_engine.errors import BackupError, BadInput
from equipment.accounts import cookie as cookies
from equipment.exchange import kept_exports, list_export
from equipment.server.downloads.backup_download import HEADERS, status_of, visitor
from equipment.settings import Settings
from equipment.store.access import Db

__all__ = ["MADE", "PATH", "TYPES", "routes"]

PATH = "/list.{kind:str}"
TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
         "json": "application/json"}
KEY, COLUMNS, MADE = "key", "columns", "made"
Parameters = Mapping[str, Sequence[str]]


def routes(settings: Settings, connect: Callable[[], Db]) -> list[Route]:
    """Give the route; it sends only to whom the session cookie proves to be allowed to export, now."""

    async def download(request: Request) -> Response:
        kind, cookie = request.path_params["kind"], cookies.given(request.cookies, settings)
        address = request.client.host if request.client else ""
        asked = {name: request.query_params.getlist(name) for name in request.query_params}
        if kind not in TYPES:
            return PlainTextResponse(f"Choose {', '.join(TYPES)}.", status_code=404, headers=HEADERS)
        try:
            chunks = await to_thread.run_sync(lambda: _open(connect(), kind, asked, cookie, address))
        except BackupError as error:
            return PlainTextResponse(str(error), status_code=status_of(error), headers=HEADERS)
        named = {"Content-Disposition": f'attachment; filename="equipment_{date.today().isoformat()}.{kind}"'}
        return StreamingResponse(chunks, media_type=TYPES[kind], headers=HEADERS | named)

    return [Route(PATH, download, methods=["GET"])]


def _open(db: Db, kind: str, asked: Parameters, cookie: str, address: str) -> Iterator[bytes]:
    who = visitor(db, cookie, address, "records.export")
    if MADE in asked:
        made = kept_exports.find(db, who, asked[MADE][0])
        if made.form != kind:
            raise BadInput(f"This file is {made.form.upper()}.", hint="Use the link on the page.")
        return kept_exports.pieces(made)
    filters = {name: values for name, values in asked.items() if name not in (KEY, COLUMNS)}
    keys = list(asked[KEY]) if KEY in asked else list_export.keys_for(db, list_export.query_of(filters))
    return list_export.stream(db, who, kind, keys, columns=next(iter(asked.get(COLUMNS, ())), list_export.ALL))
