"""Reading the application's own data from a remote: viewed, spooled, fetched; and what of it is wrong there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bson import decode
from pymongo.database import Database

from backup_engine import drill, fetch, prune, restore_application, verify
from backup_engine.create import create
from backup_engine.errors import BackupFileNotFound, NoSpace, PermissionDenied
from backup_engine.model import BackupSet, TakenBack
from backup_engine.push import push
from backup_engine.records.raw import documents_of
from backup_engine.remotes.address import parse
from backup_engine.remotes.folder import FolderStore
from backup_engine.remotes.registry import Remote
from backup_engine.repository import companions
from backup_engine.reseal import reseal
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, back_up, own_of, workspace
from tests.backup_engine.keys.public_only import PUBLIC, files_below, with_key
from tests.backup_engine.offsite_places import own_target_of, with_remote
from tests.backup_engine.stored import file_of, flip

Data = Database[dict[str, Any]]


def take_back(database: Data, saved: Callable[[str], Any], *, undo: bool, dry_run: bool, watch: Any) -> TakenBack:
    """An application that says who is in there, and changes nothing."""
    names = [decode(each)["_id"] for batch in saved("users") for each in documents_of(batch)]
    return TakenBack({"users": {"added": len(names)}}, tuple(sorted(names)))


@pytest.fixture
def ws(tmp_path: Path, database: Data, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    yield with_remote(tmp_path, database, application=replace(OWN, take_back=take_back))
    assert list((tmp_path / "tmp").iterdir()) == [], "what was fetched is gone afterwards"


def sent(ws: Workspace, database: Data, *, differential: bool = False) -> BackupSet:
    backup = create(ws, force=True, kind="full").set
    if differential:
        database.Equipment.update_one({"_id": 1}, {"$set": {"Vendor": "changed"}})
        database.equipment_users.insert_one({"_id": "late"})
        ws.clock.pass_by(hours=1)  # type: ignore[attr-defined]
        backup = create(ws, force=True, kind="differential").set
    assert backup is not None and push(ws, "disk").waiting == 0
    return backup


def find(backup: BackupSet) -> fetch.Find:
    return lambda there: there.catalog.find(backup.backup_id)


def bare(ws: Workspace, tmp_path: Path) -> tuple[Workspace, Remote]:
    """Another machine, on which nothing lies and nothing is registered, and the address."""
    about = ws.annex.about if ws.annex is not None else None
    other = workspace(tmp_path / "elsewhere", ws.connect, application=about, clock=ws.clock)
    return other, Remote("there", parse(f"file://{tmp_path}/disk"))


def companion_of(ws: Workspace, backup: BackupSet) -> BackupSet:
    found = companions.of(ws, backup)
    assert found is not None
    return found


def stored(folder: Path) -> Mapping[str, bytes]:
    """The files of the sets in a folder."""
    return {name: data for name, data in files_below(folder).items() if name.endswith((".csv", ".zst", ".age"))}


@pytest.mark.parametrize("differential", [False, True])
def test_on_a_bare_machine_a_remote_shows_and_proves_it(
    ws: Workspace, database: Data, tmp_path: Path, differential: bool
) -> None:
    backup = sent(ws, database, differential=differential)
    other, remote = bare(ws, tmp_path)

    with fetch.viewed(other, remote) as there:
        own = own_of(there)
        found = companion_of(there, there.catalog.find(backup.backup_id))
        assert found == companion_of(ws, backup) and companions.trouble(there, backup) == ""
        assert verify.verify(own, found, 2).ok
        assert verify.verify(there, backup, 2).ok and verify.verify_all(there, 1).ok
        planned = restore_application.plan(there, backup, foreign=True)
        assert planned.would.notes == (("late",) if differential else ()) + ("u0", "u1", "u2")
        with pytest.raises(PermissionDenied):
            own.storage.put("monday", "x", b"")


@pytest.mark.parametrize("differential", [False, True])
def test_spooled_it_lies_in_the_work_folder_and_can_be_brought_back(
    ws: Workspace, database: Data, tmp_path: Path, differential: bool
) -> None:
    backup = sent(ws, database, differential=differential)
    other, remote = bare(ws, tmp_path)
    here = stored(tmp_path / "here")

    with fetch.spooled(other, remote, find(backup)) as (near, found):
        assert sorted(stored(tmp_path / "tmp").values()) == sorted(here.values()), "as stored, with the full ones"
        assert companions.trouble(near, found) == "" and drill.drill(near, found).counts["equipment"] == 20
        # nothing is there but what is fetched: read when the remote is away
        (tmp_path / "disk").rename(tmp_path / "away")
        planned = restore_application.plan(near, found, foreign=True)
        done = restore_application.restore(near, planned)
        (tmp_path / "away").rename(tmp_path / "disk")

    assert len(planned.would.notes) == 3 + differential
    assert [done.safety] == own_of(other).catalog.sets(), "the safety set lies in the folder of this machine"


def test_what_is_damaged_there_alone_does_not_keep_the_list_away(
    ws: Workspace, database: Data, tmp_path: Path
) -> None:
    backup = sent(ws, database)
    flip(next((tmp_path / "disk" / "app").rglob("users*")), 10)
    other, remote = bare(ws, tmp_path)

    with fetch.viewed(other, remote) as there:
        checked = verify.verify(there, backup, 1)
        assert [damage.message for damage in checked.beside] != [] and checked.problems == ()
    with fetch.spooled(other, remote, find(backup)) as (near, found):
        assert verify.verify(near, found, 2, companion=False).ok
        assert "missing" in companions.trouble(near, found)
        with pytest.raises(BackupFileNotFound, match="accounts, trash and activity"):
            restore_application.plan(near, found, foreign=True)


@pytest.mark.parametrize("harm", ["garbage", "piece gone", "object gone", "its full one gone"])
def test_what_is_broken_there_is_said(ws: Workspace, database: Data, tmp_path: Path, harm: str) -> None:
    backup = sent(ws, database, differential=True)
    own = own_target_of(tmp_path)
    entry = next(each for each in own.entries() if each.backup == companion_of(ws, backup))
    base = next(each for each in own.entries() if each.backup.backup_id == entry.backup.base)
    if harm == "garbage":
        own.store.put(entry.key, b"garbage")
    elif harm == "piece gone":
        own.store.delete(entry.files[str(entry.backup.parts["users"].file)].pieces[0].key)
    else:
        own.store.delete((base if harm == "its full one gone" else entry).key)
    other, remote = bare(ws, tmp_path)

    with fetch.viewed(other, remote) as there:
        assert verify.verify(there, backup, 1).problems == ()
        assert verify.verify(there, backup, 1).beside
    done = fetch.fetch(replace(other, remotes={"disk": f"file://{tmp_path}/disk"}), "disk", backup.label)
    assert len(done.brought) == 2 and done.own == ()
    assert "accounts, trash and activity" in done.trouble and done.trouble in done.message
    with fetch.spooled(other, remote, find(backup)) as (near, found):
        assert verify.verify(near, found, 2, companion=False).ok


def test_a_remote_of_an_earlier_version_still_works(ws: Workspace, database: Data, tmp_path: Path) -> None:
    backup = back_up(ws)
    push(replace(ws, annex=None), "disk")
    assert not (tmp_path / "disk" / "app").exists()
    other, remote = bare(ws, tmp_path)

    with fetch.viewed(other, remote) as there:
        assert there.catalog.sets() == [backup] and own_of(there).catalog.sets() == []
        assert "missing in app/ in file://" in companions.trouble(there, backup)
        assert verify.verify(there, backup, 2).problems == ()
    with fetch.spooled(ws, "disk", find(backup)) as (near, found):
        assert verify.verify(near, found, 2).ok, "here it lies in the backup folder"
    done = fetch.fetch(replace(other, remotes={"disk": f"file://{tmp_path}/disk"}), "disk", backup.label)
    assert verify.verify(other, done.set, 2, companion=False).ok and "missing" in done.message


def test_an_engine_without_an_application_leaves_it_where_it_is(ws: Workspace, database: Data, tmp_path: Path) -> None:
    backup = sent(ws, database)
    other = replace(bare(ws, tmp_path)[0], annex=None, remotes=ws.remotes)

    with fetch.viewed(other, "disk") as there:
        assert there.application is None and verify.verify(there, backup, 1).ok
    assert fetch.fetch(other, "disk", backup.label).trouble == ""
    assert not (tmp_path / "elsewhere" / ".app").exists()


@pytest.mark.parametrize("differential", [False, True])
def test_fetching_brings_it_into_its_place(ws: Workspace, database: Data, tmp_path: Path, differential: bool) -> None:
    backup = sent(ws, database, differential=differential)
    kept = stored(tmp_path / "here" / ".app")
    other = replace(bare(ws, tmp_path)[0], remotes=ws.remotes)

    done = fetch.fetch(other, "disk", backup.label)

    assert stored(tmp_path / "elsewhere" / ".app") == kept
    own = companion_of(other, done.set)
    assert own.pinned and done.own[-1] == own and len(done.own) == len(done.brought) == 1 + differential
    assert verify.verify(other, done.set, 2).ok and done.trouble == ""
    assert ", accounts, trash and activity, and is pinned." in done.message
    assert own_of(other).catalog.sets() == list(done.own)
    assert [name for name in files_below(tmp_path / "elsewhere") if "intent" in name] == []
    assert fetch.fetch(other, "disk", backup.label).message == f"Backup {backup.label} is here already."


def test_what_is_missing_beside_a_set_that_is_here_is_fetched(ws: Workspace, database: Data) -> None:
    backup = sent(ws, database, differential=True)
    for own in list(own_of(ws).catalog.sets()):
        own_of(ws).catalog.remove(own)

    done = fetch.fetch(ws, "disk", backup.label)

    assert (done.brought, len(done.own), done.trouble) == ((), 2, "")
    assert done.message == f"Backup {backup.label} is here already. Accounts, trash and activity were fetched."
    assert verify.verify(ws, backup, 2).ok


def test_what_lies_here_under_that_label_is_not_overwritten(ws: Workspace, database: Data, tmp_path: Path) -> None:
    backup = sent(ws, database)
    path = file_of(own_of(ws), companion_of(ws, backup), "users")
    path.write_bytes(path.read_bytes()[:-1])
    ws.catalog.remove(backup)

    done = fetch.fetch(ws, "disk", backup.label)

    assert len(done.brought) == 1 and "not overwritten" in done.trouble


@pytest.mark.parametrize("harm", ["list", "killed"])
def test_without_its_set_it_counts_for_nothing(
    ws: Workspace, database: Data, tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = sent(ws, database)
    other = replace(bare(ws, tmp_path)[0], remotes=ws.remotes)
    if harm == "list":
        flip(next((tmp_path / "disk" / "data").rglob("equipment*")), 10)
        with pytest.raises(fetch.VerificationFailed):
            fetch.fetch(other, "disk", backup.label)
    else:
        with monkeypatch.context() as dying:
            dying.setattr(fetch, "_bring", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            dying.setattr(fetch.intents, "abandon", lambda *_: None)  # nothing is tidied by a process that is dead
            with pytest.raises(KeyboardInterrupt):
                fetch.fetch(other, "disk", backup.label)
        assert len(own_of(other).catalog.sets()) == 1
        create(other, force=True, kind="full")

    assert [each.of for each in own_of(other).catalog.sets() if each.of == backup.backup_id] == []


def test_no_room_counts_both(ws: Workspace, database: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    database.equipment_activity.insert_many({"_id": 100 + n, "text": "x" * 1000} for n in range(500))
    backup = sent(ws, database)
    monkeypatch.setattr("backup_engine.storage.local.LocalStorage.free_bytes", lambda self: 300_000)

    with pytest.raises(NoSpace, match="fetching needs"), fetch.spooled(ws, "disk", find(backup)):
        raise AssertionError("opened")


def test_a_look_at_the_lists_reads_nothing_of_it(
    ws: Workspace, database: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(ws, database)
    asked, listing = list[str](), FolderStore.list
    monkeypatch.setattr(FolderStore, "list", lambda self, folder: (asked.append(folder), listing(self, folder))[1])

    with fetch.viewed(ws, "disk") as there:
        assert len(there.catalog.sets()) == 1 and not [folder for folder in asked if folder.startswith("app")]
        assert len(own_of(there).catalog.sets()) == 1 and [folder for folder in asked if folder.startswith("app")]


def test_a_resealed_one_is_found_there_as_here(ws: Workspace, database: Data, tmp_path: Path) -> None:
    from backup_engine.csv_format.seal import Seal

    sent(ws, database, differential=True)
    done = reseal(replace(ws, seal=Seal(compression="zstd", recipients=(PUBLIC,))))
    push(ws, "disk")
    for entry in own_target_of(tmp_path).entries():  # as once the readable ones are deleted there
        if not entry.backup.encrypted:
            own_target_of(tmp_path).remove(entry)
    copy = next(made for made in done.made if made.companion and made.kind == "differential")
    other, remote = bare(ws, tmp_path)

    with fetch.viewed(with_key(other), remote) as there:
        found = companion_of(there, copy)
        assert found.reseals == copy.companion and found.encrypted
        assert verify.verify(there, copy, 2).ok
    with fetch.spooled(with_key(other), remote, find(copy)) as (near, same):
        assert len(restore_application.plan(near, same, foreign=True).would.notes) == 4


def test_a_fetched_pair_goes_together(ws: Workspace, database: Data, tmp_path: Path) -> None:
    backup = sent(ws, database)
    ws.catalog.remove(backup)
    own_of(ws).catalog.remove(companion_of(ws, backup))
    fetch.fetch(ws, "disk", backup.label)
    prune.unpin(ws, ws.catalog.find(backup.backup_id))
    for _ in range(12):
        ws.clock.pass_by(days=1)  # type: ignore[attr-defined]
        create(ws, force=True)
        push(ws, "disk")
    prune.prune(ws)

    assert backup.backup_id not in {each.backup_id for each in ws.catalog.sets()}
    assert backup.backup_id not in {each.of for each in own_of(ws).catalog.sets()}
