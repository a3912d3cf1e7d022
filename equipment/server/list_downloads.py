"""The HTTP route that sends the list as CSV or XLSX, streamed; which records, its address says.

``/list.csv`` is the whole list; the parameters are those of the page's own address (``q``, ``only``, ``sort`` and the
column filters), or ``key`` once for each ticked record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from backup_engine.errors import BackupError
from equipment.accounts.routes import COOKIE
from equipment.domain.query import from_params
from equipment.domain.record import text
from equipment.exchange import export
from equipment.server.backup_download import HEADERS, status_of, visitor
from equipment.store import activity
from equipment.store.access import Db
from equipment.store.list import listing, records, schema

__all__ = ["PATH", "TYPES", "routes"]

PATH = "/list.{kind:str}"
TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
BATCH = 1_000
Parameters = Mapping[str, Sequence[str]]


def routes(connect: Callable[[], Db]) -> list[Route]:
    """Give the route; it sends only to whom the session cookie proves to be allowed to export, now."""

    async def download(request: Request) -> Response:
        kind, cookie = request.path_params["kind"], request.cookies.get(COOKIE, "")
        address = request.client.host if request.client else ""
        asked = {name: request.query_params.getlist(name) for name in request.query_params}
        if kind not in TYPES:
            return PlainTextResponse("Choose csv or xlsx.", status_code=404, headers=HEADERS)
        try:
            chunks = await to_thread.run_sync(lambda: _open(connect(), kind, asked, cookie, address))
        except BackupError as error:
            return PlainTextResponse(error.message, status_code=status_of(error), headers=HEADERS)
        named = {"Content-Disposition": f'attachment; filename="equipment_{date.today().isoformat()}.{kind}"'}
        return StreamingResponse(chunks, media_type=TYPES[kind], headers=HEADERS | named)

    return [Route(PATH, download, methods=["GET"])]


def _open(db: Db, kind: str, asked: Parameters, cookie: str, address: str) -> Iterator[bytes]:
    who = visitor(db, cookie, address, "records.export")
    keys = list(asked["key"]) if "key" in asked else _matching(db, asked)
    activity.record(db, who, "records.export", "list", note=f"{len(keys)} records as {kind.upper()}")
    columns = [column.name for column in schema.columns(db, hidden=True)]
    write = export.to_csv if kind == "csv" else export.to_xlsx
    return write(_records(db, keys), columns, text)


def _matching(db: Db, asked: Parameters) -> list[str]:
    if not asked:
        return listing.sheet(db).all_keys()
    return records.matching_keys(db, from_params(asked), schema.types(db), date.today())


def _records(db: Db, keys: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(keys), BATCH):
        for entry in records.entries(db, keys[start : start + BATCH]):
            yield entry.record
