"""The bytes of attached files: kept once however often they are attached, checked whenever they are read.

They lie as GridFS lays files out, in ``equipment_bytes.files`` and ``equipment_bytes.chunks``, with the SHA-256 of
the bytes as the file's name. What is written first has a name of its own, and takes that of its hash part by part
once the hash is the one that was promised: under the hash there are only ever verified parts, so two who bring the
same file at once help each other, and what a crash leaves half done is finished by whoever brings the file next. The
document in ``.files`` comes last: without it a file is not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final
from uuid import uuid4

from bson.objectid import ObjectId
from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from backup_engine.errors import BackupFileNotFound, BadInput, VerificationFailed
from equipment.store import moments
from equipment.store.access import Db

__all__ = ["CHUNKS", "FILES", "PART", "held", "is_hash", "is_held", "prepare", "put", "read", "sweep", "total"]

FILES: Final = "equipment_bytes.files"
CHUNKS: Final = "equipment_bytes.chunks"
PART: Final = 1 << 20
"""Bytes of a part. Parts of one file must be equally long whoever wrote them, so this never changes."""
LEFT_FOR: Final = timedelta(days=1)
"""How long parts that nobody finished are left: longer than any upload takes."""
_WRITING: Final = "writing:"
"""Before the number of whoever writes; no hash begins so."""


def prepare(db: Db) -> None:
    """Create the index that GridFS has, on which it rests that no part is there twice."""
    db[CHUNKS].create_index([("files_id", ASCENDING), ("n", ASCENDING)], unique=True)


def read(db: Db, sha256: str) -> Iterator[bytes]:
    """Give the bytes of a file, part by part; the last part comes only when length and hash are right.

    Raises ``BackupFileNotFound`` when there is no such file, ``VerificationFailed`` when a part of it is missing or
    not what was written.
    """
    known = db[FILES].find_one({"_id": sha256})
    if known is None:
        raise BackupFileNotFound(f"attached file {sha256}", hint="Attach it again, or restore a backup that has it.")
    length, part = int(known["length"]), int(known["chunkSize"])
    digest, before = hashlib.sha256(), b""
    number = -1
    # a few parts of memory, however slowly somebody takes them
    for number, found in enumerate(db[CHUNKS].find({"files_id": sha256}).sort("n", ASCENDING).batch_size(4)):
        data = bytes(found["data"])
        if found["n"] != number or len(data) != min(part, length - number * part):
            raise _damaged(sha256, f"part {number + 1} of {_parts(length, part)} is missing or has another length")
        digest.update(data)
        if before:
            yield before
        before = data
    if number + 1 != _parts(length, part):
        raise _damaged(sha256, f"part {number + 2} of {_parts(length, part)} is missing")
    if digest.hexdigest() != sha256:
        raise _damaged(sha256, "the bytes are not those that were written")
    if before:
        yield before


def put(db: Db, sha256: str, size: int, chunks: Iterable[bytes]) -> bool:
    """Keep a file; True when it was not there. One that is there is left, and its bytes are not even asked for.

    Raises ``VerificationFailed`` when the bytes have another length or hash; nothing of them is kept then.
    """
    if not is_hash(sha256):
        raise BadInput(f"{sha256[:80]!r} is no SHA-256.", hint="Give 64 lower-case hexadecimal digits.")
    if is_held(db, sha256):
        return False
    prepare(db)  # after a restore into an empty database there is none yet
    own = _WRITING + uuid4().hex
    try:
        digest, length = hashlib.sha256(), 0
        for number, data in enumerate(_parts_of(chunks)):
            length += len(data)
            if length > size:
                raise _other(sha256, f"they are more than the {size} bytes that were announced")
            digest.update(data)
            db[CHUNKS].insert_one({"files_id": own, "n": number, "data": data})
        if length != size:
            raise _other(sha256, f"they are {length} bytes instead of {size}")
        if digest.hexdigest() != sha256:
            raise _other(sha256, f"their hash is {digest.hexdigest()}")
        _rename(db, own, sha256, _parts(size, PART))
    finally:
        db[CHUNKS].delete_many({"files_id": own})
    document = {"_id": sha256, "length": size, "chunkSize": PART, "uploadDate": moments.now(), "filename": sha256}
    try:
        db[FILES].insert_one(document)
    except DuplicateKeyError:  # somebody else was quicker, with the same bytes; or parts of it had been lost
        return False
    return True


def held(db: Db) -> Iterator[tuple[str, int]]:
    """Give hash and length in bytes of every file that is there, by hash."""
    for found in db[FILES].find({}, {"length": 1}).sort("_id", ASCENDING):
        yield str(found["_id"]), int(found["length"])


def is_held(db: Db, sha256: str) -> bool:
    """Tell whether a file is there with all of its parts; what they say is only known to who reads them."""
    known = db[FILES].find_one({"_id": sha256})
    if known is None:
        return False
    parts = _parts(int(known["length"]), int(known["chunkSize"]))
    return bool(db[CHUNKS].count_documents({"files_id": sha256}) == parts)


def total(db: Db) -> int:
    """Give how many bytes all files have together."""
    found = next(iter(db[FILES].aggregate([{"$group": {"_id": None, "bytes": {"$sum": "$length"}}}])), None)
    return int(found["bytes"]) if found else 0


def sweep(db: Db) -> int:
    """Delete the parts of uploads that a crash ended more than ``LEFT_FOR`` ago; gives how many."""
    where = {"files_id": {"$gte": _WRITING, "$lt": _WRITING[:-1] + ";"},
             "_id": {"$lt": ObjectId.from_datetime(moments.now() - LEFT_FOR)}}
    return int(db[CHUNKS].delete_many(where).deleted_count)


def is_hash(text: str) -> bool:
    """Tell whether a text is a SHA-256 as it is kept."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _rename(db: Db, own: str, sha256: str, parts: int) -> None:
    """Give verified parts the name of their hash, each by itself."""
    for number in range(parts):
        try:
            db[CHUNKS].update_one({"files_id": own, "n": number}, {"$set": {"files_id": sha256}})
        except DuplicateKeyError:  # there already: the same, or what a disk made of it
            part = db[CHUNKS].find_one({"files_id": own, "n": number}) or {}
            db[CHUNKS].update_one({"files_id": sha256, "n": number}, {"$set": {"data": part["data"]}})


def _parts(length: int, part: int) -> int:
    return -(-length // part)


def _parts_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut whatever comes into parts of ``PART`` bytes, the last one shorter."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PART:
            yield bytes(waiting[:PART])
            del waiting[:PART]
    if waiting:
        yield bytes(waiting)


def _damaged(sha256: str, why: str) -> VerificationFailed:
    return VerificationFailed(f"attached file {sha256}: {why}", hint="Restore a backup that has it.")


def _other(sha256: str, why: str) -> VerificationFailed:
    return VerificationFailed(f"attached file {sha256}: the bytes that came are others; {why}", hint="Send it again.")
