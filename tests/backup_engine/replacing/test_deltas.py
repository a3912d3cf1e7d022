"""Updates replayed from change events give the very bytes the server has."""

from __future__ import annotations

import random
from typing import Any

import bson
import pytest
from bson import Decimal128, Int64
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from backup_engine.records import raw
from backup_engine.replacing.deltas import apply_update

Doc = dict[str, Any]
BEFORE: Doc = {"_id": 1, "a": 1, "s": {"b": [1, 2, 3, {"c": 4}], "t": {"u": 5}}, "l": list(range(8)), "z": Int64(7)}

UPDATES: list[Any] = [
    {"$set": {"a": 2, "new": "x", "s.b.3.c": Decimal128("1.50")}},
    {"$unset": {"a": 1, "s.t.u": 1}, "$set": {"s.t.v": None}},
    {"$pop": {"l": 1}, "$set": {"s.b.1": [{}]}},
    {"$push": {"l": {"$each": [1, 2], "$slice": -3}}},
    {"$set": {"l.11": "far"}},
    {"$set": {"s.new.deep.er": 1}},
    {"$rename": {"a": "aa"}},
    {"$mul": {"z": 2}, "$inc": {"a": 1.5}},
    [{"$replaceWith": {"$mergeObjects": [{"_id": 1, "z": 0}, "$$ROOT", {"q": "$s"}]}}],
    [{"$unset": "a"}, {"$set": {"a": 9}}],
    [{"$set": {"l": {"$slice": ["$l", 2]}, "s.b": {"$slice": ["$s.b", 3]}}}],
    [{"$replaceWith": {"$setField": {"field": "dot.ted", "input": "$$ROOT", "value": 5}}}],
]


@pytest.mark.parametrize("update", UPDATES, ids=str)
def test_replays_one_update(database: Database[Doc], update: Any) -> None:
    assert _replayed(database, [BEFORE], [update]) == _stored(database)


@pytest.mark.parametrize("seed", range(5))
def test_replays_many_random_updates(database: Database[Doc], seed: int) -> None:
    chance = random.Random(seed)

    replayed = _replayed(database, [BEFORE], [_random_update(chance) for _ in range(60)])

    assert replayed == _stored(database)


DOUBLED = raw.build([(name, raw.element_of(value)) for name, value in (
    (b"_id", 1), (b"a", 1), (b"b", {"x": 1}), (b"a", 2), (b"b", {"x": 5}), (b"c", 1), (b"a", 3))])


@pytest.mark.parametrize("update", [
    {"$set": {"a": 9}}, {"$unset": {"a": 1}}, {"$set": {"b.x": 7}}, {"$unset": {"b.x": 1}}, {"$set": {"c": 3}},
    {"$inc": {"a": 5}}, {"$set": {"new": 1}}, {"$rename": {"a": "q"}},
], ids=str)
def test_a_name_that_a_document_has_twice_stays_twice(database: Database[Doc], update: Doc) -> None:
    assert _replayed(database, [DOUBLED], [update]) == _stored(database)


def _random_update(chance: random.Random) -> Doc:
    path = ".".join(chance.choice("abcs") for _ in range(chance.randint(1, 3)))
    value = chance.choice([1, "text", None, 2.5, [1, 2], {"a": 1}, {"b": {"c": [0]}}])
    return chance.choice([{"$set": {path: value}}, {"$unset": {path: 1}}, {"$push": {f"l{path[0]}": value}},
                          {"$pop": {f"l{path[0]}": -1}}, [{"$set": {path: {"$ifNull": ["$a", value]}}}]])


def _replayed(database: Database[Doc], documents: list[Any], updates: list[Any]) -> bytes:
    """Run updates on the server and replay their events on the document as it was."""
    stored = [document if isinstance(document, bytes) else bson.encode(document) for document in documents]
    database.live.insert_many(map(RawBSONDocument, stored))
    current = stored[0]
    with database.with_options(codec_options=raw.RAW).watch() as stream:
        for update in updates:
            _try_update(database, update)
        database.end.insert_one({})
        for event in stream:
            if event["ns"]["coll"] == "end":
                return current
            if event["operationType"] == "replace":
                current = event["fullDocument"].raw
            else:
                current = apply_update(current, event["updateDescription"].raw)
    raise AssertionError("the stream ended")


def _try_update(database: Database[Doc], update: Any) -> None:
    """Apply it; what makes no sense for the document as it is (a path through a number) is refused and skipped."""
    result = database.command("update", "live", updates=[{"q": {"_id": 1}, "u": update}], check=False)
    assert result["n"] == 1 or result["writeErrors"]


def _stored(database: Database[Doc]) -> bytes:
    return next(iter(database.live.with_options(codec_options=raw.RAW).find({}))).raw
