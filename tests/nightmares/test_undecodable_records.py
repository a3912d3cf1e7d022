"""Records that the server holds and Python cannot: dates after the year 9999, text that is no UTF-8. Nothing stops."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import DatetimeMS
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from backup_engine import drill, failpoints, merge, restore, undo
from backup_engine.cli.main import main
from backup_engine.compare import compare
from backup_engine.history import history_of
from backup_engine.lost import lost_and_found
from backup_engine.model import BackupSet
from backup_engine.mongo import raw_batches
from backup_engine.records import raw
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, back_up, workspace
from tests.backup_engine.legacy_sets import write_legacy_set
from tests.mongod import Mongod

Doc = dict[str, Any]
FAR = DatetimeMS(253402300800000)
"""The first moment of the year 10000."""


def broken(**fields: Any) -> bytes:
    """A document in which "abcd" is no UTF-8."""
    return bson.encode(fields).replace(b"abcd", b"a\xffcd")


ODD = [
    bson.encode({"_id": 1, "ID": 1, "Vendor": "ACME", "due": datetime(2026, 5, 1)}),
    bson.encode({"_id": 2, "ID": 2, "Vendor": "Babel", "due": FAR}),
    broken(_id=3, ID=3, Vendor="abcd", due=datetime(2026, 5, 3)),
    broken(_id="abcd", ID=4, Vendor="in the _id", due=datetime(2026, 5, 4)),
    broken(_id=5, ID=5, Vendor="in a name", due=datetime(2026, 5, 5), abcd=1),
]


@pytest.fixture
def live(database: Database[Doc]) -> Database[Doc]:
    put(database, ODD)
    with pytest.raises(InvalidBSON):  # else nothing here is odd
        list(database.Equipment.find())
    return database


def put(database: Database[Doc], documents: list[bytes]) -> None:
    database.Equipment.insert_many(map(RawBSONDocument, documents))


def stored(database: Database[Doc]) -> set[bytes]:
    return {document for batch in raw_batches.find(database.Equipment) for document in raw.documents_of(batch)}


def legacy(live: Database[Doc], folder: Path) -> tuple[Workspace, BackupSet]:
    clock = StillClock()
    rows = [{"ID": number, "Vendor": f"new {number}", "due": f"2026-06-0{number} 00:00:00"} for number in range(1, 6)]
    label = write_legacy_set(folder, clock(), rows)
    ws = workspace(folder, live, clock=clock)
    return ws, ws.catalog.find(label)


def test_a_set_of_the_original_system_is_restored_over_them(live: Database[Doc], tmp_path: Path) -> None:
    ws, backup = legacy(live, tmp_path)

    compared = compare(ws, backup)
    planned = merge.plan(ws, backup, "equipment")
    drilled = drill.drill(ws, backup)
    done = restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))

    assert compared.different == planned.updates == 5
    assert drilled.counts["equipment"] == done.counts["equipment"] == 5
    assert {raw.id_of(document) for document in stored(live)} == {raw.id_of(document) for document in ODD}
    assert stored(live) == {
        raw.build([(b"_id", raw.id_of(document)), *raw.elements(bson.encode(
            {"ID": number, "Vendor": f"new {number}", "due": datetime(2026, 6, number)}))])
        for number, document in enumerate(ODD, 1)}


def test_a_set_of_the_original_system_is_merged_into_them(live: Database[Doc], tmp_path: Path) -> None:
    ws, backup = legacy(live, tmp_path)

    merged = merge.merge(ws, merge.plan(ws, backup, "equipment"))

    assert (merged.updated, merged.conflicts, merged.refused) == (5, 0, 0)
    assert broken(_id=5, ID=5, Vendor="new 5", due=datetime(2026, 6, 5), abcd=1) in stored(live)


def test_they_are_compared_shown_and_found_again(live: Database[Doc], tmp_path: Path) -> None:
    ws = workspace(tmp_path, live)
    backup = back_up(ws)
    live.Equipment.update_many({}, {"$set": {"Vendor": "changed"}})
    live.Equipment.delete_many({"ID": {"$in": [4, 5]}})

    compared = compare(ws, backup)
    texts = compared.field_table()
    lost = lost_and_found(ws, "equipment")
    histories = [history_of(ws, "equipment", record.identity) for record in lost]

    assert (compared.different, compared.only_left) == (3, 2)
    assert "a\ufffdcd" in set(texts[compared.left])
    assert len(compared.record_table("only_left")) == 2
    assert len(merge.plan(ws, backup, "equipment").table()) > 0
    assert {record.document for record in lost} == set(ODD[3:])
    assert {history.versions[0].document for history in histories} == set(ODD[3:])
    merge.merge(ws, merge.plan(ws, backup, "equipment"))
    assert stored(live) == set(ODD)


def test_they_are_changed_while_the_list_is_replaced(live: Database[Doc], tmp_path: Path) -> None:
    ws = workspace(tmp_path, live)
    backup = back_up(ws)
    # the first is read again before the swap, the second replayed from its event
    failpoints.hooks["R4"] = lambda: live.Equipment.update_one({"ID": 4}, {"$set": {"Vendor": "late"}}) and None
    failpoints.hooks["R6"] = lambda: live.Equipment.update_one({"ID": 4}, {"$set": {"due": FAR}}) and None
    try:
        done = restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))
    finally:
        failpoints.hooks.clear()

    assert done.captured == 1
    assert stored(live) == set(ODD)
    undo.undo(ws)
    assert stored(live) == {*ODD[:3], broken(_id="abcd", ID=4, Vendor="late", due=FAR), ODD[4]}


def test_the_trash_may_hold_them(
    live: Database[Doc], shared_mongod: Mongod, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(workspace(tmp_path, live))
    live.Equipment_trash.insert_many([{"_id": place, "record": RawBSONDocument(document)}
                                      for place, document in enumerate(ODD[:3])])
    live.Equipment.delete_many({})

    with pytest.raises(SystemExit) as ended:
        main(["lost", "--json", "--uri", shared_mongod.uri, "--database", live.name, "--folder", str(tmp_path)])

    assert not ended.value.code
    assert [record["fields"]["ID"] for record in json.loads(capsys.readouterr().out)["lost"]] == ["4", "5"]


RULES = {"a type": {"due": {"$type": "string"}}, "a failing expression": {"$expr": {"$gt": [{"$toInt": "$Vendor"}, 0]}}}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_that_refuses_them_does_not_keep_them_out(live: Database[Doc], tmp_path: Path, rule: Doc) -> None:
    """The server shows the refused values in its answer, which the driver's own options could not read."""
    live.command("collMod", "Equipment", validator=rule)
    live.Equipment.insert_one({"_id": 9, "due": "text", "Vendor": "7"})
    ws = workspace(tmp_path, live)
    backup = back_up(ws)
    before = stored(live)

    drilled = drill.drill(ws, backup)
    done = restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))

    assert "5 records of Equipment do not meet its validation rules" in drilled.message
    assert "5 records of Equipment do not meet its validation rules" in done.message
    assert stored(live) == before
    live.Equipment.delete_many({})
    merged = merge.merge(ws, merge.plan(ws, backup, "equipment"))
    assert (merged.inserted, merged.refused) == (6, 0)
    assert stored(live) == before
