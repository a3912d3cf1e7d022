"""Attached files as documents: which file is on which record, and how they are read. Their bytes: ``file_bytes``.

One document an attachment: ``{_id, thing, record, name, type, size, sha256, by, at, note, thumbnail?, there?, removed?,
removed_by?}``. One that is there has ``thing|sha256`` in ``there``, which is unique in all of the collection, so
MongoDB itself refuses the same file twice on one record. One that is removed is marked so and never deleted; nor are
its bytes, so that it can come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bson.objectid import ObjectId
from pymongo import ASCENDING, DESCENDING

from equipment.domain.life.attachment import Attachment
from equipment.store import moments
from equipment.store.access import Db

__all__ = ["ATTACHMENTS", "CLAIMS", "attachment_of", "find", "gone", "mark_of", "of_thing", "prepare"]

ATTACHMENTS: Final = "equipment_files"
CLAIMS: Final = ("there",)
"""The unique field."""
MOST: Final = 200
"""Files of a record that are listed, the newest."""


def prepare(db: Db) -> None:
    """Create the indexes; on the first rests that a file is not attached to a record twice."""
    db[ATTACHMENTS].create_index([("there", ASCENDING)], unique=True, sparse=True)
    db[ATTACHMENTS].create_index([("thing", ASCENDING), ("at", DESCENDING)])


def of_thing(db: Db, thing: str, *, removed: bool = False) -> list[Attachment]:
    """Give the files of a thing, the newest first; those that were removed instead with ``removed``."""
    where = {"thing": thing, "removed": {"$exists": removed}}
    return [attachment_of(found) for found in db[ATTACHMENTS].find(where).sort([("at", DESCENDING)]).limit(MOST)]


def find(db: Db, number: str) -> Attachment | None:
    """Give one, also when it is removed; None when there is none of that number."""
    if not ObjectId.is_valid(number):
        return None
    found = db[ATTACHMENTS].find_one({"_id": ObjectId(number)})
    return attachment_of(found) if found else None


def mark_of(thing: str, sha256: str) -> str:
    """Give what ``there`` holds."""
    return f"{thing}|{sha256}"


def attachment_of(document: Mapping[str, Any]) -> Attachment:
    """Read a document."""
    removed = document.get("removed")
    return Attachment(
        str(document["_id"]), document["thing"], document["record"], document["name"], document["type"],
        int(document["size"]), document["sha256"], document["by"], moments.aware(document["at"]),
        document.get("note", ""), bytes(document.get("thumbnail", b"")), moments.aware(removed) if removed else None,
        document.get("removed_by", ""))


def gone(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give one from a backup as it comes back beside another one of the same file and record: as a removed one."""
    over = {name: value for name, value in document.items() if name not in CLAIMS}
    return over | {"removed": moments.now(), "removed_by": ""}
