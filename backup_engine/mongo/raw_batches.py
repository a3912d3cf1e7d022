"""Whole batches of BSON documents from a cursor, as the server sends them.

``Collection.find_raw_batches`` makes an object of every document on its way (pymongo 4.11 to 4.20), which is half of
what the reading process does for a backup, while the workers wait. Here a batch stays one piece of bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import bson
from pymongo.collection import Collection
from pymongo.cursor import RawBatchCursor

from backup_engine.records import raw

__all__ = ["find", "find_documents"]

HOOK, REPLY = "_unpack_response", "raw_command_response"
"""Where the driver turns a reply into batches, and how its bytes are had."""
DOCUMENT = 0x03
BATCHES = (b"firstBatch", b"nextBatch")


def find(collection: Collection[Any], query: Mapping[str, Any] | None = None, **options: Any) -> RawBatchCursor[Any]:
    """Do what ``collection.find_raw_batches`` does, cheaper where the driver is built as we know it."""
    if not hasattr(RawBatchCursor, HOOK):
        return collection.find_raw_batches(query, **options)
    return _Cursor(collection, query, **options)


def find_documents(
    collection: Collection[Any], query: Mapping[str, Any] | None = None, **options: Any
) -> Iterator[list[bytes]]:
    """Do the same for who looks at each document: the batches as lists, without being joined and cut once more."""
    if not hasattr(RawBatchCursor, HOOK):
        yield from map(raw.documents_of, collection.find_raw_batches(query, **options))
        return
    cursor: Iterator[Any] = _Documents(collection, query, **options)
    for found in cursor:
        yield found if isinstance(found, list) else raw.documents_of(found)


class _Cursor(RawBatchCursor[Any]):
    gather: Callable[[list[bytes]], Any] = b"".join

    def _unpack_response(self, response: Any, *arguments: Any, **options: Any) -> Any:
        reply = _reply(bytes(getattr(response, REPLY)()), type(self).gather) if hasattr(response, REPLY) else None
        return [reply] if reply is not None else super()._unpack_response(response, *arguments, **options)


class _Documents(_Cursor):
    gather = list


def _reply(data: bytes, gather: Callable[[list[bytes]], Any]) -> dict[str, Any] | None:
    """Decode the reply to ``find`` or ``getMore``, its documents as one piece; ``None`` when it is no such reply."""
    outside = _fields(data, 0)
    kind, begin, _ = outside.pop(b"cursor", (0, 0, 0))
    if kind != DOCUMENT:
        return None  # an error, for which the driver has its words
    inside = _fields(data, begin)
    batches = {name: inside.pop(name) for name in BATCHES if name in inside}
    reply = _decoded(data, outside)
    reply["cursor"] = _decoded(data, inside)
    for name, (_, value, _) in batches.items():
        documents = raw.documents_in(data, value)
        reply["cursor"][name.decode()] = [gather(documents)] if documents else []
    return reply


def _fields(data: bytes, start: int) -> dict[bytes, tuple[int, int, int]]:
    """Type, place and end of each value of the document that begins at ``start``; a batch is not copied for that."""
    return {data[at + 1 : value - 1]: (data[at], value, stop) for at, value, stop in raw.places(data, start)}


def _decoded(data: bytes, fields: Mapping[bytes, tuple[int, int, int]]) -> dict[str, Any]:
    return bson.decode(raw.build((name, bytes([kind]) + data[value:stop])
                                 for name, (kind, value, stop) in fields.items()))
