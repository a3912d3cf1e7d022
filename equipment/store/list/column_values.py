"""The values of deleted columns, until they are in their records again.

``equipment_deleted_columns`` has one document per record and deletion: ``{deletion, record, before, value, waiting?}``,
the deletion's number, the element of the record's ``_id``, the name of the field before it, and the value's element.
A record that was not in the list when its column was brought back (it lay in the trash) finds its value *waiting* under
the column's name, and takes it along when it comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from bson.binary import Binary
from bson.objectid import ObjectId
from pymongo.client_session import ClientSession

from backup_engine.records import raw
from backup_engine.records.changes import Change
from equipment.store.access import Db, inside

__all__ = ["VALUES", "Returning", "arrived", "completed", "delete_again", "keep", "rename", "wait"]

VALUES: Final = "equipment_deleted_columns"
Fields = list[tuple[bytes, bytes]]


class Returning:
    """One deleted column on its way back into the records of the list."""

    def __init__(self, db: Db, number: ObjectId, name: str) -> None:
        self._db, self._number, self._name = db, number, name
        self.replaced: list[bytes] = []
        """``_id`` elements of records that have such a field again and keep it."""

    def changes(self, documents: Iterable[bytes]) -> Iterator[Change]:
        """Give the change of every record that lacks its value."""
        rows = {bytes(row["record"]): row for row in self._db[VALUES].find({"deletion": self._number})}
        for document in documents:
            row = rows.get(raw.id_of(document))
            if row is None:
                continue
            fields = raw.elements(document)
            if _insert(fields, self._name, row):
                yield Change(document, raw.build(fields))
            else:
                self.replaced.append(raw.id_of(document))

    def forget(self, identities: Iterable[bytes], session: ClientSession | None = None) -> None:
        """Remove the values of these records: they have them, or newer ones."""
        where = {"deletion": self._number, "record": {"$in": [Binary(identity) for identity in identities]}}
        self._db[VALUES].delete_many(where, **inside(session))


def keep(db: Db, number: ObjectId, name: str, gone: Sequence[Change], session: ClientSession | None) -> None:
    """Keep what these changes take out of their records."""
    if gone:
        db[VALUES].insert_many([_row(number, name.encode(), change) for change in gone], **inside(session))


def wait(db: Db, number: ObjectId, name: str) -> None:
    """Let the values that are left wait for their records."""
    db[VALUES].update_many({"deletion": number}, {"$set": {"waiting": name}})


def completed(db: Db, documents: Sequence[bytes]) -> list[bytes]:
    """Give records with the values that wait for them."""
    rows: dict[bytes, list[dict[str, Any]]] = {}
    for row in db[VALUES].find(_waiting_for(map(raw.id_of, documents))):
        rows.setdefault(bytes(row["record"]), []).append(row)
    return [_completed(document, rows.get(raw.id_of(document), [])) for document in documents]


def arrived(db: Db, identities: Iterable[bytes], session: ClientSession | None) -> None:
    """Remove the values that waited for these records."""
    db[VALUES].delete_many(_waiting_for(identities), **inside(session))


def rename(db: Db, old: str, new: str) -> None:
    """Let values wait under their column's new name."""
    db[VALUES].update_many({"waiting": old}, {"$set": {"waiting": new}})


def delete_again(db: Db, name: str, number: ObjectId) -> None:
    """Put the values that still wait for a column to its new deletion."""
    db[VALUES].update_many({"waiting": name}, {"$set": {"deletion": number}, "$unset": {"waiting": ""}})


def _waiting_for(identities: Iterable[bytes]) -> dict[str, Any]:
    return {"record": {"$in": [Binary(identity) for identity in identities]}, "waiting": {"$exists": True}}


def _completed(document: bytes, rows: Sequence[dict[str, Any]]) -> bytes:
    fields = raw.elements(document) if rows else []
    added = [_insert(fields, row["waiting"], row) for row in rows]
    return raw.build(fields) if any(added) else document


def _row(number: ObjectId, field: bytes, change: Change) -> dict[str, Any]:
    fields = raw.elements(change.before or b"")
    place = next(place for place, (name, _) in enumerate(fields) if name == field)
    before = Binary(fields[place - 1][0]) if place else Binary(b"")
    return {"deletion": number, "record": Binary(change.identity), "before": before, "value": Binary(fields[place][1])}


def _insert(fields: Fields, name: str, row: dict[str, Any]) -> bool:
    """Put a value behind the field it stood behind; False when the record has such a field."""
    names = [field for field, _ in fields]
    if name.encode() in names:
        return False
    before = bytes(row["before"])
    place = names.index(before) + 1 if before in names else len(fields)
    fields.insert(place, (name.encode(), bytes(row["value"])))
    return True

