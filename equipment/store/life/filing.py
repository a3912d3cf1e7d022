"""Attaching files to records, removing them and bringing them back. What the screens and programs call."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import IO, Any, Final

from bson.objectid import ObjectId
from pymongo.errors import DuplicateKeyError

from backup_engine.errors import BadInput
from equipment.domain.life.attachment import (
    BEGINNING,
    PICTURES,
    Attachment,
    Limits,
    check_size,
    clean_name,
    kind_of,
    size_in_words,
)
from equipment.domain.life.words import check_note
from equipment.domain.record import name_of
from equipment.store import activity, moments
from equipment.store.access import Db, Who, require
from equipment.store.life import attachments, file_bytes, thumbnail
from equipment.store.life.attachments import ATTACHMENTS, attachment_of, mark_of
from equipment.store.list import keys, records
from equipment.store.list.records import Entry

__all__ = ["RIGHT", "attach", "opened", "remove", "restore"]

RIGHT: Final = "files.attach"
REMOVES: Final = "files.remove"
RESTORES: Final = "files.restore"
TWICE: Final = "is attached to this record already"


def attach(
    db: Db, who: Who, entry: Entry, name: str, data: IO[bytes], limits: Limits, *, note: str = ""
) -> Attachment:
    """Attach a file to a record; ``data`` is read from its beginning, several times.

    Raises ``BadInput`` for an empty or too large file, and one that the record has already, ``NoSpace`` when all files
    together would be too many bytes, ``PermissionDenied`` for who may not.
    """
    require(db, who, RIGHT)
    note = note.strip()
    check_note(note)
    size, sha256 = _measured(data, limits)
    held = file_bytes.is_held(db, sha256)
    check_size(size, limits, 0 if held else file_bytes.total(db))
    if records.get(db, entry.key) is None:
        raise BadInput(f"{name_of(entry.record)} is not in the list any more.", hint="Look at the list again.")
    mark, name = mark_of(entry.key, sha256), clean_name(name)
    _refuse_twice(db, mark, name)
    data.seek(0)
    kind = kind_of(data.read(BEGINNING))
    document: dict[str, Any] = {
        "_id": ObjectId(), "thing": entry.key, "record": name_of(entry.record), "name": name, "type": kind,
        "size": size, "sha256": sha256, "by": who.name, "at": moments.now(), "note": note, "there": mark}
    if kind in PICTURES:
        data.seek(0)
        if small := thumbnail.made(data):
            document["thumbnail"] = small
    data.seek(0)
    file_bytes.put(db, sha256, size, _pieces(data))  # first: an attachment without its bytes would be a lie
    try:
        db[ATTACHMENTS].insert_one(document)
    except DuplicateKeyError as error:  # the same file at this very moment
        raise _twice(name) from error
    attached = attachment_of(document)
    _told(db, who, RIGHT, attached)
    return attached


def remove(db: Db, who: Who, number: str) -> Attachment:
    """Take a file off its record; it can be brought back.

    Raises ``BadInput`` when there is none of that number, or it is removed already.
    """
    require(db, who, RIGHT)
    known = _known(db, number)
    change = {"$set": {"removed": moments.now(), "removed_by": who.name}, "$unset": {"there": ""}}
    if not db[ATTACHMENTS].update_one({"_id": ObjectId(number), "removed": {"$exists": False}}, change).modified_count:
        raise BadInput(f"{known.name} is removed already.")
    _told(db, who, REMOVES, known)
    return _known(db, number)


def restore(db: Db, who: Who, number: str) -> Attachment:
    """Bring a removed file back; raises ``BadInput`` when it is there, or the same one was attached since."""
    require(db, who, RIGHT)
    known = _known(db, number)
    change = {"$set": {"there": mark_of(known.thing, known.sha256)}, "$unset": {"removed": "", "removed_by": ""}}
    try:
        done = db[ATTACHMENTS].update_one({"_id": ObjectId(number), "removed": {"$exists": True}}, change)
    except DuplicateKeyError as error:
        raise _twice(known.name) from error
    if not done.modified_count:
        raise BadInput(f"{known.name} is there already.")
    _told(db, who, RESTORES, known)
    return _known(db, number)


def opened(db: Db, who: Who, number: str) -> tuple[Attachment, Iterator[bytes]]:
    """Give a file and its bytes, part by part, to whoever may read records.

    Raises ``BadInput`` when there is none of that number or it is removed; what ``file_bytes.read`` raises while they
    are read.
    """
    require(db, who, "records.read")
    known = _known(db, number)
    if known.removed:
        raise BadInput(f"{known.name} was removed.", hint="Whoever may edit the record can bring it back.")
    return known, file_bytes.read(db, known.sha256)


def _measured(data: IO[bytes], limits: Limits) -> tuple[int, str]:
    data.seek(0)
    size, digest = 0, hashlib.sha256()
    for piece in _pieces(data):
        size += len(piece)
        digest.update(piece)
        if size > limits.file:
            break
    return size, digest.hexdigest()


def _pieces(data: IO[bytes]) -> Iterator[bytes]:
    while piece := data.read(file_bytes.PART):
        yield piece


def _refuse_twice(db: Db, mark: str, name: str) -> None:
    if db[ATTACHMENTS].find_one({"there": mark}, {"_id": 1}):
        raise _twice(name)


def _twice(name: str) -> BadInput:
    return BadInput(f"{name} {TWICE}.", hint="It may have another name there.")


def _known(db: Db, number: str) -> Attachment:
    known = attachments.find(db, number)
    if known is None:
        raise BadInput("There is no such file.", hint="Look at the record again.")
    return known


def _told(db: Db, who: Who, action: str, attached: Attachment) -> None:
    # A note alone: before and after of an entry are fields of the record, from which its history is worked out.
    activity.record(db, who, action, keys.target(attached.thing),
                    note=f"{attached.name}, {size_in_words(attached.size)}")
