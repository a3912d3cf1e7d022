"""Field names and values that update operators and query filters get wrong, through plan and merge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bson
from bson import Code, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from pymongo.database import Database

from backup_engine.compare import compare
from backup_engine.create import create
from backup_engine.merge import merge, plan
from backup_engine.mongo import guarded
from backup_engine.mongo.guarded import Change
from backup_engine.records import raw as raw_bson
from tests.backup_engine.engine import workspace

Data = Database[dict[str, Any]]

ODD: dict[str, Any] = {
    "a.b": 1, "": "empty name", "$x": 2, "$set": {"a.b": {"$inc": 1}}, "$literal": "$$ROOT", "=1+1": "@x", "~": "~null",
    "a": {"b": 3}, "five": 5.0, "null": None, "nan": float("nan"), "long": Int64(5), "minus": -0.0,
    "decimal": Decimal128("1.50"), "text": "", "date": DatetimeMS(-(10**16)), "zero": Timestamp(0, 0),
    "list": [1, [2, {"$y": None}]], "code": Code("x", {"s": 1}), "regex": Regex("^a", "i"), "min": MinKey(),
    "max": MaxKey(), "id": ObjectId(), "line\r\nbreak": "\x00", "binary": b"\xff",
}
SIMILAR: dict[str, Any] = {
    **ODD, "a.b": 1.0, "": "other", "$x": Int64(2), "five": 5, "long": 5, "minus": 0.0, "decimal": Decimal128("1.5"),
    "nan": None, "a": {"b": 3, "c": 4}, "list": [1, [2, {"$y": 1}]], "text": None, "zero": Timestamp(0, 1),
}


def saved(database: Data, folder: Path, documents: list[bytes]) -> Any:
    put(database, documents)
    ws = workspace(folder, database)
    backup = create(ws, force=True).set
    assert backup is not None
    return ws, backup


def put(database: Data, documents: list[bytes]) -> None:
    database.Equipment.drop()
    guarded.apply(database.Equipment, [Change(None, document) for document in documents])
    assert stored(database) == sorted(documents)


def stored(database: Data) -> list[bytes]:
    return sorted(bytes(record.raw) for record in database.Equipment.with_options(codec_options=raw_bson.RAW).find())


def test_every_odd_field_comes_back_byte_for_byte(database: Data, tmp_path: Path) -> None:
    document = bson.encode({"_id": 1, **ODD})
    ws, backup = saved(database, tmp_path, [document])
    put(database, [bson.encode({"_id": 1, **SIMILAR})])

    planned = plan(ws, backup, "equipment")
    merged = merge(ws, planned)

    changed = {change.name.decode() for outcome in merged.report for change in outcome.fields}
    assert changed == {name for name in ODD if raw_bson.element_of(ODD[name]) != raw_bson.element_of(SIMILAR[name])}
    assert stored(database) == [document]
    assert plan(ws, backup, "equipment").unchanged == 1


NEARLY: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"a": 5}, {"a": 5.0}), ({"a": 5.0}, {"a": 5}), ({"a": None}, {}), ({"a": float("nan")}, {"a": None}),
    ({"a": 1}, {"a": [1]}), ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}), ({"a": "x"}, {"a": "x "}),
    ({"a": 0.0}, {"a": -0.0}), ({"a": True}, {"a": 1}), ({"a": Decimal128("1.0")}, {"a": Decimal128("1.00")}),
]


def test_nearly_equal_values_are_merged(database: Data, tmp_path: Path) -> None:
    wished = [bson.encode({"_id": number, **backup_has}) for number, (backup_has, _) in enumerate(NEARLY)]
    ws, backup = saved(database, tmp_path, wished)
    put(database, [bson.encode({"_id": number, **live_has}) for number, (_, live_has) in enumerate(NEARLY)])

    assert compare(ws, backup).different == len(NEARLY)
    merged = merge(ws, plan(ws, backup, "equipment"))

    assert merged.updated == len(NEARLY)
    assert stored(database) == sorted(wished)
    assert compare(ws, backup).same == len(NEARLY)


def test_a_field_that_only_live_has_stays(database: Data, tmp_path: Path) -> None:
    ws, backup = saved(database, tmp_path, [bson.encode({"_id": 1, "a.b": 1})])
    put(database, [bson.encode({"_id": 1, "": None, "$y": 1, "a": {"b": 2}})])

    merge(ws, plan(ws, backup, "equipment"))

    assert stored(database) == [bson.encode({"_id": 1, "": None, "$y": 1, "a": {"b": 2}, "a.b": 1})]


def test_a_field_named_twice(database: Data, tmp_path: Path) -> None:
    def document(identity: int, *values: int) -> bytes:
        fields = [(b"a", raw_bson.element_of(value)) for value in values]
        return raw_bson.build([(b"_id", raw_bson.element_of(identity)), *fields])

    wished = [document(1, 1, 2), document(2, 1, 2), document(3, 1)]
    ws, backup = saved(database, tmp_path, wished)
    put(database, [document(1, 1), document(2, 1, 3), document(3, 1, 2)])

    merge(ws, plan(ws, backup, "equipment"))

    assert stored(database) == sorted(wished)


def test_any_identity_is_updated_and_brought_back(database: Data, tmp_path: Path) -> None:
    identities: list[Any] = [
        None, float("nan"), 5.5, Int64(5), {"$ref": "x", "$id": 1}, {"a": [1]}, b"\0", "x.y", "$x", "", True,
        DatetimeMS(-(10**16)), Timestamp(0, 0), MinKey(), Code("x"), Decimal128("7.0"), ObjectId(),
    ]
    wished = [bson.encode({"_id": identity, "a": 1}) for identity in identities]
    ws, backup = saved(database, tmp_path, wished)
    put(database, [bson.encode({"_id": identity, "a": 2}) for identity in identities])

    assert merge(ws, plan(ws, backup, "equipment")).updated == len(identities)
    assert stored(database) == sorted(wished)
    database.Equipment.drop()
    assert merge(ws, plan(ws, backup, "equipment")).inserted == len(identities)
    assert stored(database) == sorted(wished)
