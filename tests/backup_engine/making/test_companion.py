"""The application's own data is saved beside the list: same instant, same format, a place of its own, no risk to it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pyrage
import pytest
from pymongo.database import Database

from backup_engine import failpoints
from backup_engine.create import create
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import NoSpace
from backup_engine.locking.locks import hold
from backup_engine.making import companion as making
from backup_engine.making.write_set import write_set
from backup_engine.model import BackupSet, Source
from backup_engine.ownership import identity
from backup_engine.records.raw import documents_of
from backup_engine.repository import companions, contents
from backup_engine.storage import MemoryStorage
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, StillClock, back_up, fill, fill_own, own_of, raw, workspace


@pytest.fixture
def ws(database: Database[dict[str, Any]], tmp_path: Path) -> Workspace:
    fill(database)
    fill_own(database)
    return workspace(tmp_path / "backups", database, application=OWN)


def companion_of(ws: Workspace, backup: BackupSet) -> BackupSet:
    found = companions.of(ws, backup)
    assert found is not None
    return found


def documents(ws: Workspace, backup: BackupSet, key: str) -> list[bytes]:
    return sorted(document for batch in contents.documents(ws, backup, key) for document in documents_of(batch))


def test_each_set_names_the_other(ws: Workspace, database: Database[dict[str, Any]]) -> None:
    made = back_up(ws)

    beside = companion_of(ws, made)
    assert (beside.of, made.companion) == (made.backup_id, beside.backup_id)
    assert beside.metadata["role"] == "application"
    assert (beside.label, beside.day) == (made.label, made.day)
    assert made.warnings == beside.warnings == ()
    assert beside.metadata["source"]["consistency"] == "snapshot"
    assert documents(own_of(ws), beside, "users") == sorted(raw(database, "equipment_users"))
    assert beside.counts == {"users": 3, "trash": 0, "activity": 5}


def test_the_list_is_alone_in_the_days_and_in_what_is_listed(ws: Workspace, tmp_path: Path) -> None:
    made = back_up(ws)

    assert ws.catalog.sets() == [made]
    assert len(list((tmp_path / "backups" / made.day).iterdir())) == 3
    assert set(made.parts) == {"equipment", "select_options"}


def test_it_does_not_count_as_one_of_the_lists_sets(ws: Workspace, database: Database[dict[str, Any]]) -> None:
    numbers = [back_up(ws).number for _ in range(3)]

    assert numbers == [1, 2, 3]
    known = identity.read(database)
    assert known is not None and sorted(known.written) == [1, 2, 3]
    assert all(beside.number is None and beside.database_id == known.database_id
               for beside in own_of(ws).catalog.sets())
    assert known.stranger(own_of(ws).catalog.sets()) is None


def test_only_its_owner_may_read_it(ws: Workspace, tmp_path: Path) -> None:
    back_up(ws)

    place = tmp_path / "backups" / ".app"
    for path in (place, *place.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_it_is_encrypted_when_the_list_is(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    key = pyrage.x25519.Identity.generate()
    fill(database)
    fill_own(database)
    database.equipment_users.insert_one({"_id": "x", "password": "planted-secret"})
    ws = workspace(tmp_path, database, application=OWN,
                   seal=Seal("zstd", recipients=(str(key.to_public()),), identities=(str(key),)))

    made = back_up(ws)

    assert verify(ws, made, 2).ok
    assert {str(part.file).split(".", 1)[1] for part in companion_of(ws, made).parts.values()} == {"csv.zst.age"}
    assert not any(b"planted-secret" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_host_with_public_keys_only_saves_it_too(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    key = pyrage.x25519.Identity.generate()
    fill(database)
    fill_own(database)
    ws = workspace(tmp_path, database, application=OWN, seal=Seal(recipients=(str(key.to_public()),)))

    made, later = back_up(ws), back_up(ws)

    assert made.warnings == later.warnings == ()
    assert verify(ws, later, 1).ok
    reader = workspace(tmp_path, database, application=OWN, seal=Seal(identities=(str(key),)))
    assert documents(own_of(reader), companion_of(reader, later), "users") == sorted(raw(database, "equipment_users"))


def test_a_later_set_of_the_day_holds_only_what_changed(ws: Workspace, database: Database[dict[str, Any]]) -> None:
    created = create(ws, force=True, kind="full")
    assert created.set is not None
    database.equipment_users.update_one({"_id": "u1"}, {"$set": {"role": "admin"}})
    database.equipment_activity.delete_one({"_id": 4})

    later = create(ws, force=True, kind="differential").set

    assert later is not None
    beside = companion_of(ws, later)
    assert beside.kind == "differential" and beside.base == created.set.companion
    assert [beside.parts[key].rows for key in ("users", "trash", "activity")] == [1, 0, 1]
    assert documents(own_of(ws), beside, "users") == sorted(raw(database, "equipment_users"))
    assert documents(own_of(ws), beside, "activity") == sorted(raw(database, "equipment_activity"))


def test_a_safety_set_and_an_engine_without_an_application_make_none(
    ws: Workspace, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    with hold(ws, "restore") as held:
        assert write_set(ws, held, trigger="pre_restore").companion == ""
    assert back_up(workspace(tmp_path / "plain", database)).companion == ""
    assert not (tmp_path / "plain" / ".app").exists()


def test_memory_keeps_it_too(database: Database[dict[str, Any]]) -> None:
    fill(database)
    fill_own(database)
    ws = workspace(MemoryStorage(), database, application=OWN)

    made = back_up(ws)

    assert companion_of(ws, made).counts["users"] == 3
    assert ws.catalog.sets() == [made]


@pytest.mark.parametrize("step", ["A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9"])
def test_what_concerns_it_alone_never_costs_the_list_its_backup(
    step: str, ws: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full() -> None:
        raise NoSpace("the disk is full")

    monkeypatch.setitem(failpoints.hooks, step, full)

    made = back_up(ws)

    assert verify(ws, made, 2).ok
    assert made.companion == ""
    assert made.warnings == (
        "accounts, trash and activity: not saved with this backup (Not enough disk space: the disk is full)",)
    assert own_of(ws).catalog.sets() == []
    left = [path.name for path in (tmp_path / "backups" / ".app").rglob("*") if path.is_file()]
    assert [name for name in left if not name.startswith(("seq_", "README"))] == []
    assert companions.trouble(ws, made) == made.warnings[0]


def test_a_fault_in_it_is_a_warning_as_well(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "write_all", lambda *_: 1 / 0)

    assert back_up(ws).warnings == (
        "accounts, trash and activity: not saved with this backup (a fault came (ZeroDivisionError); see the log)",)


@pytest.mark.parametrize("what", ["file", "link"])
def test_something_else_in_its_place(what: str, ws: Workspace, tmp_path: Path) -> None:
    place, elsewhere = tmp_path / "backups" / ".app", tmp_path / "elsewhere"
    place.parent.mkdir()
    elsewhere.mkdir()
    if what == "file":
        place.write_text("mine")
    else:
        place.symlink_to(elsewhere)

    made = back_up(ws)

    assert verify(ws, made, 2).ok and "not saved with this backup" in made.warnings[0]
    assert list(elsewhere.iterdir()) == []


def test_collections_made_under_the_snapshot(
    database: Database[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = workspace(tmp_path, database, application=OWN)
    times: list[int] = []

    def once() -> None:
        times.append(1)
        if len(times) == 1:
            database.equipment_users.insert_one({"_id": "first"})

    monkeypatch.setitem(failpoints.hooks, "A3", once)
    made = back_up(ws)
    assert len(times) == 2 and made.warnings == ()
    assert companion_of(ws, made).counts["users"] == 1

    def always() -> None:
        database.equipment_activity.drop()
        database.create_collection("equipment_activity")

    monkeypatch.setitem(failpoints.hooks, "A3", always)
    database.equipment_users.insert_one({"_id": "second"})
    made = back_up(ws)
    assert made.companion == "" and "The collections changed during the backup" in made.warnings[0]
    assert verify(ws, made, 2).ok


def test_the_list_is_not_read_without_a_common_instant_for_its_sake(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backup_engine.mongo.snapshot import SnapshotTooOld

    def slow() -> None:
        raise SnapshotTooOld()

    monkeypatch.setitem(failpoints.hooks, "A4", slow)
    made = back_up(ws)

    assert made.metadata["source"]["consistency"] == "snapshot"
    assert len(made.warnings) == 1 and "snapshot window" in made.warnings[0]


def test_a_set_of_it_among_the_lists_is_refused_and_the_other_way_round(ws: Workspace, tmp_path: Path) -> None:
    made = back_up(ws)
    root, name = tmp_path / "backups", made.metadata_file
    list_day, own_day = root / made.day, root / ".app" / made.day
    ours, theirs = (list_day / name).read_bytes(), (own_day / name).read_bytes()

    (list_day / name).write_bytes(theirs)
    (own_day / name).write_bytes(ours)

    assert [(found.state, found.problem) for found in ws.catalog.sets()] == [
        ("damaged", "it is a backup of the application's own data, whose place is .app")]
    assert [(found.state, found.problem) for found in own_of(ws).catalog.sets()] == [
        ("damaged", "it is a backup of a list")]
    assert json.loads(theirs)["of"] == made.backup_id


def test_keys_must_differ_from_the_lists(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    from backup_engine.errors import BadInput

    for source in (Source("equipment", "other"), Source("other", "Equipment")):
        with pytest.raises(BadInput, match="the list and the application's own data have one"):
            workspace(tmp_path, database, application=type(OWN)((source,)))


def test_a_clock_that_stands_still(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    fill(database)
    ws = workspace(tmp_path, database, application=OWN, clock=StillClock())

    made = []
    for number in range(3):
        database.equipment_users.insert_one({"_id": number})
        made.append(back_up(ws))

    assert [companion_of(ws, backup).label for backup in made] == [backup.label for backup in made]
