"""Making a backup: when, what it leaves, and what it says."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import mongomock
import pytest
from bson import Decimal128
from pymongo.database import Database

from backup_engine import create as module
from backup_engine.create import create
from backup_engine.csv_format import writer
from backup_engine.errors import (
    BackupError,
    BadInput,
    Busy,
    Cancelled,
    NoSpace,
    VerificationFailed,
)
from backup_engine.locking import locks
from backup_engine.locking.locks import hold
from backup_engine.model import DAYS, Progress, Watch
from backup_engine.records import raw
from backup_engine.repository import readme
from backup_engine.repository.contents import documents
from backup_engine.storage import LocalStorage, MemoryStorage
from backup_engine.storage.base import Entry
from backup_engine.storage.local import LocalDraft
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, anybodys, back_up, fill, workspace

Live = Database[dict[str, Any]]


@pytest.fixture
def clock() -> StillClock:
    return StillClock(datetime(2025, 6, 4, 14, 5, 6, 789, tzinfo=ZoneInfo("Europe/Zurich")))


@pytest.fixture
def ws(tmp_path: Path, database: Live, clock: StillClock) -> Workspace:
    fill(database)
    return workspace(tmp_path, database, clock=clock)


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.name != ".lock")


def test_a_set_is_three_files_of_one_label_in_the_local_day_s_folder(ws: Workspace, tmp_path: Path) -> None:
    created = create(ws)

    assert created.message == "Backup created successfully: 20 in Equipment, 5 in Equipment_select_options"
    assert names(tmp_path / "wednesday") == [
        "backup_metadata_20250604_140506.json", "equipment_backup_20250604_140506.csv",
        "select_options_backup_20250604_140506.csv",
    ]
    assert created.set == ws.catalog.last(anybodys)
    assert verify(ws, ws.catalog.sets()[0], level=2).ok


def test_the_owner_s_eight_keys_keep_name_and_meaning(ws: Workspace, tmp_path: Path) -> None:
    create(ws, interval_hours=2)

    about = json.loads((tmp_path / "wednesday" / "backup_metadata_20250604_140506.json").read_bytes())
    lines = subprocess.run(["sha256sum", about["equipment_file"], about["select_options_file"]],
                           cwd=tmp_path / "wednesday", capture_output=True, check=True).stdout
    assert {key: about[key] for key in list(about)[:8]} == {
        "backup_timestamp": "2025-06-04T14:05:06.000789", "backup_interval_hours": 2, "day_of_week": "wednesday",
        "equipment_records_count": 20, "select_options_records_count": 5,
        "equipment_file": "equipment_backup_20250604_140506.csv",
        "select_options_file": "select_options_backup_20250604_140506.csv",
        "backup_hash": hashlib.sha256(lines).hexdigest(),
    }
    assert about["timezone"] == "CEST +0200"
    assert about["source"]["consistency"] == "snapshot"


def test_not_needed_until_the_interval_has_passed(ws: Workspace, clock: StillClock) -> None:
    create(ws)
    clock.pass_by(minutes=12)

    early = create(ws)
    forced = create(ws, force=True)
    clock.pass_by(hours=1)
    late = create(ws)

    assert (early.set, early.message) == (None, "Backup not needed. Last backup was 12 min ago (interval: 1 hours)")
    assert forced.set is not None
    assert late.set is not None
    assert [backup.seq for backup in ws.catalog.sets()] == [1, 2, 3]


def test_two_in_one_second_move_on_together_with_their_folder(ws: Workspace, clock: StillClock) -> None:
    clock.moment = clock.moment.replace(hour=23, minute=59, second=59)
    for _ in range(3):
        create(ws, force=True)

    assert [(backup.day, backup.label, backup.metadata["day_of_week"]) for backup in ws.catalog.sets()] == [
        ("wednesday", "20250604_235959", "wednesday"), ("thursday", "20250605_000000", "thursday"),
        ("thursday", "20250605_000001", "thursday"),
    ]


def test_the_number_never_comes_twice_even_when_sets_and_notes_are_gone(ws: Workspace) -> None:
    create(ws)
    second = create(ws, force=True).set
    assert second is not None
    ws.catalog.remove(second)

    third = create(ws, force=True).set
    assert third is not None
    for entry in ws.storage.entries(".state"):
        ws.storage.delete(".state", entry.name)
    fourth = create(ws, force=True).set

    assert fourth is not None
    assert (third.seq, fourth.seq) == (3, 4)


def test_nothing_comes_between_a_document_and_its_bytes(ws: Workspace, database: Live) -> None:
    database.Equipment.insert_many([{"_id": "odd", "a.b": 1, "": None, "$x": Decimal128("-0E+3")}, {"_id": -0.5}])
    backup = create(ws).set
    assert backup is not None

    kept = [document for batch in documents(ws, backup, "equipment") for document in raw.documents_of(batch)]
    live = [document for batch in database.Equipment.find_raw_batches({}) for document in raw.documents_of(batch)]
    assert sorted(kept) == sorted(live)


def test_the_numbers_of_field_orders_are_proven_on_the_disk(
    ws: Workspace, database: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.Equipment.insert_many([
        {"_id": "a", "y": 1, "Vendor": 2, "x": 3}, {"_id": "b", "x": 1, "y": 2, "Vendor": 3},
    ])
    real = writer.number_orders

    def confused(encoded: Any, number: Any) -> bytes | None:
        return real(encoded, lambda names: 1 - number(names))

    monkeypatch.setattr(writer, "number_orders", confused)

    with pytest.raises(VerificationFailed, match="Equipment does not read back"):
        create(ws)
    assert ws.catalog.sets() == []


def test_a_disk_that_gives_back_other_bytes_makes_no_set(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = LocalDraft.reopen

    def rotten(draft: LocalDraft) -> BinaryIO:
        with real(draft) as file:
            return BytesIO(file.read().replace(b"00003", b"00004"))

    monkeypatch.setattr(LocalDraft, "reopen", rotten)

    with pytest.raises(VerificationFailed, match="Equipment does not read back"):
        create(ws)
    assert ws.catalog.sets() == []
    assert list((tmp_path / "wednesday").iterdir()) == []


def test_cancelling_leaves_the_folder_as_it_was(ws: Workspace, tmp_path: Path) -> None:
    create(ws)
    before = names(tmp_path)
    seen: list[Progress] = []
    watch = Watch(seen.append, lambda: any(progress.phase.startswith("Checking") for progress in seen))

    with pytest.raises(Cancelled):
        create(ws, force=True, watch=watch)

    assert [name for name in names(tmp_path) if ".state/seq_" not in name] == [
        name for name in before if ".state/seq_" not in name]
    assert {progress.phase for progress in seen} >= {"Writing Equipment", "Checking Equipment"}


def test_a_bad_interval_is_refused_before_anything(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"0\.1 to 168"):
        create(ws, interval_hours=0.05, force=True)

    assert names(tmp_path) == []


def test_a_running_restore_is_named(ws: Workspace) -> None:
    with hold(ws, "restore"), pytest.raises(Busy, match="A restore is running"):
        create(ws)


def test_a_fault_after_the_commit_is_said_and_the_set_stays(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BackupError("disk gone")

    monkeypatch.setattr(module.prune, "after_backup", fail)

    created = create(ws)

    assert created.message.startswith("Backup created, but old backups were not cleared away: Backup error: disk gone")
    assert ws.catalog.last(anybodys) == created.set


def test_a_disk_that_fills_up_right_after_the_commit_takes_nothing_back(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ws.storage.put

    def full(folder: str, name: str, data: bytes, **options: bool) -> None:
        if name.startswith("backup_metadata_"):
            raise NoSpace("no room")
        real(folder, name, data, **options)

    monkeypatch.setattr(ws.storage, "put", full)
    created = create(ws)
    monkeypatch.undo()

    assert created.message.startswith("Backup created, but its second copy of the metadata is still to be made")
    assert ws.catalog.last(anybodys) == created.set
    assert create(ws, force=True).warnings == ()
    names_in_state = {entry.name for entry in ws.storage.entries(".state")}
    assert {backup.metadata_file for backup in ws.catalog.sets()} <= names_in_state


def test_a_stand_in_in_memory_is_backed_up_into_memory() -> None:
    database = mongomock.MongoClient().db
    fill(database)
    ws = workspace(MemoryStorage(), database)

    created = create(ws)

    assert created.set is not None
    assert created.set.metadata["source"]["consistency"] == "none"
    assert created.message.startswith("Backup created successfully")
    assert verify(ws, created.set, level=2).ok


def test_short_lists_are_always_full_and_long_ones_differential_after_the_first(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [created.set.kind for created in (create(ws, force=True), create(ws, force=True)) if created.set]
    monkeypatch.setattr("backup_engine.making.digests.WORTH_IT", 10)
    third = create(ws, force=True).set

    assert kinds == ["full", "full"]
    assert third is not None
    assert third.kind == "differential"


def test_the_readme_lies_beside_the_backups_and_is_not_forced_on_anybody(ws: Workspace, tmp_path: Path) -> None:
    create(ws)
    assert (tmp_path / "README.txt").read_text() == readme.TEXT
    (tmp_path / "README.txt").write_text("mine")

    create(ws, force=True)

    assert (tmp_path / "README.txt").read_text() == "mine"
    shipped = Path(__file__).parents[2] / "restore_data_to_db" / "README.txt"
    assert shipped.read_text() == readme.TEXT


def test_the_page_load_check_asks_the_database_nothing_and_lists_nothing(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(ws)
    for day in tmp_path.iterdir():  # a folder that changed a moment ago is listed anew
        os.utime(day, (1, 1))
    quiet = Workspace(**{**vars(ws), "connect": lambda: pytest.fail("asked the database")})
    assert create(quiet).set is None
    monkeypatch.setattr(locks, "hold", lambda *_: pytest.fail("took a lock"))
    monkeypatch.setattr(ws.storage, "entries", lambda _: pytest.fail("listed a folder"))

    assert create(quiet).set is None


def test_the_page_load_check_hears_of_other_people_s_backups(ws: Workspace, tmp_path: Path, clock: StillClock) -> None:
    create(ws)
    for day in tmp_path.iterdir():  # a folder that changed a moment ago is listed anew
        os.utime(day, (1, 1))
    assert create(ws).set is None
    clock.pass_by(hours=2)
    second = create(workspace(tmp_path, ws.connect(), clock=clock)).set

    assert create(ws).set is None
    assert ws.catalog.last(anybodys, fresh=False) == second


def test_clock_differences_do_not_make_negative_durations(ws: Workspace, clock: StillClock) -> None:
    for _ in range(3):
        create(ws, force=True)

    last = ws.catalog.last(anybodys)
    assert last is not None
    assert last.metadata["finished_utc"] >= last.metadata["timestamp_utc"]
    assert last.started - clock.moment < timedelta(seconds=3)


def test_beside_many_sets_a_backup_asks_no_folder_for_all_its_sizes(
    database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    class Counting(LocalStorage):
        looked: list[str] = []  # noqa: RUF012 - one storage, one test

        def entries(self, folder: str) -> list[Entry]:
            self.looked.append(folder)
            return super().entries(folder)

    fill(database)
    clock = StillClock()
    ws = workspace(Counting(tmp_path), database, clock=clock)
    for _ in range(7):
        back_up(ws)
        clock.pass_by(days=1)
    for folder in tmp_path.iterdir():
        os.utime(folder, (time.time() - 60,) * 2)
    ws.catalog.sets()
    Counting.looked.clear()

    back_up(ws)

    assert [folder for folder in Counting.looked if folder in DAYS] == []
