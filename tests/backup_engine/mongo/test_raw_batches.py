"""Batches from a cursor are those of ``find_raw_batches``, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo.cursor import RawBatchCursor
from pymongo.database import Database
from pymongo.errors import OperationFailure

from backup_engine.mongo import raw_batches
from backup_engine.records.raw import documents_of

Db = Database[dict[str, Any]]


@pytest.fixture
def documents(database: Db) -> Iterator[list[bytes]]:
    made = [bson.encode({"_id": number, "firstBatch": [{"a": "x" * (number % 50)}], "cursor": {"id": number}})
            for number in range(1_234)]
    database.things.insert_many(map(RawBSONDocument, made))  # type: ignore[arg-type]
    yield made


@pytest.mark.parametrize("size", [1, 7, 100, 5_000])
def test_every_document_comes_as_it_is_stored(database: Db, documents: list[bytes], size: int) -> None:
    count = 20 if size == 1 else len(documents)

    with raw_batches.find(database.things, sort=[("_id", 1)], batch_size=size, limit=count) as batches:
        received = [document for batch in batches for document in documents_of(batch)]

    assert received == documents[:count]


def test_the_drivers_own_way_gives_the_same(
    database: Db, documents: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = list(raw_batches.find(database.things, {"_id": {"$gt": 9}}, sort=[("_id", 1)]))
    monkeypatch.setattr(raw_batches, "HOOK", "gone")
    theirs = list(raw_batches.find(database.things, {"_id": {"$gt": 9}}, sort=[("_id", 1)]))

    assert ours == theirs
    assert type(raw_batches.find(database.things)) is RawBatchCursor


def test_this_driver_is_built_as_we_know_it(
    database: Db, documents: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the driver's own way was used")

    monkeypatch.setattr(RawBatchCursor, raw_batches.HOOK, refuse)

    assert b"".join(raw_batches.find(database.things, sort=[("_id", 1)])) == b"".join(documents)


def test_within_a_snapshot_nothing_newer_is_seen(database: Db, documents: list[bytes]) -> None:
    with database.client.start_session(snapshot=True) as session:
        list(raw_batches.find(database.things, {"_id": 0}, session=session))
        database.things.delete_many({})
        received = b"".join(raw_batches.find(database.things, session=session, sort=[("_id", 1)], batch_size=100))

    assert received == b"".join(documents)


def test_an_empty_answer_and_a_refused_question(database: Db) -> None:
    assert list(raw_batches.find(database.things)) == []
    with pytest.raises(OperationFailure):
        list(raw_batches.find(database.things, {"$nonsense": 1}))
