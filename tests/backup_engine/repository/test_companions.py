"""The application's own data lives as long as the list's set, is verified and rehearsed with it, and never taken in."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import drill, prune, status
from backup_engine.create import create
from backup_engine.errors import BackupError, VerificationFailed
from backup_engine.model import BackupSet
from backup_engine.repository import companions, ledger
from backup_engine.take_in import import_sets
from backup_engine.verify import require, verify, verify_all
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, StillClock, back_up, fill, fill_own, own_of, workspace


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def ws(database: Database[dict[str, Any]], tmp_path: Path, clock: StillClock) -> Workspace:
    fill(database)
    fill_own(database)
    return workspace(tmp_path / "backups", database, application=OWN, clock=clock)


def companions_of(ws: Workspace) -> list[str]:
    return [found.of for found in own_of(ws).catalog.sets()]


def damage(ws: Workspace, backup: BackupSet, key: str, root: Path) -> None:
    found = companions.of(ws, backup)
    assert found is not None
    path = root / ".app" / found.day / str(found.parts[key].file)
    path.write_bytes(path.read_bytes().replace(b"User 1", b"User 7"))


def test_it_goes_with_the_lists_set_and_stays_with_it(ws: Workspace, clock: StillClock) -> None:
    made = [back_up(ws)]
    for _ in range(12):
        clock.pass_by(days=1)
        made.append(back_up(ws))

    listed = [backup.backup_id for backup in ws.catalog.sets()]
    assert len(listed) == 8
    assert companions_of(ws) == listed


def test_a_full_one_stays_under_a_differential_that_stays(
    ws: Workspace, clock: StillClock, database: Database[dict[str, Any]]
) -> None:
    first = create(ws, force=True, kind="full").set
    database.equipment_users.delete_one({"_id": "u0"})
    database.Equipment.drop()  # so that the list's set is full again, and the application's is not
    fill_again = [{"_id": n} for n in range(20)]
    database.Equipment.insert_many(fill_again)
    clock.pass_by(minutes=5)
    second = create(ws, force=True, kind="differential").set
    assert first and second and second.kind == "full"
    beside = companions.of(ws, second)
    assert beside is not None and beside.base == first.companion

    prune.delete(ws, first)

    assert companions_of(ws) == [first.backup_id, second.backup_id]
    assert verify(ws, second, 2).ok


def test_deleted_and_pinned_with_it(ws: Workspace, clock: StillClock, database: Database[dict[str, Any]]) -> None:
    first = back_up(ws)
    clock.pass_by(hours=1)
    database.equipment_users.insert_one({"_id": "new"})
    second = back_up(ws)

    prune.pin(ws, first)
    assert [found.pinned for found in own_of(ws).catalog.sets()] == [True, False]
    prune.unpin(ws, first)
    assert [found.pinned for found in own_of(ws).catalog.sets()] == [False, False]
    prune.delete(ws, first)
    assert companions_of(ws) == [second.backup_id]


def test_the_newest_good_one_stays_whatever_becomes_of_the_list(
    ws: Workspace, clock: StillClock, database: Database[dict[str, Any]]
) -> None:
    first = back_up(ws)
    clock.pass_by(hours=1)
    back_up(workspace(ws.storage, database, clock=clock))  # by an engine that saves lists alone

    prune.delete(ws, first)

    assert companions_of(ws) == [first.backup_id]


def test_a_set_is_verified_with_it(ws: Workspace, tmp_path: Path) -> None:
    made = back_up(ws)
    assert "with accounts, trash and activity: 3 users, 0 trash, 5 activity" in verify(ws, made, 2).message
    assert ledger.read(own_of(ws).storage)[made.companion].ok

    damage(ws, made, "users", tmp_path / "backups")
    found = verify(ws, made, 1)

    assert not found.ok and found.problems == ()
    assert found.message.startswith("Backup verification failed: accounts, trash and activity: the file was changed")
    assert not verify_all(ws, 1).ok
    assert ledger.read(ws.storage)[made.backup_id].ok
    assert not ledger.read(own_of(ws).storage)[made.companion].ok
    assert "a check found" in status.status(ws).application
    assert require(ws, made).ok  # the list can be restored all the same


@pytest.mark.parametrize("how", ["gone", "cut"])
def test_the_state_is_told_without_any_check(how: str, ws: Workspace, tmp_path: Path) -> None:
    made = back_up(ws)
    assert status.status(ws).application == ""
    beside = companions.of(ws, made)
    assert beside is not None
    day = tmp_path / "backups" / ".app" / made.day
    if how == "gone":
        for path in day.iterdir():
            path.unlink()
    else:
        (day / str(beside.parts["users"].file)).write_text("")
    own_of(ws).catalog.sets()

    assert {"gone": "is missing in", "cut": "has 0 bytes instead of"}[how] in status.status(ws).application
    assert not verify(ws, made, 1).ok


def test_an_older_set_and_a_failed_one_are_told_apart(
    ws: Workspace, database: Database[dict[str, Any]], clock: StillClock, tmp_path: Path
) -> None:
    back_up(workspace(ws.storage, database, clock=clock))
    assert status.status(ws).application == ""

    (tmp_path / "backups" / ".app").write_text("")
    clock.pass_by(hours=1)
    back_up(ws)
    assert "not saved with this backup" in status.status(ws).application


def test_a_drill_rehearses_it(ws: Workspace, database: Database[dict[str, Any]], tmp_path: Path) -> None:
    made = back_up(ws)
    before = database.list_collection_names()

    assert "Restorable with it: accounts, trash and activity (3 in users, 0 in trash, 5 in activity)." in (
        drill.drill(ws).message)
    assert ledger.read(own_of(ws).storage)[made.companion].level == ledger.DRILL

    damage(ws, made, "users", tmp_path / "backups")
    with pytest.raises(VerificationFailed, match="the list is restorable; accounts, trash and activity: "):
        drill.drill(ws)
    assert ledger.last_drill(ws) is not None
    assert sorted(database.list_collection_names()) == sorted({*before, "backup_restore_journal"})


def test_a_zip_of_the_whole_folder_brings_in_the_lists_alone(
    ws: Workspace, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    made = back_up(ws)
    root, packed = tmp_path / "backups", io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(root.rglob("*")):
            archive.write(path, Path("backups", path.relative_to(root)))
    other = workspace(tmp_path / "other", database, application=OWN)

    for source in (packed, root):
        [taken] = import_sets(other, source)
        assert taken.counts == made.counts
    assert own_of(other).catalog.sets() == []


def test_a_set_of_it_is_not_taken_in_by_itself(ws: Workspace, tmp_path: Path) -> None:
    back_up(ws)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in (tmp_path / "backups" / ".app").glob("*day/*"):
            archive.write(path, path.name)

    for source in (packed, tmp_path / "backups" / ".app"):
        with pytest.raises(BackupError, match="application's own data, whose place is"):
            import_sets(ws, source)
