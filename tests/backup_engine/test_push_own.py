"""The application's own data goes to a remote before the set it was made with, and never keeps that from going."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import offsite, prune, push as pushing
from backup_engine.create import create
from backup_engine.deeds import Deed
from backup_engine.model import BackupSet
from backup_engine.push import push
from backup_engine.remotes import queue
from backup_engine.remotes.folder import FolderStore
from backup_engine.repository import companions
from backup_engine.reseal import reseal
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, back_up, own_of
from tests.backup_engine.keys.public_only import PUBLIC, files_below
from tests.backup_engine.offsite_places import own_target_of, target_of, with_remote
from tests.backup_engine.stored import file_of, flip

Data = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Data, heard: list[Deed], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    return with_remote(tmp_path, database, heard=heard, application=OWN)


def companion_of(ws: Workspace, backup: BackupSet) -> BackupSet:
    found = companions.of(ws, backup)
    assert found is not None
    return found


def two(ws: Workspace, database: Data) -> list[BackupSet]:
    """A full pair, and a differential one over it."""
    full = create(ws, force=True, kind="full").set
    database.Equipment.update_one({"_id": 1}, {"$set": {"Vendor": "changed"}})
    database.equipment_users.update_one({"_id": "u1"}, {"$set": {"role": "admin"}})
    ws.clock.pass_by(hours=1)  # type: ignore[attr-defined]
    made = create(ws, force=True, kind="differential").set
    assert full is not None and made is not None and companion_of(ws, made).kind == "differential"
    return [full, made]


def as_the_version_before(ws: Workspace) -> Workspace:
    """It knows of no application's data in remotes."""
    return replace(ws, annex=None)


def test_a_pair_is_whole_as_soon_as_its_set_appears(
    ws: Workspace, database: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: list[Deed]
) -> None:
    made, put, seen = two(ws, database), FolderStore.put, list[tuple[str, set[str]]]()

    def watched(self: FolderStore, key: str, data: bytes, *, create: bool = False) -> None:
        put(self, key, data, create=create)
        if key.startswith("sets/"):
            seen.append((key, own_target_of(tmp_path).backup_ids()))

    monkeypatch.setattr(FolderStore, "put", watched)

    done = push(ws, "disk")

    assert (len(done.sent), done.waiting, done.problem, done.with_own) == (2, 0, "", 2)
    full, resting = (companion_of(ws, backup).backup_id for backup in made)
    for key, own in seen:
        assert own >= ({full} if made[0].backup_id in key else {full, resting})
    assert len(seen) == 2
    assert done.message == "2 backups sent to remote disk with accounts, trash and activity."
    assert heard[-1].note == done.message
    again = push(ws, "disk")
    assert (again.sent, again.with_own, again.deed) == ((), 0, "")


def test_it_lies_there_as_it_lies_here(ws: Workspace, tmp_path: Path) -> None:
    made = companion_of(ws, back_up(ws))
    push(ws, "disk")

    [entry] = own_target_of(tmp_path).entries()
    assert entry.backup == made and entry.backup.state == "complete"
    for part in made.parts.values():
        there = b"".join(own_target_of(tmp_path).pieces(entry.files[str(part.file)]))
        assert there == file_of(own_of(ws), made, part.key).read_bytes()
    tops = {path.name for path in (tmp_path / "disk").iterdir()}
    assert tops == {"app", "claims", "data", "sets"}
    assert {path.name for path in (tmp_path / "disk" / "app").iterdir()} == {"data", "sets"}
    assert len(target_of(tmp_path).entries()) == 1, "the lists are not mixed with it"


def test_encrypted_it_goes_as_it_is_stored(ws: Workspace, database: Data, tmp_path: Path) -> None:
    from backup_engine.csv_format.seal import Seal

    database.equipment_users.insert_one({"_id": "x", "password": "planted-secret"})
    back_up(replace(ws, seal=Seal(recipients=(PUBLIC,))))

    assert push(ws, "disk").with_own == 1
    assert not any(b"planted-secret" in data for data in files_below(tmp_path / "disk").values())


def test_a_set_of_another_role_is_damaged_there(ws: Workspace, tmp_path: Path) -> None:
    """Somebody with the right to write there puts a list's object among the application's, and the other way round."""
    back_up(ws)
    push(ws, "disk")
    shutil.copytree(tmp_path / "disk", tmp_path / "other")
    for folder in ("sets", "data"):
        shutil.copytree(tmp_path / "other" / folder, tmp_path / "disk" / "app" / folder, dirs_exist_ok=True)
        shutil.copytree(tmp_path / "other" / "app" / folder, tmp_path / "disk" / folder, dirs_exist_ok=True)

    for target in (target_of(tmp_path), own_target_of(tmp_path)):
        assert sorted(entry.backup.state for entry in target.entries()) == ["complete", "damaged"]


def test_what_an_earlier_version_sent_alone_is_completed_later(ws: Workspace, database: Data, tmp_path: Path) -> None:
    made = two(ws, database)
    assert len(push(as_the_version_before(ws), "disk").sent) == 2
    assert own_target_of(tmp_path).entries() == []
    assert [each.backup_id for each in offsite.remote_standings(ws)[0].waiting] == [
        made[0].backup_id, made[1].backup_id]

    done = push(ws, "disk")

    assert (done.sent, done.with_own, done.waiting) == ((), 2, 0)
    assert done.message == "Accounts, trash and activity of 2 backups sent to remote disk."
    assert own_target_of(tmp_path).backup_ids() == {companion_of(ws, backup).backup_id for backup in made}


def test_a_restart_in_the_middle_of_it_sends_no_piece_twice(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(ws)
    put, written = FolderStore.put, list[str]()

    def breaks(self: FolderStore, key: str, data: bytes, *, create: bool = False) -> None:
        if len([each for each in written if each.startswith("app/data")]) == 2:
            raise KeyboardInterrupt  # as if the process ended
        put(self, key, data, create=create)
        written.append(key)

    monkeypatch.setattr(FolderStore, "put", breaks)
    with pytest.raises(KeyboardInterrupt):
        push(ws, "disk")
    assert target_of(tmp_path).entries() == [], "the list's set waits for it"
    first = [key for key in written if key.startswith("app/data")]
    written[:] = []
    monkeypatch.setattr(FolderStore, "put", lambda self, key, data, create=False: (
        put(self, key, data, create=create), written.append(key)))

    assert len(push(replace(ws), "disk").sent) == 1

    assert len(first) == 2 and not set(first) & set(written)
    assert [entry.backup.state for entry in own_target_of(tmp_path).entries()] == ["complete"]


@pytest.mark.parametrize("harm", ["bit", "file gone", "all gone", "no rights"])
def test_damage_to_it_is_said_and_the_list_goes(
    ws: Workspace, tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = back_up(ws)
    path = file_of(own_of(ws), companion_of(ws, backup), "users")
    if harm == "bit":
        flip(path, 20)
    elif harm == "file gone":
        path.unlink()
    elif harm == "all gone":
        own_of(ws).catalog.remove(companion_of(ws, backup))
    else:
        from backup_engine.errors import PermissionDenied

        opened = type(ws.storage).open
        monkeypatch.setattr(type(ws.storage), "open", lambda self, folder, name: opened(self, folder, name)
                            if name != path.name else (_ for _ in ()).throw(PermissionDenied("denied")))

    done = push(ws, "disk")

    assert [each.backup_id for each in done.sent] == [backup.backup_id]
    assert "accounts, trash and activity" in done.problem and done.new_problem
    assert queue.read(ws.storage, "disk").problem == done.problem
    assert own_target_of(tmp_path).entries() == [] and len(target_of(tmp_path).entries()) == 1


def test_what_is_gone_here_for_good_is_no_trouble_for_ever(ws: Workspace) -> None:
    own_of(ws).catalog.remove(companion_of(ws, back_up(ws)))
    assert push(ws, "disk").problem

    done = push(ws, "disk", now=True)

    assert (done.problem, done.waiting) == ("", 0) and queue.read(ws.storage, "disk").problem == ""


def test_a_differential_one_without_its_full_one_is_not_sent(ws: Workspace, database: Data, tmp_path: Path) -> None:
    made = two(ws, database)
    own_of(ws).catalog.remove(companion_of(ws, made[0]))

    done = push(ws, "disk")

    assert len(done.sent) == 2 and made[1].label in done.problem
    assert own_target_of(tmp_path).backup_ids() == set()


def test_what_somebody_deleted_there_is_sent_again(ws: Workspace, database: Data, tmp_path: Path) -> None:
    made = two(ws, database)
    ws = replace(ws, remotes={"disk": f"file://{tmp_path}/disk?keep_days=30"})
    push(ws, "disk")
    own = own_target_of(tmp_path)
    for entry in own.entries():
        own.remove(entry)

    done = push(ws, "disk")

    assert (done.sent, done.waiting) == ((), 0)
    assert done.problem == "" and len(own.backup_ids()) == len(made)


def test_what_retention_let_go_there_takes_it_along(ws: Workspace, database: Data, tmp_path: Path) -> None:
    """A list's set that was deleted there before its companion was ever sent: nothing is sent for it."""
    made = two(ws, database)
    ws = replace(ws, remotes={"disk": f"file://{tmp_path}/disk?keep_days=3"})
    push(as_the_version_before(ws), "disk")
    target = target_of(tmp_path)
    target.remove(next(entry for entry in target.entries() if entry.backup.backup_id == made[1].backup_id))

    done = push(ws, "disk")

    assert (done.sent, done.with_own, done.waiting) == ((), 1, 0)
    assert own_target_of(tmp_path).backup_ids() == {companion_of(ws, made[0]).backup_id}


def test_a_lost_note_sends_nothing_again(ws: Workspace, database: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    two(ws, database)
    push(ws, "disk")
    queue.forget(ws.storage, "disk")
    monkeypatch.setattr(pushing.Target, "send", lambda *_, **__: pytest.fail("sent again"))

    assert push(ws, "disk").waiting == 0


def test_pins_follow(ws: Workspace, tmp_path: Path) -> None:
    backup = back_up(ws)
    push(ws, "disk")
    prune.pin(ws, backup)
    push(ws, "disk")

    assert own_target_of(tmp_path).notes()[companion_of(ws, backup).backup_id].pinned is True
    assert target_of(tmp_path).notes()[backup.backup_id].pinned is True


def test_retention_here_leaves_a_pair_alone_that_is_not_whole_there(ws: Workspace) -> None:
    """Also one whose list is there already: with the list's set its companion would go, and nobody could send it."""
    made = []
    for _ in range(8):
        made.append(back_up(ws))
        push(as_the_version_before(ws), "disk")
        ws.clock.pass_by(days=1)  # type: ignore[attr-defined]
    ws.clock.pass_by(days=2)  # type: ignore[attr-defined]
    create(ws, force=True)
    push(as_the_version_before(ws), "disk")

    waited = prune.prune(ws)

    reasons = {decision.backup.label: decision.reason for decision in waited.decisions}
    assert waited.deleted == () and reasons[made[0].label] == "not sent yet to disk"
    assert len(own_of(ws).catalog.sets()) == 9
    push(ws, "disk")
    gone = {backup.backup_id for backup in prune.prune(ws).deleted}
    assert made[0].backup_id in gone
    assert {each.of for each in own_of(ws).catalog.sets()} & gone == set(), "here they go together"


def test_after_a_month_it_goes_with_an_alert(ws: Workspace) -> None:
    made = []
    for _ in range(10):
        made.append(back_up(ws))
        push(as_the_version_before(ws), "disk")
        ws.clock.pass_by(days=4)  # type: ignore[attr-defined]

    created = create(ws, force=True)

    words = "let go that remote disk has not got, because they waited for more than 30 days"
    assert any(words in warning for warning in created.warnings)
    left = {backup.backup_id for backup in ws.catalog.sets()}
    assert made[0].backup_id not in left and made[-1].backup_id in left
    assert {each.of for each in own_of(ws).catalog.sets()} == left


@pytest.mark.parametrize("keep_old", [False, True], ids=["removed", "marked"])
def test_nothing_readable_is_sent_once_it_was_stored_anew(
    ws: Workspace, database: Data, tmp_path: Path, keep_old: bool
) -> None:
    from backup_engine.csv_format.seal import Seal

    two(ws, database)
    sealed = replace(ws, seal=Seal(compression="zstd", recipients=(PUBLIC,)))
    done = reseal(sealed, keep_old=keep_old)
    assert done.elsewhere == ()

    sent = push(ws, "disk")

    assert (len(sent.sent), sent.with_own, sent.waiting, sent.problem) == (2, 2, 0, "")
    assert {entry.backup.encrypted for entry in own_target_of(tmp_path).entries()} == {True}
    assert [name for name, data in files_below(tmp_path / "disk").items() if b"_id," in data] == []


def test_reseal_says_that_it_lies_there_as_before(ws: Workspace, tmp_path: Path) -> None:
    """Also where nothing but the application's own data does."""
    from backup_engine.csv_format.seal import Seal

    back_up(ws)
    push(ws, "disk")
    line = queue.read(ws.storage, "disk")
    line.sent = {name: when for name, when in line.sent.items() if name in own_target_of(tmp_path).backup_ids()}
    queue.write(ws.storage, "disk", line)

    assert reseal(replace(ws, seal=Seal(recipients=(PUBLIC,)))).elsewhere == ("disk",)
