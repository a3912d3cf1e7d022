"""The whole way on a real server: insert raw, read raw, write, read, insert elsewhere, compare ``dbHash``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.database import Database

from backup_engine.records.raw import documents_of, filter_by_id, has_zero_timestamp, id_of
from tests.backup_engine.bson_corpus import corpus, large, wide
from tests.backup_engine.files import returned, written

REFUSED_OR_CHANGED_BY_THE_SERVER = {"bool that is 2", "_id last"}
Documents = Collection[dict[str, Any]]


def insert_exactly(collection: Documents, documents: Iterable[bytes]) -> None:
    """Insert as is; a top-level ``Timestamp(0, 0)``, which the server would replace, takes a second write."""
    for raw in documents:
        collection.insert_one(RawBSONDocument(raw))  # type: ignore[arg-type]
        if has_zero_timestamp(raw):
            collection.update_one(filter_by_id(id_of(raw)), [{"$replaceWith": {"$literal": RawBSONDocument(raw)}}])


def stored(collection: Documents) -> list[bytes]:
    """Everything in the collection as the server sends it, by ``_id``."""
    return [raw for batch in collection.find_raw_batches({}, sort=[("_id", 1)]) for raw in documents_of(batch)]


def hashes(database: Database[dict[str, Any]]) -> dict[str, str]:
    return dict(database.command("dbHash")["collections"])


def test_the_corpus_has_the_same_hash_after_the_round_trip(database: Database[dict[str, Any]]) -> None:
    accepted = [raw for name, raw in corpus().items() if name not in REFUSED_OR_CHANGED_BY_THE_SERVER]
    documents = [*accepted, wide(20_000), large(16 * 2**20 - 64)]
    insert_exactly(database["before"], documents)
    before = stored(database["before"])
    insert_exactly(database["after"], returned(*written(before)))

    assert before == documents, "the server stores the corpus as it is"
    assert stored(database["after"]) == before
    assert hashes(database)["after"] == hashes(database)["before"]


def test_ids_of_all_types_keep_their_order(database: Database[dict[str, Any]]) -> None:
    ids: list[Any] = [bson.MinKey(), None, 5, bson.Int64(6), 6.5, bson.Decimal128("7"), "a", "=a", {"a": 1}, b"x",
                      bson.ObjectId(), True, bson.Timestamp(1, 1), bson.MaxKey(), {"b": [1]}]
    database["before"].insert_many([{"_id": identity, "n": number} for number, identity in enumerate(ids)])
    before = stored(database["before"])
    insert_exactly(database["after"], returned(*written(before)))

    assert stored(database["after"]) == before
    assert hashes(database)["after"] == hashes(database)["before"]
