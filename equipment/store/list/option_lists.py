"""Whole lists of choices: rename with the records that use it, put in order, and what is used without being listed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import bson
from bson.objectid import ObjectId

from backup_engine.errors import BadInput
from backup_engine.records.changes import Change
from equipment.domain.record import text
from equipment.domain.values.collation import in_order
from equipment.store import activity
from equipment.store.access import Db, Who, require
from equipment.store.list import listing, options, records
from equipment.store.list.records import Save, edited

RENAME_BATCH = 1_000


def rename(db: Db, who: Who, column: str, old: str, new: str, *, also_records: bool = False) -> int:
    """Rename a choice, and with ``also_records`` its value in every record; gives how many records changed.

    Raises ``BadInput`` for an empty or known name, ``PermissionDenied`` for records without ``records.bulk_edit``.
    """
    require(db, who, "options.edit")
    if also_records:
        require(db, who, "records.bulk_edit")
    new = new.strip()
    listed = options.choices(db).get(column, [])
    if not new:
        raise BadInput("A choice needs some text.")
    if old not in listed or new in listed:
        raise BadInput(f"{column} already has the choice {new}." if new in listed else f"{column} has no choice {old}.")
    changes = [Change(row.raw, edited(row.raw, {column: new})) for row in options.rows(db)
               if text(row.record.get(column)) == old]
    options.write(db, who, changes, f"option:{column}", {"renamed": old, "to": new})
    return change_to(db, who, column, old, new) if also_records else 0


@activity.one_deed()
def change_to(db: Db, who: Who, column: str, old: str, new: str) -> int:
    """Give every record that has ``old`` in a column ``new`` instead; gives how many were changed."""
    require(db, who, "records.bulk_edit")
    sheet = listing.sheet(db)
    using = sheet.keys(sheet.rows_having(column, [old]))
    changed = 0
    for start in range(0, len(using), RENAME_BATCH):
        entries = records.entries(db, using[start : start + RENAME_BATCH])
        saves = [Save(entry, {column: new}) for entry in entries if text(entry.record.get(column)) == old]
        done = records.save(db, who, saves, action="records.bulk_edit", note=f"{column}: {old} → {new}")
        changed += sum(saved.status == "updated" for saved in done)
    return changed


def reorder(db: Db, who: Who, column: str, values: Sequence[str]) -> None:
    """Put a column's choices in this order. Raises ``BadInput`` unless they are exactly the present ones."""
    require(db, who, "options.edit")
    listed = options.choices(db).get(column, [])
    if sorted(values) != sorted(listed):
        raise BadInput(f"The choices of {column} have changed meanwhile.", hint="Look again and repeat it.")
    changes = []
    for row, value in zip_longest(options.rows(db), values):
        if row is None:
            changes.append(Change(None, edited(bson.encode({"_id": ObjectId()}), {column: value})))
        elif text(row.record.get(column)) != (value or ""):
            changes.append(Change(row.raw, edited(row.raw, {column: value or ""})))
    options.write(db, who, changes, f"option:{column}", {"order": list(values)})


def in_use(db: Db, column: str) -> dict[str, int]:
    """Count the records that use each text of a column; empty cells are left out."""
    return {value: count for value, count in listing.shown(db).values(column).items() if value.strip()}


def unlisted(db: Db, column: str) -> list[tuple[str, int]]:
    """Give the texts that records use but the list has not, with their counts, most frequent first."""
    listed = set(options.choices(db).get(column, []))
    unknown = [(value, count) for value, count in in_use(db, column).items() if value not in listed]
    return sorted(in_order(unknown, lambda pair: pair[0]), key=lambda pair: -pair[1])
