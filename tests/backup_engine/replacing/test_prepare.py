"""What a restore puts in place is what the drill rehearsed: options, load, indexes, proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine import drill, restore
from backup_engine.errors import RestoreStopped
from backup_engine.replacing import loading, staging
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, back_up, fill, raw, workspace
from tests.backup_engine.legacy_sets import write_legacy_set

Doc = dict[str, Any]
FAILING: dict[str, Doc] = {
    "division": {"$expr": {"$gt": [{"$divide": [1, "$n"]}, 0]}},
    "number of text": {"$expr": {"$gt": [{"$toInt": "$text"}, 0]}},
    "size of no list": {"$expr": {"$gt": [{"$size": "$list"}, 0]}},
}
"""Validators that fail on a record like ``BAD`` instead of saying no."""
GOOD, BAD = {"n": 1, "text": "7", "list": [1]}, {"n": 0, "text": "seven", "list": 1}


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path) -> Workspace:
    return workspace(tmp_path, database)


def put(database: Database[Doc], bad: int, good: int = 5) -> None:
    records = [*[GOOD] * good, *[BAD] * bad]
    database.Equipment.insert_many([{"_id": number, **record} for number, record in enumerate(records)],
                                   bypass_document_validation=True)


@pytest.mark.parametrize("rule", FAILING.values(), ids=FAILING)
@pytest.mark.parametrize("bad", [3, 40])
def test_a_validator_that_fails_on_old_records_stops_neither(
    ws: Workspace, database: Database[Doc], rule: Doc, bad: int
) -> None:
    database.create_collection("Equipment", validator=rule)
    put(database, bad)
    before = raw(database, "Equipment")
    backup = back_up(ws)
    database.Equipment.delete_many({})

    drilled = drill.drill(ws, backup)
    done = restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))

    number = "3 records" if bad == 3 else f"ore than {loading.REPEATS - 1} records"
    said = f"{number} of Equipment do not meet its validation rules; they are restored as they are"
    assert said in drilled.message and said in done.message
    assert raw(database, "Equipment") == before
    assert database.Equipment.options()["validator"] == rule


def test_many_records_that_break_a_rule_are_counted(ws: Workspace, database: Database[Doc]) -> None:
    rule = {"n": {"$gt": 0}}
    database.create_collection("Equipment", validator=rule)
    put(database, bad=3_000, good=2_000)
    backup = back_up(ws)

    assert "3,000 records of Equipment do not meet its validation rules" in drill.drill(ws, backup).message


def test_answers_about_refused_records_stay_small(database: Database[Doc]) -> None:
    """2,000 records of 2 KB that break 20 rules each in one answer: the server closed the connection."""
    fields = [f"f{number}" for number in range(20)]
    rules = {field: {"bsonType": "int", "minimum": 5, "enum": [1, 2]} for field in fields}
    staging.create(database, "stage", {"validator": {"$jsonSchema": {"properties": rules}}})
    documents = b"".join(bson.encode({"_id": n, **dict.fromkeys(fields, "x" * 100)}) for n in range(2_000))

    loaded = loading.load(database, "stage", [documents], validated=True)

    assert loaded.more and loaded.refused == loading.REPEATS
    assert database.stage.count_documents({}) == 2_000


def test_the_rules_of_the_list_as_it_is_now_play_no_part(ws: Workspace, database: Database[Doc]) -> None:
    saved = {"n": {"$gte": 0}}
    database.create_collection("Equipment", validator=saved)
    put(database, bad=3)
    before = raw(database, "Equipment")
    backup = back_up(ws)
    database.command("collMod", "Equipment", validator={"never": {"$exists": True}}, validationLevel="strict")

    drilled = drill.drill(ws, backup)
    done = restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))

    assert "validation" not in drilled.message + done.message
    assert raw(database, "Equipment") == before
    assert database.Equipment.options()["validator"] == saved


def test_a_set_of_the_original_system_is_drilled_with_what_the_list_has(
    database: Database[Doc], tmp_path: Path
) -> None:
    clock = StillClock()
    fill(database, 3)
    database.Equipment.create_index("Serial", unique=True)
    database.command("collMod", "Equipment", validator={"Vendor": {"$ne": "gone"}})
    ws = workspace(tmp_path, database, clock=clock)
    twice = ws.catalog.find(write_legacy_set(tmp_path, clock(), [{"Serial": "A"}, {"Serial": "A"}]))
    clock.pass_by(hours=1)
    rows = [{"Serial": "A", "Vendor": "gone"}, {"Serial": "B", "Vendor": "there"}]
    once = ws.catalog.find(write_legacy_set(tmp_path, clock(), rows))

    with pytest.raises(RestoreStopped, match="Serial_1 does not hold") as drilled:
        drill.drill(ws, twice)
    with pytest.raises(RestoreStopped, match="Serial_1 does not hold") as replaced:
        restore.replace(ws, restore.plan_replace(ws, twice, ["equipment"]))

    assert drilled.value.message == replaced.value.message
    said = "1 records of Equipment do not meet its validation rules"
    assert said in drill.drill(ws, once).message
    assert said in restore.replace(ws, restore.plan_replace(ws, once, ["equipment"])).message
