"""Change the columns of the list: add, rename, type, order, hide, delete and bring back.

A type, an order of its dates, a place or a hidden column is only a note in ``equipment_columns``; records are not
touched. Renaming and deleting do change records, each guarded by its exact bytes. The values of a deleted column go to
``equipment_deleted_columns`` in the same transaction, one document ``{deletion, record, before, value}`` per record, so
that *Bring back* can put every one of them where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson.objectid import ObjectId
from pymongo.client_session import ClientSession

from backup_engine.errors import BadInput
from backup_engine.model import SILENT, Watch
from backup_engine.mongo.guarded import apply_each
from backup_engine.records import raw
from backup_engine.records.changes import Applied, Change
from equipment.data_disk import require_room
from equipment.domain.column_names import trouble
from equipment.domain.counting import number_of
from equipment.domain.record import ID
from equipment.domain.values.dates import ORDERS, Order
from equipment.domain.values.fields import TYPES, FieldType
from equipment.store import activity, moments
from equipment.store.access import Db, Who, require
from equipment.store.list import column_values, listing
from equipment.store.list.listing import EQUIPMENT
from equipment.store.list.schema import COLUMNS
from equipment.store.raw_documents import raw_documents


@dataclass(frozen=True)
class Deleted:
    """A deleted column that can be brought back: ``number`` names the deletion."""

    number: str
    name: str
    by: str
    at: datetime
    records: int


@dataclass(frozen=True)
class Done:
    """How many records a change of a column touched, and how many were left alone because somebody changed them."""

    changed: int
    conflicts: int


def add(db: Db, who: Who, name: str, kind: str = "text") -> None:
    """Add a column; raises ``BadInput`` for a name that cannot be used or is there already."""
    require(db, who, "columns.manage")
    name = check_name(db, name)
    _configure(db, who, name, {"type": _known(kind)}, "add")


def set_type(db: Db, who: Who, name: str, kind: str) -> None:
    """Say how a column's texts are to be understood; nothing stored changes."""
    require(db, who, "columns.manage")
    _configure(db, who, name, {"type": _known(kind)}, "type")


def set_date_order(db: Db, who: Who, name: str, order: Order) -> None:
    """Say which comes first in a column's dates; empty: nobody knows. Nothing stored in records changes."""
    require(db, who, "columns.manage")
    _configure(db, who, name, {"date_order": _known_order(order)}, "date order")


def decide_date_order(db: Db, who: Who, name: str, order: Order) -> bool:
    """Store the order of a column that comes with an import, where nobody has decided one; says whether it was.

    It becomes a column of dates, where nobody has said what it is.
    """
    require(db, who, "records.import")
    known = db[COLUMNS].find_one({"_id": name}) or {}
    if known.get("date_order"):
        return False
    change = {"date_order": _known_order(order)} | ({} if "type" in known else {"type": "date"})
    _configure(db, who, name, change, "date order", "records.import")
    return True


def set_hidden(db: Db, who: Who, name: str, hidden: bool) -> None:
    """Show a column or not."""
    require(db, who, "columns.manage")
    _configure(db, who, name, {"hidden": hidden}, "hide" if hidden else "show")


def set_order(db: Db, who: Who, names: Sequence[str]) -> None:
    """Put the columns in this order."""
    require(db, who, "columns.manage")
    for position, name in enumerate(names):
        db[COLUMNS].update_one({"_id": name}, {"$set": {"position": position}}, upsert=True)
    activity.record(db, who, "columns.manage", "column:all", after={"order": list(names)})


def rename(db: Db, who: Who, old: str, new: str, *, watch: Watch = SILENT) -> Done:
    """Rename a column in every record, in its place. Raises ``BadInput`` when the new name is taken."""
    require(db, who, "columns.manage")
    new = check_name(db, new)
    before, after = old.encode(), new.encode()
    changes = (
        Change(document, raw.build((after if name == before else name, element) for name, element in fields))
        for document, fields in _with_field(db, before)
    )
    done = _apply(db, changes, None, watch)
    note = db[COLUMNS].find_one_and_delete({"_id": old}) or {}
    db[COLUMNS].replace_one({"_id": new}, {**note, "_id": new}, upsert=True)
    column_values.rename(db, old, new)
    activity.record(db, who, "columns.manage", f"column:{new}", before={"name": old}, after={"name": new},
                    note=f"renamed in {number_of(done.changed, 'record')}")
    return done


def delete(db: Db, who: Who, name: str, *, watch: Watch = SILENT) -> Done:
    """Take a column out of every record; ``bring_back`` undoes it. Raises ``BadInput`` for the ID column."""
    require(db, who, "columns.manage")
    if name in (ID, "_id"):
        raise BadInput(f"The column {name} tells the records apart and cannot be deleted.")
    field, number = name.encode(), ObjectId()

    def keep(session: ClientSession | None, applied: list[Applied]) -> None:
        gone = [outcome.change for outcome in applied if outcome.status == "updated"]
        column_values.keep(db, number, name, gone, session)

    changes = (
        Change(document, raw.build((key, element) for key, element in fields if key != field))
        for document, fields in _with_field(db, field)
    )
    done = _apply(db, changes, keep, watch)
    column_values.delete_again(db, name, number)
    note = db[COLUMNS].find_one({"_id": name}) or {}
    stamp = {"number": number, "by": who.name, "at": moments.now(), "records": done.changed}
    db[COLUMNS].replace_one({"_id": name}, {**note, "_id": name, "deleted": stamp}, upsert=True)
    activity.record(db, who, "columns.manage", f"column:{name}",
                    note=f"deleted from {number_of(done.changed, 'record')}")
    return done


def deleted(db: Db) -> list[Deleted]:
    """Give the columns that can be brought back, last deleted first."""
    rows = db[COLUMNS].find({"deleted": {"$exists": True}})
    return sorted((_deleted(row["_id"], row["deleted"]) for row in rows), key=lambda column: column.at, reverse=True)


def bring_back(db: Db, who: Who, number: str, *, watch: Watch = SILENT) -> Done:
    """Put a deleted column's values back where they were; records that have such a field again keep theirs.

    The values of records that lie in the trash wait for them there.
    Raises ``BadInput`` when it has been brought back already.
    """
    require(db, who, "columns.manage")
    column = db[COLUMNS].find_one({"deleted.number": ObjectId(number)})
    if column is None:
        raise BadInput("This column has been brought back already.")
    returning = column_values.Returning(db, ObjectId(number), column["_id"])

    def there(session: ClientSession | None, applied: list[Applied]) -> None:
        # In the transaction that puts it back: until a record has its value again, this is the only copy.
        returning.forget([outcome.change.identity for outcome in applied if outcome.written], session)

    done = _apply(db, returning.changes(raw_documents(db[EQUIPMENT])), there, watch)
    returning.forget(returning.replaced)
    column_values.wait(db, ObjectId(number), column["_id"])
    # Last: after a crash before this the column is still deleted, and bringing it back goes on.
    db[COLUMNS].update_one({"_id": column["_id"]}, {"$unset": {"deleted": ""}})
    note = f"brought back in {number_of(done.changed, 'record')}"
    activity.record(db, who, "columns.manage", f"column:{column['_id']}", note=note)
    return done


def misfits(db: Db, name: str, kind: FieldType) -> list[tuple[str, str]]:
    """Give key and text of every record whose text in a column does not fit a type."""
    sheet = listing.sheet(db)
    rows = sheet.rows_having(name, [text for text in sheet.values(name) if not kind.fits(text)])
    return list(zip(sheet.keys(rows), sheet.texts(name, rows), strict=True))


def check_name(db: Db, name: str) -> str:
    """Give a name for a new column, tidied. Raises ``BadInput`` with the reason when it cannot be one."""
    name = name.strip()
    if problem := trouble(name):
        raise BadInput(problem, hint="Use another name.")
    noted = db[COLUMNS].find_one({"_id": name})
    if noted is not None and "deleted" in noted:
        raise BadInput(f"A deleted column is called {name}. Bring it back, or use another name.")
    if noted is not None or name in listing.sheet(db).columns:
        raise BadInput(f"There is a column {name} already.")
    return name


def _deleted(name: str, stamp: dict[str, Any]) -> Deleted:
    return Deleted(str(stamp["number"]), name, stamp["by"], moments.aware(stamp["at"]), stamp["records"])


def _known(kind: str) -> str:
    if kind not in TYPES:
        raise BadInput(f"Unknown type {kind}: use one of {', '.join(TYPES)}.")
    return kind


def _known_order(order: Order) -> Order:
    if order not in ("", *ORDERS):
        raise BadInput(f"Unknown order {order}: use one of {', '.join(ORDERS)}, or none.")
    return order


def _configure(
    db: Db, who: Who, name: str, change: dict[str, Any], what: str, action: str = "columns.manage"
) -> None:
    before = db[COLUMNS].find_one_and_update({"_id": name}, {"$set": change}, upsert=True)
    activity.record(db, who, action, f"column:{name}", note=what, after=change,
                    before={key: (before or {}).get(key) for key in change})


def _apply(db: Db, changes: Iterator[Change], also: Any, watch: Watch) -> Done:
    def also_asked(session: ClientSession | None, applied: list[Applied]) -> None:
        require_room(db)  # per batch: a column of 100,000 records takes more room than is kept free
        if also is not None:
            also(session, applied)

    changed = conflicts = 0
    for outcome in apply_each(db[EQUIPMENT], changes, also=also_asked, watch=watch, total=len(listing.sheet(db))):
        changed += outcome.written
        conflicts += outcome.status in ("conflict", "refused")
    listing.wrote(db)
    return Done(changed, conflicts)


def _with_field(db: Db, field: bytes) -> Iterator[tuple[bytes, list[tuple[bytes, bytes]]]]:
    for document in raw_documents(db[EQUIPMENT]):
        fields = raw.elements(document)
        if any(name == field for name, _ in fields):
            yield document, fields
