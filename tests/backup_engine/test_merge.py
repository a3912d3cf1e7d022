"""Merging a backup into a list that went on: counts, safety backup, picks, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine import create, merge, undo
from backup_engine.compare import compare
from backup_engine.errors import BadInput, Cancelled, RestoreStopped, VerificationFailed
from backup_engine.merge import Pick
from backup_engine.model import BackupSet, Progress, Watch
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up, fill, raw, workspace

Data = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Data) -> Workspace:
    fill(database)
    return workspace(tmp_path, database)


@pytest.fixture
def backup(ws: Workspace) -> BackupSet:
    return back_up(ws)


def move_on(database: Data) -> None:
    """Delete record 1, change record 2, extend record 3, add record 99."""
    database.Equipment.delete_one({"_id": 1})
    database.Equipment.update_one({"_id": 2}, {"$set": {"Vendor": "changed"}})
    database.Equipment.update_one({"_id": 3}, {"$set": {"note": "new"}})
    database.Equipment.insert_one({"_id": 99, "Serial": "new"})


def test_brings_back_what_the_backup_has_and_keeps_the_rest(ws: Workspace, database: Data, backup: BackupSet) -> None:
    move_on(database)

    plan = merge.plan(ws, backup, "equipment")
    merged = merge.merge(ws, plan)

    assert (plan.inserts, plan.updates, plan.unchanged, plan.only_live) == (1, 1, 18, 1)
    assert plan.message == "1 added, 1 changed, 18 unchanged; 1 that are only in the current list stay."
    assert (merged.inserted, merged.updated, merged.unchanged, merged.conflicts) == (1, 1, 18, 0)
    assert merged.message == "Merge completed: 1 added, 1 changed, 18 unchanged."
    assert database.Equipment.find_one({"_id": 2}) == {"_id": 2, "Serial": "00002", "Vendor": "ACME, Inc."}
    assert database.Equipment.find_one({"_id": 3})["note"] == "new"
    assert database.Equipment.count_documents({}) == 21


def test_a_safety_backup_holds_the_state_before(ws: Workspace, database: Data, backup: BackupSet) -> None:
    move_on(database)
    before = raw(database, "Equipment")

    merged = merge.merge(ws, merge.plan(ws, backup, "equipment"))

    assert merged.safety is not None and merged.safety.trigger == "pre_restore"
    undone = merge.plan(ws, merged.safety, "equipment")
    assert (undone.inserts, undone.updates) == (0, 1)
    assert len(before) == merged.safety.counts["equipment"]


def test_a_second_merge_changes_nothing_and_makes_no_backup(ws: Workspace, database: Data, backup: BackupSet) -> None:
    move_on(database)
    merge.merge(ws, merge.plan(ws, backup, "equipment"))
    state = raw(database, "Equipment")

    again = merge.merge(ws, merge.plan(ws, backup, "equipment"))

    assert again.message == "Merge completed: 0 added, 0 changed, 20 unchanged."
    assert again.safety is None
    assert raw(database, "Equipment") == state


def test_both_collections_are_one_merge_and_one_undo(ws: Workspace, database: Data, backup: BackupSet) -> None:
    move_on(database)
    database["Equipment_select_options"].delete_many({})
    names = ["Equipment", "Equipment_select_options"]
    before = database.command("dbHash", collections=names)["collections"]
    sets = len(ws.catalog.sets())

    plans = [merge.plan(ws, backup, key) for key in ("equipment", "select_options")]
    done = merge.merge_all(ws, plans)

    assert all(merged.inserted for merged in done)
    assert len(ws.catalog.sets()) == sets + 1
    undo.undo(ws)
    assert database.command("dbHash", collections=names)["collections"] == before


def test_the_report_tells_fields_before_and_after(ws: Workspace, database: Data, backup: BackupSet) -> None:
    move_on(database)

    plan = merge.plan(ws, backup, "equipment")
    merged = merge.merge(ws, plan)

    rows = plan.table().to_dict("records")
    assert {"record": '~{"$numberInt": "2"}', "action": "update", "field": "Vendor", "now": "changed",
            "new": "ACME, Inc."} in rows
    assert [row["field"] for row in rows if row["action"] == "insert"] == ["_id", "Serial", "Vendor"]
    assert sorted(outcome.status for outcome in merged.report) == ["inserted", "updated"]


def test_only_picked_records_and_fields(ws: Workspace, database: Data, backup: BackupSet) -> None:
    database.Equipment.update_many({}, {"$set": {"Vendor": "x", "Serial": "y"}})
    database.Equipment.delete_many({"_id": {"$in": [1, 2]}})

    records = {'~{"$numberInt": "1"}': None, '~{"$numberInt": "5"}': frozenset({"Vendor"})}
    merged = merge.merge(ws, merge.plan(ws, backup, "equipment", pick=Pick(records=records)))

    assert (merged.inserted, merged.updated, merged.skipped) == (1, 1, 18)
    assert database.Equipment.find_one({"_id": 5}) == {"_id": 5, "Serial": "y", "Vendor": "ACME, Inc."}
    assert database.Equipment.find_one({"_id": 6})["Vendor"] == "x"
    assert database.Equipment.find_one({"_id": 2}) is None


def test_refused_records_are_reported_and_the_rest_merged(ws: Workspace, database: Data, backup: BackupSet) -> None:
    database.Equipment.delete_many({"_id": {"$in": [1, 2]}})
    database.Equipment.insert_one({"_id": "other", "Serial": "00001"})
    database.Equipment.create_index("Serial", unique=True)

    merged = merge.merge(ws, merge.plan(ws, backup, "equipment"))

    assert (merged.inserted, merged.refused) == (1, 1)
    assert merged.message.startswith("Merge completed, but not all of it: ")
    assert [outcome.why for outcome in merged.report if outcome.status == "refused"] == [
        "another record already has Serial = 00001"]


def test_a_merge_of_which_every_record_was_refused_leaves_undo_where_it_was(
    ws: Workspace, database: Data, backup: BackupSet
) -> None:
    database.Equipment.delete_one({"_id": 1})
    merge.merge(ws, merge.plan(ws, backup, "equipment"))
    before = undo.undoable(ws)
    records = list(database.Equipment.find())
    database.Equipment.delete_many({})
    database.Equipment.insert_many([{**record, "_id": float(record["_id"])} for record in records])

    merged = merge.merge(ws, merge.plan(ws, backup, "equipment"))

    assert (merged.extent, merged.refused) == ("nothing", 20)
    assert before is not None and undo.undoable(ws) == before


def test_a_changed_file_is_not_merged(ws: Workspace, database: Data, backup: BackupSet, tmp_path: Path) -> None:
    file = tmp_path / backup.day / str(backup.parts["equipment"].file)
    file.write_bytes(file.read_bytes().replace(b"ACME", b"AXME", 1))

    with pytest.raises(VerificationFailed):
        merge.plan(ws, backup, "equipment")


def test_without_a_safety_backup_nothing_is_merged(
    ws: Workspace, database: Data, backup: BackupSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    move_on(database)
    plan = merge.plan(ws, backup, "equipment")
    before = raw(database, "Equipment")

    def full(*_: Any, **__: Any) -> BackupSet:
        raise VerificationFailed("read back other bytes")

    monkeypatch.setattr(merge, "write_set", full)
    with pytest.raises(RestoreStopped, match="the safety backup could not be made"):
        merge.merge(ws, plan)

    assert raw(database, "Equipment") == before


def test_losing_the_locks_stops_before_the_next_commit(
    ws: Workspace, database: Data, backup: BackupSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.Equipment.delete_many({})
    plan = merge.plan(ws, backup, "equipment")
    write_set = merge.write_set

    def then_lose(ws: Workspace, held: Any, **options: Any) -> BackupSet:
        made = write_set(ws, held, **options)
        database.backup_restore_state.delete_many({})
        held.lease._until = 0.0
        return made

    monkeypatch.setattr(merge, "write_set", then_lose)
    with pytest.raises(RestoreStopped):
        merge.merge(ws, plan)

    assert database.Equipment.count_documents({}) == 0


def test_a_cancelled_merge_says_what_was_done(ws: Workspace, database: Data) -> None:
    database.Equipment.insert_many([{"_id": 1000 + number} for number in range(1500)])
    saved = create.create(ws, force=True).set
    assert saved is not None
    database.Equipment.delete_many({})
    plan = merge.plan(ws, saved, "equipment")
    seen: list[Progress] = []

    with pytest.raises(Cancelled, match="1,000 records were merged before"):
        merge.merge(ws, plan, watch=Watch(seen.append, lambda: any(progress.phase == "Writing" for progress in seen)))

    assert database.Equipment.count_documents({}) == 1000


def test_the_other_collection_and_one_that_does_not_exist(ws: Workspace, database: Data, backup: BackupSet) -> None:
    database.Equipment_select_options.drop()

    merged = merge.merge(ws, merge.plan(ws, backup, "select_options"))

    assert merged.inserted == 5
    assert database.Equipment_select_options.count_documents({}) == 5


def test_a_view_is_not_merged_into(ws: Workspace, database: Data, backup: BackupSet) -> None:
    database.Equipment.drop()
    database.create_collection("other")
    database.create_collection("Equipment", viewOn="other")

    with pytest.raises(BadInput, match="is a view"):
        merge.merge(ws, merge.plan(ws, backup, "equipment"))


def test_a_differential_set_merges_and_compares_like_a_full_one(
    ws: Workspace, database: Data, backup: BackupSet
) -> None:
    database.Equipment.delete_one({"_id": 1})
    database.Equipment.update_one({"_id": 2}, {"$set": {"Vendor": "second"}})
    small = create.create(ws, force=True, kind="differential").set
    assert small is not None and small.kind == "differential"
    database.Equipment.update_one({"_id": 2}, {"$set": {"Vendor": "third"}})
    database.Equipment.delete_one({"_id": 3})

    comparison = compare(ws, backup, small)
    merged = merge.merge(ws, merge.plan(ws, small, "equipment"))

    assert (comparison.only_left, comparison.different, comparison.same) == (1, 1, 18)
    assert (merged.inserted, merged.updated, merged.unchanged) == (1, 1, 17)
    assert database.Equipment.find_one({"_id": 2})["Vendor"] == "second"
    assert database.Equipment.find_one({"_id": 1}) is None


def test_a_differential_set_without_its_full_one_names_it(
    ws: Workspace, database: Data, backup: BackupSet, tmp_path: Path
) -> None:
    database.Equipment.delete_one({"_id": 1})
    small = create.create(ws, force=True, kind="differential").set
    assert small is not None
    file = tmp_path / backup.day / str(backup.parts["equipment"].file)
    file.write_bytes(file.read_bytes().replace(b"ACME", b"AXME", 1))

    with pytest.raises(VerificationFailed, match=backup.label):
        merge.plan(ws, small, "equipment")
    (tmp_path / backup.day / backup.metadata_file).unlink()
    with pytest.raises(VerificationFailed, match="it rests on is"):
        merge.plan(ws, small, "equipment")


def test_the_demo_in_memory_merges_too(tmp_path: Path) -> None:
    demo = mongomock.MongoClient()["demo"]
    demo.Equipment.insert_many([{"_id": n, "Serial": f"{n:05d}"} for n in range(10)])
    ws = workspace(tmp_path, demo)
    saved = create.create(ws, force=True).set
    assert saved is not None
    demo.Equipment.delete_one({"_id": 1})
    demo.Equipment.update_one({"_id": 2}, {"$set": {"Serial": "x"}})

    merged = merge.merge(ws, merge.plan(ws, saved, "equipment"))

    assert (merged.inserted, merged.updated, merged.unchanged) == (1, 1, 8)
    assert merge.plan(ws, saved, "equipment").unchanged == 10


def test_a_later_validator_does_not_keep_old_records_out(ws: Workspace, database: Data, backup: BackupSet) -> None:
    database.Equipment.delete_one({"_id": 4})
    database.command("collMod", "Equipment", validator={"must": {"$exists": True}})

    merged = merge.merge(ws, merge.plan(ws, backup, "equipment"))

    assert merged.inserted == 1
