"""The owner's API: its shapes, its sentences, and that it never raises."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine import api
from backup_engine.model import DAYS

Db = Database[dict[str, Any]]
ROOT = Path(__file__).parents[2]
UNREACHABLE = "mongodb://ada:secret@127.0.0.1:9/?serverSelectionTimeoutMS=200"


@pytest.fixture
def system(database: Db, tmp_path: Path) -> DatabaseBackupRestore:
    database["Equipment"].insert_many([{"_id": number, "Serial": f"{number:03}"} for number in range(5)])
    return DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path))


@pytest.fixture
def unreachable(tmp_path: Path) -> DatabaseBackupRestore:
    return DatabaseBackupRestore(UNREACHABLE, backup_folder=str(tmp_path))


def newest(system: DatabaseBackupRestore) -> dict[str, Any]:
    return max((day[0] for day in system.get_available_backups().values() if day), key=lambda metadata: metadata["seq"])


def test_create_gives_success_path_and_message(system: DatabaseBackupRestore, tmp_path: Path) -> None:
    success, backup_file, message = system.create_backup(backup_interval_hours=1)

    assert success is True
    assert backup_file is not None
    assert Path(backup_file).parent.parent == tmp_path
    assert Path(backup_file).name.startswith("equipment_backup_")
    assert Path(backup_file).exists()
    assert message.startswith("Backup created successfully")


def test_within_the_interval_nothing_is_made(system: DatabaseBackupRestore) -> None:
    system.create_backup(backup_interval_hours=1)

    success, backup_file, message = system.create_backup(backup_interval_hours=1)

    assert (success, backup_file) == (False, None)
    assert message.startswith("Backup not needed. Last backup was")
    assert "(interval: 1 hours)" in message


def test_force_skips_the_due_check(system: DatabaseBackupRestore) -> None:
    system.create_backup()

    assert system.create_backup(force=True)[0] is True


def test_backups_are_listed_by_day_newest_first(system: DatabaseBackupRestore) -> None:
    system.create_backup(force=True)
    system.create_backup(force=True)

    backups = system.get_available_backups()

    assert set(backups) == set(DAYS)
    assert next(iter(backups)) == "sunday"
    (made,) = [day for day in backups.values() if day]
    assert [metadata["seq"] for metadata in made] == [2, 1]
    assert {"backup_timestamp", "backup_interval_hours", "day_of_week", "equipment_records_count",
            "select_options_records_count", "equipment_file", "select_options_file", "backup_hash"} <= set(made[0])
    assert made[0]["equipment_records_count"] == 5


def test_replace_makes_the_list_the_backup(system: DatabaseBackupRestore, database: Db) -> None:
    system.create_backup()
    database["Equipment"].delete_one({"_id": 0})
    database["Equipment"].insert_one({"_id": 99})

    success, message = system.restore_from_backup(newest(system))

    assert success is True, message
    assert [record["_id"] for record in database["Equipment"].find().sort("_id", 1)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("mode", ["merge", "smart_merge"])
def test_merge_brings_back_and_keeps(system: DatabaseBackupRestore, database: Db, mode: str) -> None:
    system.create_backup()
    database["Equipment"].delete_one({"_id": 0})
    database["Equipment"].insert_one({"_id": 99})

    success, message = system.restore_from_backup(newest(system), "equipment", mode)

    assert success is True, message
    assert [record["_id"] for record in database["Equipment"].find().sort("_id", 1)] == [0, 1, 2, 3, 4, 99]


def test_undo_takes_a_restore_back(system: DatabaseBackupRestore, database: Db) -> None:
    system.create_backup()
    database["Equipment"].insert_one({"_id": 99})
    system.restore_from_backup(newest(system))

    success, message = system.undo_restore()

    assert success is True, message
    assert database["Equipment"].count_documents({"_id": 99}) == 1


@pytest.mark.parametrize(
    "wrong", [("nothing", "replace"), ("equipment", "sideways"), ("", ""), (None, None), ("equipment", 7)]
)
def test_an_unknown_type_or_mode_is_refused(system: DatabaseBackupRestore, database: Db, wrong: Any) -> None:
    system.create_backup()
    database["Equipment"].delete_one({"_id": 0})

    success, message = system.restore_from_backup(newest(system), *wrong)

    assert success is False
    assert message
    assert database["Equipment"].count_documents({}) == 4


@pytest.mark.parametrize("interval", [0, 0.05, 169, float("nan"), float("inf"), "x"])
def test_an_interval_out_of_bounds_is_refused(system: DatabaseBackupRestore, interval: Any) -> None:
    success, backup_file, message = system.create_backup(interval)

    assert (success, backup_file) == (False, None)
    assert "0.1" in message
    assert "168" in message


def test_a_changed_file_is_refused_and_the_list_stays(
    system: DatabaseBackupRestore, database: Db, tmp_path: Path
) -> None:
    system.create_backup()
    file = next(tmp_path.glob("*day/equipment_backup_*.csv"))
    file.write_bytes(file.read_bytes().replace(b"003", b"004"))
    database["Equipment"].delete_one({"_id": 0})

    success, message = system.restore_from_backup(newest(system))

    assert success is False
    assert message.startswith("Backup verification failed")
    assert database["Equipment"].count_documents({}) == 4


def test_with_the_database_down_backups_can_still_be_looked_at(
    system: DatabaseBackupRestore, unreachable: DatabaseBackupRestore
) -> None:
    system.create_backup()
    metadata = newest(unreachable)

    assert unreachable.create_backup(force=True)[2].startswith("Database connection failed")
    assert unreachable.restore_from_backup(metadata)[1].startswith("Database connection failed")
    assert unreachable.verify_backup(metadata)[0] is True
    success, table, message = unreachable.preview_backup(metadata)
    assert success is True, message
    assert table is not None
    assert list(table["Serial"]) == ["000", "001", "002", "003", "004"]


def test_a_password_never_reaches_a_message(unreachable: DatabaseBackupRestore) -> None:
    message = unreachable.create_backup(force=True)[2]

    assert "127.0.0.1:9" in message
    assert "secret" not in message
    assert "ada" not in message


@pytest.mark.parametrize("metadata", [None, {}, [], "x", {"backup_id": "nope"}, {"backup_timestamp": 7}])
def test_metadata_that_names_no_backup_is_answered_in_words(system: DatabaseBackupRestore, metadata: Any) -> None:
    asks: list[Callable[[], tuple[Any, ...]]] = [
        lambda: system.restore_from_backup(metadata),
        lambda: system.preview_backup(metadata),
        lambda: system.compare_backup(metadata),
        lambda: system.verify_backup(metadata),
        lambda: system.pin(metadata),
    ]
    for ask in asks:
        answer = ask()
        assert answer[0] is False
        assert isinstance(answer[-1], str)
        assert answer[-1]


def test_nothing_to_undo_is_said(system: DatabaseBackupRestore) -> None:
    success, message = system.undo_restore()

    assert success is False
    assert message


def test_every_verb_answers(system: DatabaseBackupRestore, database: Db) -> None:
    system.create_backup()
    metadata = newest(system)

    assert system.pin(metadata)[0] is True
    assert system.pin(metadata, False)[0] is True
    assert system.prune()[0] is True
    assert system.drill()[0] is True
    success, comparison, _ = system.compare_backup(metadata)
    assert success is True
    assert comparison is not None
    assert (comparison.same, comparison.different) == (5, 0)


def test_a_mock_is_usable(tmp_path: Path) -> None:
    client: Any = mongomock.MongoClient()
    client["Equipment_DB"]["Equipment"].insert_one({"_id": 1, "Serial": "007"})
    system = DatabaseBackupRestore(client=client, backup_folder=str(tmp_path))

    success, _, message = system.create_backup()
    assert success is True, message
    client["Equipment_DB"]["Equipment"].delete_many({})
    success, message = system.restore_from_backup(newest(system))

    assert success is True, message
    assert list(client["Equipment_DB"]["Equipment"].find()) == [{"_id": 1, "Serial": "007"}]


def test_importing_the_module_loads_no_screens_and_no_tables() -> None:
    heavy = {"streamlit", "pandas", "numpy", "backup_engine.merge", "backup_engine.compare", "backup_engine.restore"}
    code = f"import sys, backup_csv_for_db_restore; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_only_what_is_exported_is_public() -> None:
    assert all(hasattr(api, name) for name in api.__all__)
    assert sorted(set(api.__all__)) == sorted(api.__all__)


def take_every_key(database: Db) -> None:
    """Other records get what the backup's have to have for themselves, as a client with another kind of number does."""
    records = list(database["Equipment"].find())
    database["Equipment"].delete_many({})
    database["Equipment"].insert_many([{**record, "_id": float(record["_id"])} for record in records])


def test_a_merge_that_wrote_nothing_is_no_success(system: DatabaseBackupRestore, database: Db) -> None:
    system.create_backup()
    backup = newest(system)
    take_every_key(database)
    before = list(database["Equipment"].find())

    success, message = system.restore_from_backup(backup, "equipment", "merge")
    typed, merged, words = system.merge_backup(backup)

    assert (success, typed, words) == (False, False, message)
    assert message.startswith("Restore stopped; current data unchanged: 5 refused, 0 added")
    assert merged is not None
    assert (merged.extent, merged.refused, merged.written) == ("nothing", 5, 0)
    assert list(database["Equipment"].find()) == before


def test_a_merge_that_wrote_a_part_says_so_first(system: DatabaseBackupRestore, database: Db) -> None:
    system.create_backup()
    take_every_key(database)
    database["Equipment"].delete_one({"_id": 3.0})

    success, merged, message = system.merge_backup(newest(system))

    assert success is True
    assert message.startswith("Merge completed, but not all of it: 4 refused, 1 added")
    assert merged is not None
    assert (merged.extent, merged.left, merged.written) == ("partly", 4, 1)
    assert {outcome.status for outcome in merged.report} == {"refused", "inserted"}


@pytest.mark.parametrize(("limit", "rows"), [(None, 5), (5, 5), (2, 2), (0, 0), (10**9, 5)])
def test_preview_gives_as_many_rows_as_asked(system: DatabaseBackupRestore, limit: int | None, rows: int) -> None:
    system.create_backup()

    success, table, message = system.preview_backup(newest(system), limit=limit)

    assert success is True, message
    assert table is not None
    assert len(table) == rows
    assert message == f"{rows} of 5 records"


def test_status_verify_and_unpin_answer_in_the_same_manner(system: DatabaseBackupRestore, tmp_path: Path) -> None:
    fresh, status, message = system.status()
    assert (fresh, message) == (False, f"Attention: there is no backup: {tmp_path} is empty.")
    assert status is not None
    assert status.total == 0

    system.create_backup()
    fresh, status, message = system.status()
    assert (fresh, message) == (True, "The backups are up to date.")
    assert status is not None
    assert status.total == 1
    sound, verification, message = system.verify(newest(system))
    assert (sound, message) == system.verify_backup(newest(system))
    assert verification is not None
    assert verification.ok
    system.pin(newest(system))
    assert system.unpin(newest(system))[0] is True
    assert newest(system)["pinned"] is False

    next(tmp_path.glob("*day/equipment_backup_*.csv")).write_bytes(b"x")
    sound, verification, message = system.verify({"label": system.workspace.catalog.sets()[0].label})
    assert sound is False
    assert verification is not None
    assert verification.problems


ODD: list[Any] = [None, 0, 1.5, [], {}, [[]], b"x", "", "x" * 1_000_000, {"backup_id": 5}, {"label": None}, object()]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: f"{odd!r:.20}")
def test_whatever_a_method_is_given_it_answers_in_words(
    system: DatabaseBackupRestore, database: Db, odd: Any, caplog: pytest.LogCaptureFixture
) -> None:
    system.create_backup()
    good = newest(system)
    database["Equipment"].delete_one({"_id": 0})
    other_day = {**good, "folder": next(day for day in DAYS if day != good["folder"])}
    asks: list[Callable[[], tuple[Any, ...]]] = [
        lambda: system.restore_from_backup(odd), lambda: system.restore_from_backup(good, odd),
        lambda: system.restore_from_backup(good, "equipment", odd), lambda: system.restore_from_backup(other_day),
        lambda: system.merge_backup(odd), lambda: system.merge_backup(good, odd),
        lambda: system.merge_backup(other_day), lambda: system.preview_backup(odd),
        lambda: system.preview_backup(good, odd),
        lambda: system.compare_backup(odd), lambda: system.compare_backup(good, odd),
        lambda: system.compare_backup(good, "current", odd), lambda: system.verify(odd), lambda: system.pin(odd),
        lambda: system.verify_backup(odd), lambda: system.unpin(odd), lambda: system.unpin(other_day),
        lambda: system.pin(good, odd), lambda: system.prune(odd),
    ]
    if odd is not None:  # which means the default there
        asks += [lambda: system.drill(odd), lambda: system.create_backup(odd)]
    if odd is not None and type(odd) is not int:
        asks += [lambda: system.preview_backup(good, limit=odd), lambda: system.verify(good, odd)]

    for number, ask in enumerate(asks):
        answer = ask()

        assert answer[0] is False, number
        assert isinstance(answer[-1], str)
        assert 0 < len(answer[-1]) < 600, number
        assert "unexpected fault" not in answer[-1], (number, caplog.text)
    assert database["Equipment"].count_documents({}) == 4


def test_with_nothing_but_sets_from_elsewhere_nothing_says_empty(
    system: DatabaseBackupRestore, database: Db, tmp_path: Path
) -> None:
    system.create_backup()
    system.restore_from_backup(newest(system))
    elsewhere = DatabaseBackupRestore(connect=lambda: database, backup_folder=tmp_path / "elsewhere")
    api.import_sets(elsewhere.workspace, tmp_path)

    drilled, message = elsewhere.drill()
    assert drilled is False
    assert message == f"No backups found: {tmp_path / 'elsewhere'} holds 2 imported backups; name one"
    assert elsewhere.status()[2] == (
        f"Attention: there is no backup: {tmp_path / 'elsewhere'} holds 2 imported backups.")
    assert elsewhere.drill(newest(elsewhere))[0] is True


@pytest.mark.parametrize("step", ["retention", "mark", "locks"])
def test_a_fault_after_the_commit_is_a_warning_on_a_backup_that_is_there(
    system: DatabaseBackupRestore, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"retention": "backup_engine.prune.after_backup", "mark": "backup_engine.making.resume_tokens.keep",
              "locks": "backup_engine.locking.lease.Lease.release"}

    def broken(*given: Any, **named: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(places[step], broken)
    success, file, message = system.create_backup()
    monkeypatch.undo()

    assert success is True
    assert file is not None
    assert Path(file).exists()
    assert message.startswith("Backup created, but then a fault came (OSError)")
    assert system.verify(newest(system))[0] is True
