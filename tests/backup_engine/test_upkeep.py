"""The day's work for a remote: a sample read back, left-overs, and retention of its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import prune, upkeep
from backup_engine.create import create
from backup_engine.deeds import Deed
from backup_engine.errors import BackupError, ForeignTarget, RemoteFailed, RemoteRefused
from backup_engine.push import push
from backup_engine.remotes import claims, queue, registry
from backup_engine.remotes.folder import FolderStore
from backup_engine.upkeep import care, care_if_due
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up
from tests.backup_engine.offsite_places import target_of, with_remote

Data = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Data, heard: list[Deed], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    return with_remote(tmp_path, database, options="?keep_days=3", heard=heard)


def days_of_backups(ws: Workspace, number: int) -> list[str]:
    """One full set a day, all sent; gives their labels."""
    labels = []
    for _ in range(number):
        labels.append(back_up(ws).label)
        ws.clock.pass_by(days=1)  # type: ignore[attr-defined]
    push(ws, "disk")
    return labels


def there(tmp_path: Path) -> list[str]:
    return [entry.backup.label for entry in target_of(tmp_path).entries()]


def test_a_sound_sample_is_noted_and_not_worth_a_line(ws: Workspace, heard: list[Deed]) -> None:
    [label] = days_of_backups(ws, 1)
    heard.clear()

    done = care(ws, "disk")

    assert (done.read_back, done.damage) == (label, "")
    line = queue.read(ws.storage, "disk")
    assert (line.read_back, line.read_back_label, line.damage) == (ws.clock(), label, "")
    assert heard == []


def test_what_was_made_continuously_is_passed_over_or_sent_and_thinned_there_as_here(
    ws: Workspace, database: Data, tmp_path: Path
) -> None:
    def made(number: int) -> None:
        for _ in range(number):
            database.Equipment.insert_one({})
            create(ws, trigger="continuous", kind="differential", force=True)
            ws.clock.pass_by(seconds=20)  # type: ignore[attr-defined]

    database.Equipment.insert_many([{} for _ in range(200)])
    made(5)
    push(ws, "disk")
    first, *_, newest = (backup.label for backup in ws.catalog.sets())
    assert there(tmp_path) == [first, newest], "the others were superseded before they were sent"
    for _ in range(14):
        made(1)
        push(ws, "disk")
    assert len(there(tmp_path)) == 16
    assert len(ws.catalog.sets()) < 14, "here it is done after a backup"

    care(ws, "disk")

    left = there(tmp_path)
    assert first in left, "on which the others rest"
    minutes = [label[:-2] for label in left[1:-2]]  # the last three good ones stay in any case
    assert len(minutes) == len(set(minutes))
    assert 6 <= len(left) <= 9


@pytest.mark.parametrize("harm", ["bit", "missing", "description"])
def test_damage_there_is_said_told_and_a_warning_on_the_next_set(
    ws: Workspace, tmp_path: Path, heard: list[Deed], harm: str
) -> None:
    from backup_engine.create import create

    days_of_backups(ws, 1)
    path = next((tmp_path / "disk").rglob("equipment*" if harm != "description" else "2*.json"))
    if harm == "bit":
        data = bytearray(path.read_bytes())
        data[30] ^= 4
        path.write_bytes(bytes(data))
    elif harm == "missing":
        path.unlink()
    else:
        path.write_bytes(b"garbage")

    done = care(ws, "disk")

    assert done.damage and heard[-1].action == "backup.remote.care" and "damaged" in heard[-1].note
    assert any("gave back a damaged backup" in warning for warning in create(ws, force=True).warnings)


def test_retention_there_has_days_of_its_own(ws: Workspace, tmp_path: Path) -> None:
    labels = days_of_backups(ws, 7)

    done = care(ws, "disk")

    assert done.removed == tuple(labels[:3])
    assert there(tmp_path) == labels[3:]
    assert queue.read(ws.storage, "disk").there == 4
    assert len(ws.catalog.sets()) == 7, "the local folder has its own"
    assert push(ws, "disk").sent == (), "what retention deleted there is not sent again"


def test_a_pin_on_either_side_keeps_it(ws: Workspace, tmp_path: Path) -> None:
    labels = days_of_backups(ws, 7)
    prune.pin(ws, ws.catalog.find(labels[0]))  # not sent there yet
    target = target_of(tmp_path)
    entry = next(entry for entry in target.entries() if entry.backup.label == labels[1])
    from dataclasses import replace

    target.say(replace(entry.backup, pinned=True), ws.clock())

    assert care(ws, "disk").removed == (labels[2],)


def test_retention_there_keeps_tiers_of_its_own(
    tmp_path: Path, database: Data, heard: list[Deed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    ws = with_remote(tmp_path, database, options="?keep_days=1&keep_daily=5&keep_weekly=2", heard=heard)
    labels = days_of_backups(ws, 12)  # from Wednesday 4 June 2025, so that the fifth is of a Sunday

    assert care(ws, "disk").removed == (*labels[:4], *labels[5:7])
    assert there(tmp_path) == [labels[4], *labels[7:]]


def test_nothing_is_deleted_when_pins_cannot_be_read(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = days_of_backups(ws, 7)
    listing = FolderStore.list

    def no_notes(self: FolderStore, folder: str) -> Any:
        if folder == "notes":
            raise RemoteFailed("away")
        return listing(self, folder)

    monkeypatch.setattr(FolderStore, "list", no_notes)
    with pytest.raises(RemoteFailed):
        care(ws, "disk")
    monkeypatch.undo()
    monkeypatch.setattr(type(ws.catalog), "unreadable", {"monday": "denied"})
    assert "cannot be read" in care(ws, "disk").halted

    assert there(tmp_path) == labels


def test_retention_there_stops_for_a_shrunken_list_too(ws: Workspace, database: Data, tmp_path: Path) -> None:
    labels = days_of_backups(ws, 6)
    database.Equipment.delete_many({"_id": {"$gt": 3}})
    labels += days_of_backups(ws, 2)

    done = care(ws, "disk")

    assert "shrank" in done.halted and done.removed == () and there(tmp_path) == labels


def test_a_lock_of_the_store_is_respected_and_shown(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = days_of_backups(ws, 7)

    def locked(self: FolderStore, key: str) -> None:
        raise RemoteRefused("AccessDenied")

    monkeypatch.setattr(FolderStore, "delete", locked)

    assert "the store keeps backup" in care(ws, "disk").halted
    assert there(tmp_path) == labels
    assert "the store keeps" in queue.read(ws.storage, "disk").retention


def test_somebody_elses_place_is_left_alone(ws: Workspace, tmp_path: Path) -> None:
    labels = days_of_backups(ws, 7)
    claims.take_over(target_of(tmp_path).store, "somebody-else", "Lab", ws.clock())

    with pytest.raises(ForeignTarget):
        care(ws, "disk")
    assert there(tmp_path) == labels


def test_once_a_day_and_not_in_trouble(ws: Workspace, tmp_path: Path) -> None:
    days_of_backups(ws, 1)
    remote = registry.one(ws, "disk")

    assert care_if_due(ws, remote) is not None
    assert care_if_due(ws, remote) is None
    ws.clock.pass_by(days=1)  # type: ignore[attr-defined]
    (tmp_path / "disk").rename(tmp_path / "away")
    assert care_if_due(ws, remote) is None
    assert "is not there" in queue.read(ws.storage, "disk").problem
    ws.clock.pass_by(days=-5)  # type: ignore[attr-defined]
    assert upkeep.is_due(queue.read(ws.storage, "disk"), ws.clock()), "a clock that was set back"


def test_left_overs_go(ws: Workspace, tmp_path: Path) -> None:
    import os

    days_of_backups(ws, 1)
    target_of(tmp_path).store.put("data/x/old/x.csv", b"x")
    path = tmp_path / "disk" / "data/x/old/x.csv"
    os.utime(path, (path.stat().st_mtime - timedelta(hours=49).total_seconds(),) * 2)

    assert care(ws, "disk").cleaned == 1 and not path.exists()


def test_an_unknown_remote(ws: Workspace) -> None:
    with pytest.raises(BackupError, match="No remote"):
        care(ws, "nowhere")
