"""Whole batches of BSON documents from a cursor, as the server sends them.

``Collection.find_raw_batches`` makes an object of every document on its way (pymongo 4.11 to 4.20), which is half of
what the reading process does for a backup, while the workers wait. Here a batch stays one piece of bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import bson
from pymongo.collection import Collection
from pymongo.cursor import RawBatchCursor

from backup_engine.records import raw
from backup_engine.records.exact import elements, split_array

__all__ = ["find"]

HOOK, REPLY = "_unpack_response", "raw_command_response"
"""Where the driver turns a reply into batches, and how its bytes are had."""
DOCUMENT = 0x03
BATCHES = (b"firstBatch", b"nextBatch")


def find(collection: Collection[Any], query: Mapping[str, Any] | None = None, **options: Any) -> RawBatchCursor[Any]:
    """Do what ``collection.find_raw_batches`` does, cheaper where the driver is built as we know it."""
    if not hasattr(RawBatchCursor, HOOK):
        return collection.find_raw_batches(query, **options)
    return _Cursor(collection, query, **options)


class _Cursor(RawBatchCursor[Any]):
    def _unpack_response(self, response: Any, *arguments: Any, **options: Any) -> Any:
        found = _reply(bytes(getattr(response, REPLY)())) if hasattr(response, REPLY) else None
        return [found] if found is not None else super()._unpack_response(response, *arguments, **options)


def _reply(data: bytes) -> dict[str, Any] | None:
    """Decode the reply to ``find`` or ``getMore``, its documents as one piece; ``None`` when it is no such reply."""
    outside = list(elements(data))
    cursor = next((value for kind, name, value in outside if (kind, name) == (DOCUMENT, b"cursor")), None)
    if cursor is None:
        return None
    inside = list(elements(cursor))
    found = _decoded(one for one in outside if one[1] != b"cursor")
    found["cursor"] = _decoded(one for one in inside if one[1] not in BATCHES)
    for _, name, value in inside:
        if name in BATCHES:
            documents = b"".join(split_array(value, 4, len(value) - 1))
            found["cursor"][name.decode()] = [documents] if documents else []
    return found


def _decoded(fields: Iterable[tuple[int, bytes, bytes]]) -> dict[str, Any]:
    return bson.decode(raw.build((name, bytes([kind]) + value) for kind, name, value in fields))
