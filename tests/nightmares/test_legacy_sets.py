"""Sets of the original system, as it wrote them and as years left them: they list, preview, compare, merge, replace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from bson import ObjectId
from pymongo.database import Database

from backup_engine import merge, prune, restore
from backup_engine.api import DatabaseBackupRestore
from backup_engine.compare import compare
from backup_engine.create import create
from backup_engine.errors import BackupFileNotFound, VerificationFailed
from backup_engine.model import BackupSet
from backup_engine.repository import contents, record_stream
from backup_engine.undo import undo
from backup_engine.verify import require, verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, raw, workspace
from tests.backup_engine.stored import snapshot

LABEL = "20250605_101500"
DAY = "thursday"
LIVE: list[dict[str, Any]] = [
    {"_id": ObjectId(), "ID": 1, "Vendor": "ACME", "Serial": "00123", "Last Cal Date": "6.8.2013", "Value": "3,000",
     "Year": "<2015", "Comments": ""},
    {"_id": ObjectId(), "ID": 2, "Vendor": "Größe & Co", "Serial": "A-7", "Last Cal Date": "NO CAL NEEDED", "Value": 12,
     "Year": 2019, "Comments": "two\nlines, and \"quotes\""},
    {"_id": ObjectId(), "ID": 3, "Vendor": "NA", "Serial": "null", "Last Cal Date": "", "Value": "", "Year": 2020,
     "Comments": "lone\rCR"},
]


def put_set(
    path: Path, equipment: bytes | None, options: bytes | None, counts: tuple[int, int], **more: Any
) -> None:
    """Write one set as the original system left it: no file at all for an empty collection."""
    day = path / DAY
    day.mkdir(parents=True, exist_ok=True)
    for key, data in (("equipment", equipment), ("select_options", options)):
        if data is not None:
            (day / f"{key}_backup_{LABEL}.csv").write_bytes(data)
    (day / f"backup_metadata_{LABEL}.json").write_text(json.dumps({
        "backup_timestamp": "2025-06-05T10:15:00.123456", "backup_interval_hours": 0.01, "day_of_week": "tuesday",
        "equipment_records_count": counts[0], "select_options_records_count": counts[1],
        "equipment_file": f"equipment_backup_{LABEL}.csv", "select_options_file": f"select_options_backup_{LABEL}.csv",
        "backup_hash": "9e107d9d372bb6826bd81d3542a419d6", **more,
    }))


def as_pandas_wrote(documents: list[dict[str, Any]]) -> bytes:
    """The original's ``DataFrame(list(find({}, {"_id": 0}))).to_csv(index=False)``."""
    frame = pd.DataFrame([{key: value for key, value in document.items() if key != "_id"} for document in documents])
    return frame.to_csv(index=False, lineterminator="\n").encode()


def here(path: Path, database: Database) -> tuple[Workspace, BackupSet]:
    """A workspace and its one legacy set."""
    ws = workspace(path, database, clock=StillClock())
    return ws, ws.catalog.find(LABEL)


@pytest.fixture
def live(database: Database) -> Database:
    """A database that holds what the legacy set was made of."""
    database.Equipment.insert_many([dict(record) for record in LIVE])
    return database


def test_lists_and_previews_what_is_in_the_file(tmp_path: Path, live: Database) -> None:
    put_set(tmp_path, as_pandas_wrote(LIVE), None, (3, 0))
    ws, backup = here(tmp_path, live)

    table, total = contents.preview(ws, backup, "equipment", 10)

    assert backup.state == "legacy" and backup.counts == {"equipment": 3, "select_options": 0}
    assert total == 3 and table["Serial"].tolist() == ["00123", "A-7", "null"]
    assert table.loc[2, "Comments"] == "lone\rCR" and table.loc[2, "Vendor"] == "NA"
    assert verify(ws, backup, 2).notes == ("unverifiable (legacy)",) and verify(ws, backup, 2).ok
    listed = DatabaseBackupRestore(backup_folder=str(tmp_path), connect=lambda: live).get_available_backups()
    assert listed[DAY][0]["equipment_records_count"] == 3


def test_replace_by_its_own_legacy_set_changes_nothing(tmp_path: Path, live: Database) -> None:
    put_set(tmp_path, as_pandas_wrote(LIVE), None, (3, 0))
    ws, backup = here(tmp_path, live)
    before = raw(live, "Equipment")

    restore.replace(ws, restore.plan_replace(ws, backup, ("equipment",)))

    assert raw(live, "Equipment") == before


def test_merge_twice_changes_nothing_the_second_time(tmp_path: Path, live: Database) -> None:
    put_set(tmp_path, as_pandas_wrote(LIVE), None, (3, 0))
    ws, backup = here(tmp_path, live)
    live.Equipment.delete_one({"ID": 3})
    live.Equipment.update_one({"ID": 1}, {"$set": {"Vendor": "other"}})
    live.Equipment.insert_one({"ID": 9, "Serial": "new", "Vendor": "only here"})

    first = merge.merge(ws, merge.plan(ws, backup, "equipment"))
    after = raw(live, "Equipment")
    second = merge.merge(ws, merge.plan(ws, backup, "equipment"))

    assert (first.inserted, first.updated) == (1, 1)
    assert (second.inserted, second.updated) == (0, 0) and raw(live, "Equipment") == after
    assert live.Equipment.find_one({"ID": 3})["Year"] == 2020
    assert live.Equipment.find_one({"ID": 9})["Vendor"] == "only here"


def test_compare_with_an_unchanged_list_finds_no_difference(tmp_path: Path, live: Database) -> None:
    put_set(tmp_path, as_pandas_wrote(LIVE), None, (3, 0))
    ws, backup = here(tmp_path, live)

    comparison = compare(ws, backup, "current", "equipment")

    assert (comparison.only_left, comparison.only_right, comparison.different, comparison.same) == (0, 0, 0, 3)


def test_empty_collection_has_no_file_and_restores_to_empty(tmp_path: Path, live: Database) -> None:
    live.Equipment_select_options.insert_one({"Category": "x"})
    put_set(tmp_path, as_pandas_wrote(LIVE), None, (3, 0))
    ws, backup = here(tmp_path, live)

    restore.replace(ws, restore.plan_replace(ws, backup, ("select_options",)))

    assert live.Equipment_select_options.count_documents({}) == 0
    undo(ws)
    assert live.Equipment_select_options.count_documents({}) == 1


def test_missing_file_of_a_collection_that_was_not_empty(tmp_path: Path, live: Database) -> None:
    put_set(tmp_path, as_pandas_wrote(LIVE), None, (3, 4))
    ws, backup = here(tmp_path, live)
    before = raw(live, "Equipment")

    with pytest.raises(BackupFileNotFound, match="select_options_backup"):
        require(ws, backup, 2)
    with pytest.raises((BackupFileNotFound, VerificationFailed)):
        restore.replace(ws, restore.plan_replace(ws, backup, ("select_options",)))
    restore.replace(ws, restore.plan_replace(ws, backup, ("equipment",)))
    assert raw(live, "Equipment") == before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encodings_give_the_same_records(tmp_path: Path, live: Database, encoding: str) -> None:
    put_set(tmp_path, as_pandas_wrote(LIVE).decode().encode(encoding), None, (3, 0))
    ws, backup = here(tmp_path, live)
    before = raw(live, "Equipment")

    restore.replace(ws, restore.plan_replace(ws, backup, ("equipment",)))

    assert raw(live, "Equipment") == before
    said = contents.decisions(ws, backup, "equipment", record_stream.profile_of(ws, record_stream.CURRENT, "equipment"))
    assert any("Windows-1252" in decision for decision in said) is (encoding == "cp1252")


def test_saved_on_windows(tmp_path: Path, live: Database) -> None:
    frame = pd.DataFrame(LIVE).drop(columns="_id")
    put_set(tmp_path, frame.to_csv(index=False, lineterminator="\r\n").encode(), None, (3, 0))
    ws, backup = here(tmp_path, live)
    before = raw(live, "Equipment")

    restore.replace(ws, restore.plan_replace(ws, backup, ("equipment",)))

    assert raw(live, "Equipment") == before


def test_extra_column_becomes_a_field(tmp_path: Path, live: Database) -> None:
    put_set(tmp_path, as_pandas_wrote([{**record, "Shelf": n} for n, record in enumerate(LIVE)]), None, (3, 0))
    ws, backup = here(tmp_path, live)

    restore.replace(ws, restore.plan_replace(ws, backup, ("equipment",)))

    assert [record["Shelf"] for record in live.Equipment.find(sort=[("ID", 1)])] == [0, 1, 2]


DAMAGED = {
    "a row too many": (as_pandas_wrote([*LIVE, {**LIVE[0], "ID": 4}]), "holds 4 rows, its metadata says 3"),
    "a row too few": (as_pandas_wrote(LIVE[:2]), "holds 2 rows, its metadata says 3"),
    "cut short in a row": (as_pandas_wrote(LIVE)[:-30], "cells where the header has|ends inside a quoted cell"),
    "a cell too many": (as_pandas_wrote(LIVE).replace(b"ACME,", b"ACME,,"), "row 1 has 8 cells where the header has 7"),
    "empty file": (b"", "holds 0 rows"),
    "quote not closed": (as_pandas_wrote(LIVE).replace(b"ACME", b'"ACME'), "quoted cell|cells where"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damage_is_named_and_nothing_is_replaced(tmp_path: Path, live: Database, damage: str) -> None:
    data, words = DAMAGED[damage]
    put_set(tmp_path, data, None, (3, 0))
    ws, backup = here(tmp_path, live)
    before = raw(live, "Equipment")

    with pytest.raises(VerificationFailed, match=words):
        require(ws, backup, 2)
    with pytest.raises(VerificationFailed):
        restore.replace(ws, restore.plan_replace(ws, backup, ("equipment",)))

    assert raw(live, "Equipment") == before


def test_they_do_not_count_as_new_and_are_not_pruned(tmp_path: Path, live: Database) -> None:
    put_set(tmp_path, as_pandas_wrote(LIVE), None, (3, 0))
    ws = workspace(tmp_path, live, clock=StillClock())
    ws.clock.pass_by(days=400)  # type: ignore[attr-defined]
    legacy = {name: data for name, data in snapshot(tmp_path).items() if LABEL in name}

    made = create(ws).set
    prune.prune(ws)

    assert made is not None and ws.catalog.sets()[0].label == LABEL
    assert legacy.items() <= snapshot(tmp_path).items()


def test_nan_never_gets_in(tmp_path: Path, database: Database) -> None:
    frame = pd.DataFrame({"ID": [1, 2], "Price": [1.5, None], "When": ["x", None]})
    database.Equipment.insert_one({"ID": 7, "Price": float("nan"), "When": "y"})
    put_set(tmp_path, frame.to_csv(index=False).encode(), None, (2, 0))
    ws, backup = here(tmp_path, database)

    restore.replace(ws, restore.plan_replace(ws, backup, ("equipment",)))

    second = database.Equipment.find_one({"ID": 2})
    assert second["Price"] == "" and second["When"] == ""
