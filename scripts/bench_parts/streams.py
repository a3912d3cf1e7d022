"""Reading a collection as any program would, and writing it as we do: the floor and the data path of a backup."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection

from backup_engine.codec import split
from backup_engine.snapshot import BATCH_DOCUMENTS
from backup_engine.writer import write
from scripts.bench_parts.documents import raw_batches

Documents = Collection[dict[str, Any]]


def fill(collection: Documents, count: int) -> None:
    """Put that many of the usual documents into an empty collection."""
    collection.drop()
    for batch in raw_batches(count):
        collection.insert_many(map(RawBSONDocument, split(batch)), ordered=False)  # type: ignore[arg-type]


def decoded_and_dropped(collection: Documents) -> None:
    """The floor: what any program that looks at the documents pays."""
    for _ in collection.find({}, sort=[("_id", 1)]):
        pass


def written(collection: Documents, path: Path) -> None:
    """Our rows, synced to disk, without decoding them again and without reading the file back."""
    with path.open("wb") as file:
        batches = collection.find_raw_batches({}, sort=[("_id", 1)], batch_size=BATCH_DOCUMENTS)
        write(batches, file, expected=collection.estimated_document_count(), prove=False)
        file.flush()
        os.fsync(file.fileno())
