"""One instant of all collections, and noticing when the server cannot give one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import bson
import mongomock
import pytest
from bson import Binary, DatetimeMS, Regex
from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database

from backup_engine.model import OWNER_SOURCES
from backup_engine.mongo.snapshot import SnapshotChanged, take
from backup_engine.records import raw
from backup_engine.repository import manifest
from tests.backup_engine.engine import fill
from tests.mongod import Mongod

Live = Database[dict[str, Any]]


def ids(batches: Any) -> list[Any]:
    return [bson.decode(document)["_id"] for batch in batches for document in raw.documents_of(batch)]


def test_later_writes_are_not_seen_in_any_collection(database: Live) -> None:
    fill(database, records=10, options=3)

    with take(database, OWNER_SOURCES) as view:
        database.Equipment.insert_one({"_id": 10})
        database.Equipment_select_options.delete_many({})

        assert view.consistency == "snapshot"
        assert ids(view.read("equipment")) == list(range(10))
        assert ids(view.read("select_options")) == [0, 1, 2]
        assert ids(view.read_some("equipment", [b"\x10\x03\0\0\0", b"\x10\x63\0\0\0"])) == [3]
        view.changed()


def test_rows_come_in_id_order(database: Live) -> None:
    database.Equipment.insert_many([{"_id": n} for n in (5, "a", 1, None, 3.5)])

    with take(database, OWNER_SOURCES) as view:
        assert ids(view.read("equipment")) == [None, 1, 3.5, 5, "a"]


CHANGES: dict[str, Callable[[Live], Any]] = {
    "drop": lambda db: db.Equipment.drop(),
    "drop and create": lambda db: (db.Equipment.drop(), db.Equipment.insert_one({})),
    "rename away": lambda db: db.Equipment.rename("elsewhere"),
    "rename over it": lambda db: db.other.rename("Equipment", dropTarget=True),
    "create": lambda db: db.Equipment_select_options.insert_one({}),
    "index": lambda db: db.Equipment.create_index("Serial"),
    "index dropped": lambda db: db.Equipment.drop_index("Vendor_1"),
    "validator": lambda db: db.command("collMod", "Equipment", validator={"Serial": {"$type": "string"}}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_snapshot_cannot_show_is_noticed(database: Live, change: str) -> None:
    database.Equipment.insert_one({"Serial": "1"})
    database.Equipment.create_index("Vendor")
    database.other.insert_one({})

    with take(database, OWNER_SOURCES) as view:
        view.changed()
        CHANGES[change](database)

        with pytest.raises(SnapshotChanged):
            view.changed()


def test_options_and_indexes_survive_the_metadata_exactly(database: Live) -> None:
    validator = {"Serial": {"$regex": "^0", "$options": "i"}, "n": {"$not": Regex("x", "m")}}
    database.create_collection("Equipment", validator=validator, collation={"locale": "de", "strength": 2})
    database.Equipment.create_index([("b", DESCENDING), ("a", ASCENDING)], name="odd", unique=True,
                                    partialFilterExpression={"n": {"$gt": 5}})

    with take(database, OWNER_SOURCES) as view:
        options, indexes = view.options("equipment"), view.indexes("equipment")

    assert options["validator"] == validator
    assert [index["name"] for index in indexes] == ["_id_", "odd"]
    assert list(indexes[1]["key"]) == ["b", "a"]
    for description in (options, *indexes):
        kept = manifest.json_to_bson(manifest.bson_to_json(description))
        assert bson.encode(kept) == bson.encode(description)


def test_the_client_s_way_of_decoding_does_not_matter(shared_mongod: Mongod, database: Live) -> None:
    far = DatetimeMS(300_000_000_000_000)
    database.create_collection("Equipment", validator={"due": {"$ne": far}})
    with shared_mongod.client(uuidRepresentation="standard", tz_aware=True) as client:
        database = client[database.name]
        database.Equipment.insert_one({"_id": uuid.UUID(int=5), "due": None})
        database.Equipment.create_index("due", partialFilterExpression={"due": {"$gt": far}})

        with take(database, OWNER_SOURCES) as view:
            (document,) = raw.documents_of(b"".join(view.read("equipment")))
            assert view.options("equipment")["validator"]["due"]["$ne"] == far
            assert len(view.uuid("equipment") or b"") == 16
            view.changed()
    assert bson.decode(document)["_id"] == Binary(bytes(15) + b"\5", 4)


def test_a_missing_collection_is_an_empty_one(database: Live) -> None:
    with take(database, OWNER_SOURCES) as view:
        assert ids(view.read("equipment")) == []
        assert (view.uuid("equipment"), view.options("equipment"), view.indexes("equipment")) == (None, {}, ())


def test_a_stand_in_in_memory_is_read_plainly() -> None:
    database = mongomock.MongoClient().db
    fill(database, records=3, options=1)

    with take(database, OWNER_SOURCES) as view:
        assert view.consistency == "none"
        assert ids(view.read("equipment")) == [0, 1, 2]
        assert view.count("select_options") == 1
        view.changed()
