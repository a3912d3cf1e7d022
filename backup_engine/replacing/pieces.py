"""Many raw documents in one ``insert``, handed to the driver as one piece of bytes.

An insert travels as a *document sequence*: the documents one after the other and nothing between them, as they come
from a backup (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/#kind-1--document-sequence). The
driver's C code copies the bytes of a raw document into it as they are, so that a piece can pass for one; document by
document it took 7 µs for each, with the GIL held.

Not retried by the driver: who calls sends a piece again, and lets duplicate keys pass only then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pymongo
from pymongo.collection import Collection

from backup_engine.errors import RestoreStopped
from backup_engine.records import raw

__all__ = ["can_join", "insert"]

LONGEST: Final = 15 * 1024 * 1024
"""Bytes of a piece: the driver refuses a document of more than 16 MB before it is sent."""
MOST: Final = 100_000
"""Documents of an insert that a server takes (``maxWriteBatchSize``)."""


class _Piece:
    """Documents in a row, for the driver's C code a raw document: it looks at this marker and takes ``raw``."""

    __slots__ = ("raw",)
    _type_marker = 101

    def __init__(self, joined: bytes) -> None:
        self.raw = joined


def can_join(documents: Sequence[bytes]) -> bool:
    """Tell whether these can go as one piece: with the driver's C code, and as few and as short as an insert may be."""
    return pymongo.has_c() and len(documents) <= MOST and sum(map(len, documents)) <= LONGEST


def insert(collection: Collection[Any], documents: Sequence[bytes], *, bypass: bool = False) -> dict[str, Any]:
    """Insert them, unordered, and give the answer as ``BulkWriteError.details`` has it.

    Raises ``RestoreStopped`` when the server counted another number of documents than were sent, and what the driver
    raises.
    """
    joined = b"".join(documents)
    # One wrong length, and the server would read other documents than these.
    if not all(map(raw.is_document, documents)):
        raise RestoreStopped("records of the backup are no whole documents")
    command: dict[str, Any] = {"insert": collection.name, "ordered": False,
                               "writeConcern": collection.write_concern.document, "documents": [_Piece(joined)]}
    if bypass:
        command["bypassDocumentValidation"] = True
    answer = collection.database.command(command, codec_options=raw.FORGIVING)
    errors, unmet = answer.get("writeErrors", []), answer.get("writeConcernError")
    if answer["n"] + len(errors) != len(documents):
        raise RestoreStopped(f"the server counted {answer['n']:,} records of {len(documents):,} that were sent")
    return {"writeErrors": errors, "writeConcernErrors": [unmet] if unmet else []}
