"""Records: the list with its own filters, one, a new one, changes, and the way into the trash."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import quote

from pydantic import BaseModel, Field

from backup_engine.errors import BadInput
from equipment.domain import warnings
from equipment.domain.query import Query
from equipment.domain.record import name_of
from equipment.exchange.list_export import query_of
from equipment.server.api import conditions, cursors, values
from equipment.server.api.cursors import Cursor
from equipment.server.api.operation import Answer, Asked, Body, Operation, Parameter
from equipment.server.api.problems import Problem
from equipment.store.access import Db
from equipment.store.list import listing, records, schema, trash
from equipment.store.list.records import Entry, Save

__all__ = ["LONGEST_KEY", "OPERATIONS", "entry_of"]

MOST: Final = 500
USUAL: Final = 100
LONGEST_KEY: Final = 2_000
MOST_FIELDS: Final = 1_000
MOST_PARAMETERS: Final = 500
LONGEST_PARAMETER: Final = 10_000
Note = Annotated[str, Field(max_length=1_000, description="Why; stands in Activity")]


class Record(BaseModel):
    """One record of the list."""

    key: str = Field(description="Its name in addresses")
    name: str = Field(description="What people call it")
    etag: str = Field(description="The version; If-Match wants it")
    fields: dict[str, Any] = Field(description="Values by column; types that JSON has not as relaxed Extended JSON")


class Written(Record):
    """A record that was written."""

    warnings: list[str] = Field(description="Worth a second look, such as a serial that another record has")


class Records(BaseModel):
    """A page of the list."""

    items: list[Record]
    total: int = Field(description="Records that match, on all pages")
    next: str | None = Field(description="The cursor of the next page; null on the last")


class NewRecord(Body):
    """A record to add."""

    fields: dict[str, Any] = Field(min_length=1, max_length=MOST_FIELDS,
                                   description="Values by column; ID is the lowest free one where it is not given")
    note: Note = ""


class Change(Body):
    """What to write over a record; all other fields stay as they are, byte for byte."""

    fields: dict[str, Any] = Field(default_factory=dict, max_length=MOST_FIELDS, description="New values by column")
    remove: list[str] = Field(default_factory=list, max_length=MOST_FIELDS, description="Fields that go")
    note: Note = ""


def entry_of(asked: Asked) -> Entry:
    """Give the record that the path names. Raises a ``Problem`` of 404."""
    key = asked.path["key"]
    try:
        found = records.get(asked.db, key) if key and len(key) <= LONGEST_KEY else None
    except RecursionError:  # a key may be Extended JSON
        found = None
    if found is None:
        raise Problem(404, "NoSuchRecord", "There is no such record.", hint="It may be in the trash.")
    return found


def _listed(asked: Asked) -> Answer:
    filters = {name: values_ for name, values_ in asked.query.items() if name not in ("limit", "cursor")}
    query, limit = _query(filters), _limit(asked.one("limit", str(USUAL)))
    cursor = cursors.of_text(asked.one("cursor"), filters)
    types = schema.types(asked.db)
    page, first = records.following(
        asked.db, query, types, date.today(), key=cursor.key, place=cursor.place, size=limit)
    after = first + limit
    more = page.entries and after < page.total
    following = cursors.written(Cursor(page.entries[-1].key, after), filters) if more else None
    return Answer({"items": [_shown(entry) for entry in page.entries], "total": page.total, "next": following})


def _one(asked: Asked) -> Answer:
    entry = entry_of(asked)
    tag = conditions.etag(entry.raw)
    if conditions.is_named(asked.headers.get("if-none-match", ""), tag, weak=True):
        return Answer(status=304, headers={"ETag": tag})
    return Answer(_shown(entry), headers={"ETag": tag})


def _added(asked: Asked) -> Answer:
    body: NewRecord = asked.body
    fields = values.new(body.fields)
    notes = _warnings(asked.db, "", fields)
    entry = records.add(asked.db, asked.who, fields, note=body.note)
    where = f"{asked.base}/records/{quote(entry.key, safe='')}"
    return Answer(_shown(entry) | {"warnings": notes}, 201, {"Location": where, "ETag": conditions.etag(entry.raw)})


def _changed(asked: Asked) -> Answer:
    body, entry = asked.body, entry_of(asked)
    conditions.must_match(asked.headers.get("if-match", ""), entry.raw)
    written = values.changed(body.fields, body.remove, entry.record)
    if not written:
        raise BadInput("There is nothing to change.", hint="Name fields, or what to remove.")
    notes = _warnings(asked.db, entry.key, written)
    [saved] = records.save(asked.db, asked.who, [Save(entry, written)], note=body.note)
    _require_done(saved)
    now = saved.entry or entry
    return Answer(_shown(now) | {"warnings": notes}, headers={"ETag": conditions.etag(now.raw)})


def _trashed(asked: Asked) -> Answer:
    entry = entry_of(asked)
    conditions.must_match(asked.headers.get("if-match", ""), entry.raw)
    [moved] = trash.move(asked.db, asked.who, [entry], note="")
    _require_done(moved)
    return Answer(status=204)


def _require_done(saved: records.Saved) -> None:
    if saved.status == "conflict":
        raise conditions.stale(saved.entry.raw if saved.entry else None)
    if saved.status == "refused":
        raise BadInput(saved.why)


def _shown(entry: Entry) -> dict[str, Any]:
    return {"key": entry.key, "name": name_of(entry.record), "etag": conditions.etag(entry.raw), "fields": entry.record}


def _warnings(db: Db, key: str, fields: Mapping[str, Any]) -> list[str]:
    typed = {name: value for name, value in fields.items() if isinstance(value, str)}
    return warnings.of_edits(listing.sheet(db), schema.types(db), key, typed)


def _query(filters: Mapping[str, list[str]]) -> Query:
    if len(filters) > MOST_PARAMETERS or any(len(text) > LONGEST_PARAMETER for texts in filters.values()
                                             for text in texts):
        raise BadInput("These are more filters than anybody means.")
    query = query_of(filters) or Query()
    return query if query.sort else Query(**{**vars(query), "sort": "ID"})


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise BadInput(f"limit is a number from 1 to {MOST}.")
    return int(text)


IF_MATCH: Final = Parameter("If-Match", "The ETag of the version that is meant", where="header")
"""Not called required: without it the answer is 428, which says more than that a header is missing."""

OPERATIONS: Final = (
    Operation("GET", "/records", "listRecords", "The list, page by page", "records.read", _listed, {200: Records},
              (422,), column_filters=True, parameters=(
                  Parameter("q", "Search, as on the page", {"type": "string"}),
                  Parameter("only", "overdue, due, no-serial, same-serial, fine, not-needed, no-date or cannot-read"),
                  Parameter("sort", "A column; with - in front downwards"),
                  Parameter("retired", "no leaves retired things out", {"type": "string", "enum": ["no"]}),
                  Parameter("limit", f"Records of a page, {USUAL} unless said",
                            {"type": "integer", "minimum": 1, "maximum": MOST}),
                  Parameter("cursor", "The next of the page before"),
              ), about="Filters are those of the address of the page: is.COLUMN (one of these, once each), "
                       "has.COLUMN, from.COLUMN and to.COLUMN."),
    Operation("POST", "/records", "addRecord", "Add a record", "records.add", _added, {201: Written}, (409, 507),
              body=NewRecord),
    Operation("GET", "/records/{key:path}", "getRecord", "One record", "records.read", _one, {200: Record, 304: None},
              (404,), parameters=(Parameter("If-None-Match", "An ETag that is known already", where="header"),)),
    Operation("PATCH", "/records/{key:path}", "changeRecord", "Change fields of a record", "records.edit", _changed,
              {200: Written}, (404, 409, 412, 428, 507), body=Change, parameters=(IF_MATCH,)),
    Operation("DELETE", "/records/{key:path}", "trashRecord", "Move a record to the trash", "records.delete", _trashed,
              {204: None}, (404, 412, 428, 507), parameters=(IF_MATCH,)),
)
