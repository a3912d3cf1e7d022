"""All documents of a collection byte for byte, whatever the collection is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bson
from pymongo.collection import Collection

from backup_engine.records import raw

__all__ = ["raw_documents"]


def raw_documents(collection: Any) -> Iterator[bytes]:
    """Give them one after the other; of the stand-in in memory as it would have sent them."""
    if not isinstance(collection, Collection):
        yield from [bson.encode(document) for document in collection.find()]
        return
    batches: Any = collection.find_raw_batches({}, batch_size=1_000)
    for batch in batches:
        yield from raw.documents_of(batch)
