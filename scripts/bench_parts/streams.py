"""A collection of the usual documents, and the floor: reading it as any program would."""

from __future__ import annotations

from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection

from backup_engine.records.raw import documents_of
from scripts.bench_parts.documents import raw_batches

Documents = Collection[dict[str, Any]]


def fill(collection: Documents, count: int) -> None:
    """Put that many of the usual documents into an empty collection."""
    collection.drop()
    for batch in raw_batches(count):
        collection.insert_many(map(RawBSONDocument, documents_of(batch)), ordered=False)  # type: ignore[arg-type]


def decoded_and_dropped(collection: Documents) -> None:
    """The floor: what any program that looks at the documents pays."""
    for _ in collection.find({}, sort=[("_id", 1)]):
        pass
