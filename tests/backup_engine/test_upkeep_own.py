"""The day's work for the application's own data in a remote: read back, cleared of left-overs, and its retention."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import prune, upkeep
from backup_engine.create import create
from backup_engine.deeds import Deed
from backup_engine.errors import RemoteFailed, RemoteRefused
from backup_engine.model import BackupSet
from backup_engine.push import push
from backup_engine.remotes import queue
from backup_engine.remotes.folder import FolderStore
from backup_engine.remotes.target import UNNAMED_HOURS, Sending
from backup_engine.repository import companions
from backup_engine.upkeep import care
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, back_up, own_of
from tests.backup_engine.offsite_places import own_target_of, target_of, with_remote
from tests.backup_engine.stored import flip

Data = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Data, heard: list[Deed], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    return with_remote(tmp_path, database, options="?keep_days=3", heard=heard, application=OWN)


def days_of_backups(ws: Workspace, number: int, *, kind: Any = "full") -> list[BackupSet]:
    """One pair a day, all sent."""
    made = []
    for _ in range(number):
        backup = create(ws, force=True, kind=kind).set
        assert backup is not None
        made.append(backup)
        ws.clock.pass_by(days=1)  # type: ignore[attr-defined]
    push(ws, "disk")
    return made


def of_lists(tmp_path: Path) -> list[str]:
    """The sets of the lists with which the application's own data there was made."""
    return [entry.backup.of for entry in own_target_of(tmp_path).entries()]


def companion_of(ws: Workspace, backup: BackupSet) -> BackupSet:
    found = companions.of(ws, backup)
    assert found is not None
    return found


def test_it_is_read_back_with_its_set(ws: Workspace, monkeypatch: pytest.MonkeyPatch, heard: list[Deed]) -> None:
    [backup] = days_of_backups(ws, 1)
    heard.clear()
    read, once = list[str](), upkeep.read_back
    monkeypatch.setattr(upkeep, "read_back", lambda target, entry, watch: (
        read.append(entry.backup.backup_id), once(target, entry, watch=watch)))

    done = care(ws, "disk")

    assert (done.read_back, done.damage, heard) == (backup.label, "", [])
    assert read == [backup.backup_id, companion_of(ws, backup).backup_id]


@pytest.mark.parametrize("harm", ["bit", "missing", "description"])
def test_damage_to_it_there_is_said_told_and_a_warning_on_the_next_set(
    ws: Workspace, tmp_path: Path, heard: list[Deed], harm: str
) -> None:
    days_of_backups(ws, 1)
    path = next((tmp_path / "disk" / "app").rglob("users*" if harm != "description" else "2*.json"))
    if harm == "bit":
        flip(path, 10)
    elif harm == "missing":
        path.unlink()
    else:
        path.write_bytes(b"garbage")

    done = care(ws, "disk")

    assert done.damage.startswith("accounts, trash and activity of backup ")
    assert heard[-1].action == "backup.remote.care" and "damaged" in heard[-1].note
    assert queue.read(ws.storage, "disk").read_back is None
    assert any("gave back a damaged backup" in warning for warning in create(ws, force=True).warnings)


def test_it_goes_with_the_set_it_was_made_with(ws: Workspace, tmp_path: Path) -> None:
    made = days_of_backups(ws, 7)

    done = care(ws, "disk")

    assert (len(done.removed), done.own_removed, done.halted) == (3, 3, "")
    assert "3 of the application's own data deleted there" in done.message
    assert of_lists(tmp_path) == [backup.backup_id for backup in made[3:]]
    assert len(own_of(ws).catalog.sets()) == 7, "the local folder has its own"
    again = push(ws, "disk")
    assert (again.sent, again.with_own, again.waiting) == ((), 0, 0), "what retention deleted there is not sent again"
    assert care(ws, "disk").own_removed == 0


def test_a_full_one_stays_while_one_rests_on_it(ws: Workspace, database: Data, tmp_path: Path) -> None:
    """Of the lists every set is full here; of the application's own data the later ones rest on the first."""
    [first] = days_of_backups(ws, 1)
    database.equipment_users.insert_one({"_id": "late"})
    ws.clock.pass_by(hours=-23)  # type: ignore[attr-defined] # a differential set rests on one of its day
    pinned = create(ws, force=True, kind="differential").set
    assert pinned is not None and companion_of(ws, pinned).base == first.companion
    base = ws.catalog.find(first.backup_id)
    prune.pin(ws, pinned)
    days_of_backups(ws, 6)
    # as if the list's set had been a full one: its own base is no reason to keep the first
    target = target_of(tmp_path)
    target.remove(next(entry for entry in target.entries() if entry.backup.backup_id == base.backup_id))

    care(ws, "disk")

    assert {first.backup_id, pinned.backup_id} <= set(of_lists(tmp_path))


@pytest.mark.parametrize("garbage", [False, True])
def test_a_pinned_or_unreadable_set_keeps_it(ws: Workspace, tmp_path: Path, garbage: bool) -> None:
    made = days_of_backups(ws, 7)
    if garbage:
        next((tmp_path / "disk" / "sets").glob(f"{made[0].label}*")).write_bytes(b"garbage")
    else:
        prune.pin(ws, made[0])

    done = care(ws, "disk")

    assert done.own_removed == 2
    assert of_lists(tmp_path)[0] == made[0].backup_id


@pytest.mark.parametrize("how", ["pinned", "unreadable", "still to come"])
def test_one_that_a_later_set_names_again_outlives_its_own(ws: Workspace, tmp_path: Path, how: str) -> None:
    first, second = back_up(ws), back_up(ws)
    ws.clock.pass_by(days=1)  # type: ignore[attr-defined]
    days_of_backups(ws, 6)
    lying = next(entry for entry in target_of(tmp_path).entries() if entry.backup.backup_id == second.backup_id)
    if how == "pinned":
        prune.pin(ws, second)
    elif how == "unreadable":  # there, and it is here no more
        (tmp_path / "disk" / lying.key).write_bytes(b"garbage")
        ws.catalog.remove(second)
    else:
        target_of(tmp_path).remove(lying)
        line = queue.read(ws.storage, "disk")
        del line.sent[second.backup_id]
        queue.write(ws.storage, "disk", line)

    done = care(ws, "disk")

    assert second.companion == first.companion and first.label in done.removed
    assert first.companion in own_target_of(tmp_path).backup_ids()


def test_one_whose_set_is_still_to_come_stays(ws: Workspace, tmp_path: Path) -> None:
    """The companion goes first; until its set has arrived, only this side knows that it is named."""
    made = days_of_backups(ws, 7)
    target = target_of(tmp_path)
    target.remove(next(entry for entry in target.entries() if entry.backup.backup_id == made[0].backup_id))
    line = queue.read(ws.storage, "disk")
    del line.sent[made[0].backup_id]
    queue.write(ws.storage, "disk", line)

    assert care(ws, "disk").own_removed == 2
    assert of_lists(tmp_path)[0] == made[0].backup_id


def test_nothing_of_it_goes_while_retention_is_halted(ws: Workspace, database: Data, tmp_path: Path) -> None:
    made = days_of_backups(ws, 6)
    database.Equipment.delete_many({"_id": {"$gt": 3}})
    made += days_of_backups(ws, 2)

    done = care(ws, "disk")

    assert "shrank" in done.halted and done.own_removed == 0
    assert len(of_lists(tmp_path)) == len(made)


def test_nothing_goes_when_what_lies_there_cannot_be_read(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, listing = days_of_backups(ws, 7), FolderStore.list

    def no_notes(self: FolderStore, folder: str) -> Any:
        if folder == "app/notes":
            raise RemoteFailed("away")
        return listing(self, folder)

    monkeypatch.setattr(FolderStore, "list", no_notes)
    with pytest.raises(RemoteFailed):
        care(ws, "disk")

    assert len(target_of(tmp_path).entries()) == len(made)


def test_a_lock_of_the_store_is_respected(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, delete = days_of_backups(ws, 7), FolderStore.delete

    def locked(self: FolderStore, key: str) -> None:
        if key.startswith("app/"):
            raise RemoteRefused("AccessDenied")
        delete(self, key)

    monkeypatch.setattr(FolderStore, "delete", locked)

    done = care(ws, "disk")

    assert len(done.removed) == 3 and done.own_removed == 0 and "the store keeps backup" in done.halted
    assert len(of_lists(tmp_path)) == len(made)


def test_without_days_nothing_is_deleted(ws: Workspace, tmp_path: Path) -> None:
    made = days_of_backups(ws, 7)

    done = care(replace(ws, remotes={"disk": f"file://{tmp_path}/disk"}), "disk")

    assert (done.removed, done.own_removed) == ((), 0) and len(of_lists(tmp_path)) == len(made)


def test_pieces_that_nothing_names_go_and_those_under_way_stay(ws: Workspace, tmp_path: Path) -> None:
    days_of_backups(ws, 1)
    store, line = own_target_of(tmp_path).store, queue.read(ws.storage, "disk")
    store.put("data/old/dead/users_backup.csv", b"left")
    store.put("data/old/alive/users_backup.csv", b"under way")
    line.sending["x"] = Sending("alive")
    queue.write(ws.storage, "disk", line)
    newest = max(path.stat().st_mtime for path in (tmp_path / "disk").rglob("*"))
    for path in (tmp_path / "disk" / "app" / "data" / "old").rglob("*.csv"):
        os.utime(path, (newest - UNNAMED_HOURS * 3600 - 60,) * 2)

    assert care(ws, "disk").cleaned == 1
    assert [stored.key for stored in store.list("data/old")] == ["data/old/alive/users_backup.csv"]
    assert len(of_lists(tmp_path)) == 1


def test_a_remote_of_an_earlier_version_is_cared_for(ws: Workspace, tmp_path: Path) -> None:
    backup = back_up(ws)
    push(replace(ws, annex=None), "disk")

    done = care(ws, "disk")

    assert (done.read_back, done.damage, done.own_removed) == (backup.label, "", 0)
