"""The select options: ``Equipment_select_options`` holds rows of parallel lists, as a spreadsheet of choices does.

Row 3 holds the third category, the third vendor and so on; they have nothing to do with each other. A shorter list
ends in empty cells. Reading and writing keep that shape and every byte that was not meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import bson
from bson.objectid import ObjectId
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from backup_engine.errors import BadInput
from backup_engine.mongo.guarded import apply
from backup_engine.records import raw
from backup_engine.records.changes import Applied, Change
from equipment.domain.record import text
from equipment.store import activity
from equipment.store.access import Db, Who, require
from equipment.store.list import keys
from equipment.store.list.indexing.forgiving import forgiving
from equipment.store.list.records import Entry, edited

OPTIONS: Final = "Equipment_select_options"
MOST_TAKEN: Final = 1_000
"""Choices that are added at once: one transaction."""


def rows(db: Db) -> list[Entry]:
    """Give the rows in stored order, each with its exact bytes."""
    if isinstance(db[OPTIONS], Collection):
        batches: Any = db[OPTIONS].find_raw_batches({}, sort=[("_id", 1)])
        documents = [document for batch in batches for document in raw.documents_of(batch)]
    else:
        documents = [bson.encode(document) for document in db[OPTIONS].find({})]
    return [Entry(keys.key_of(document), document) for document in documents]


def choices(db: Db) -> dict[str, list[str]]:
    """Give each column's choices in their order, without empty cells and repetitions."""
    by_column: dict[str, dict[str, None]] = {}
    for row in forgiving(db[OPTIONS]).find({}, {"_id": 0}, sort=[("_id", 1)]):
        for name, value in row.items():
            column = by_column.setdefault(name, {})
            if text(value).strip():
                column[text(value)] = None
    return {name: list(values) for name, values in by_column.items()}


def add(db: Db, who: Who, column: str, value: str) -> None:
    """Add a choice at the end of a column's list. Raises ``BadInput`` when it is empty or there already."""
    require(db, who, "options.edit")
    if not value.strip():
        raise BadInput("A choice needs some text.")
    if value in choices(db).get(column, ()):
        raise BadInput(f"{column} already has the choice {value}.")
    write(db, who, _changes_for(rows(db), column, [value]), f"option:{column}", {"added": value})


def take(db: Db, who: Who, column: str, values: Sequence[str]) -> list[str]:
    """Add choices at the end of a column's list, in this order and as one deed; gives those it had not yet.

    Raises ``BadInput`` when it has them all, or for more than ``MOST_TAKEN``.
    """
    require(db, who, "options.edit")
    listed = set(choices(db).get(column, ()))
    new = [value for value in dict.fromkeys(values) if value.strip() and value not in listed]
    if not new:
        raise BadInput(f"{column} has all of these choices already.")
    if len(new) > MOST_TAKEN:
        raise BadInput(f"At most {MOST_TAKEN:,} choices are taken at once.")
    write(db, who, _changes_for(rows(db), column, new), f"option:{column}", {"taken": new})
    return new


def remove(db: Db, who: Who, column: str, value: str) -> None:
    """Take a choice out of a column's list; records that use it keep it."""
    require(db, who, "options.edit")
    changes = [Change(row.raw, edited(row.raw, {column: ""})) for row in rows(db)
               if text(row.record.get(column)) == value]
    write(db, who, changes, f"option:{column}", {"removed": value})


def load(db: Db, who: Who, made: list[dict[str, Any]]) -> None:
    """Add whole rows, for the sample data."""
    require(db, who, "sample.load")
    changes = [Change(None, bson.encode({"_id": ObjectId(), **row})) for row in made]
    write(db, who, changes, "option:all", {"rows": len(made)}, "sample.load")


def _changes_for(known: list[Entry], column: str, values: Sequence[str]) -> list[Change]:
    used = [place for place, row in enumerate(known) if text(row.record.get(column)).strip()]
    free = known[used[-1] + 1 if used else 0 :]
    added = [Change(row.raw, edited(row.raw, {column: value})) for row, value in zip(free, values, strict=False)]
    return added + [Change(None, edited(bson.encode({"_id": ObjectId()}), {column: value}))
                    for value in values[len(free) :]]


def write(
    db: Db, who: Who, changes: list[Change], target: str, what: Any, action: str = "options.edit"
) -> None:
    """Change rows, all or none per transaction, and log ``what``. Raises ``BadInput`` when somebody was faster."""

    def log(session: ClientSession | None, applied: list[Applied]) -> None:
        if any(outcome.written for outcome in applied):
            activity.record(db, who, action, target, after=what, session=session)

    applied = apply(db[OPTIONS], changes, also=log)
    activity.told(who, action, [target for outcome in applied if outcome.written][:1])
    if bad := [outcome for outcome in applied if outcome.status in ("conflict", "refused")]:
        raise BadInput(f"The list of choices was not changed: {bad[0].why}.", hint="Look again and repeat it.")
