"""Reading from a remote: every verb, whatever lies in the backup folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import compare, drill, fetch, merge, recover, restore, undo, verify
from backup_engine.create import create
from backup_engine.deeds import Deed
from backup_engine.errors import (
    BackupFileNotFound,
    BadInput,
    NoSpace,
    PermissionDenied,
    RemoteFailed,
    VerificationFailed,
)
from backup_engine.model import BackupSet
from backup_engine.push import push
from backup_engine.remotes import entries
from backup_engine.remotes.address import parse
from backup_engine.remotes.folder import FolderStore
from backup_engine.remotes.registry import Remote
from backup_engine.remotes.target import Sending
from backup_engine.repository import contents
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import anybodys, back_up, raw, workspace
from tests.backup_engine.offsite_places import target_of, with_remote
from tests.backup_engine.stored import age_seal, file_of, flip, store

Data = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Data, heard: list[Deed], monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    yield with_remote(tmp_path, database, heard=heard, records=300)
    assert list((tmp_path / "tmp").iterdir()) == [], "what was fetched is gone afterwards"


def sent(ws: Workspace, database: Data, *, differential: bool = False) -> BackupSet:
    backup = back_up(ws)
    if differential:
        database.Equipment.update_one({"_id": 1}, {"$set": {"Vendor": "changed"}})
        ws.clock.pass_by(hours=1)  # type: ignore[attr-defined]
        backup = create(ws, force=True, kind="differential").set  # type: ignore[assignment]
    assert push(ws, "disk").waiting == 0
    return backup


def find(backup: BackupSet) -> fetch.Find:
    return lambda there: there.catalog.find(backup.backup_id)


def forget_here(tmp_path: Path) -> None:
    """The folders of all days are gone."""
    for day in (path for path in (tmp_path / "here").iterdir() if path.name.endswith("day")):
        shutil.rmtree(day)


def here_is_garbage(tmp_path: Path) -> None:
    """Everything under the backup folder is replaced, or gone."""
    for number, path in enumerate(sorted((tmp_path / "here").rglob("*"))):
        if path.is_file() and path.name != ".lock":
            path.write_bytes(b"garbage") if number % 3 else path.unlink()


@pytest.mark.parametrize("kind", ["full", "differential"])
def test_listing_and_verifying_as_in_a_folder(ws: Workspace, database: Data, kind: str) -> None:
    backup = sent(ws, database, differential=kind == "differential")

    with fetch.viewed(ws, "disk") as there:
        assert there.catalog.find("".join(backup.label)) == backup
        assert verify.verify(there, backup, 2).ok
        with pytest.raises(PermissionDenied):
            there.storage.put("monday", "x", b"")


def test_an_address_that_nobody_has_registered_can_be_read(ws: Workspace, database: Data, tmp_path: Path) -> None:
    backup = sent(ws, database)
    bare, address = replace(ws, remotes={}), Remote("there", parse(f"file://{tmp_path}/disk"))
    with pytest.raises(BadInput, match="there is none"), fetch.viewed(bare, "there"):
        raise AssertionError("opened")

    with fetch.listed(bare, address) as there:
        assert there.catalog.sets() == [backup]
    with fetch.reading(bare, address, find(backup)) as (near, found):
        assert verify.verify(near, found, 2).ok


def test_a_preview_of_a_plain_set_fetches_only_its_head(
    ws: Workspace, database: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.Equipment.insert_many({"_id": 1000 + n, "Comments": "x" * 10_000} for n in range(600))
    backup, read, fetched = sent(ws, database), FolderStore.read, list[int]()

    def counted(self: FolderStore, key: str, start: int = 0, length: int | None = None) -> bytes:
        data = read(self, key, start, length)
        fetched.extend([len(data)] if key.startswith("data/") else [])
        return data

    monkeypatch.setattr(FolderStore, "read", counted)
    with fetch.reading(ws, "disk", find(backup), by_range=True) as (there, found):
        table, total = contents.preview(there, found, "equipment", 5, 0, "", all_rows=False)

    assert (len(table), total) == (5, 900)
    assert 0 < sum(fetched) <= 2_200_000 < 5_000_000 < backup.parts["equipment"].stored_bytes


@pytest.mark.parametrize("seal", ["gzip", "zstd", "age"])
def test_all_others_are_fetched_once_as_they_are(
    ws: Workspace, database: Data, seal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backup_engine.csv_format.seal import Seal

    sealed = replace(ws, seal=age_seal("zstd") if seal == "age" else Seal(compression=seal))  # type: ignore[arg-type]
    backup, seen = sent(sealed, database), list[str]()
    read = FolderStore.read
    monkeypatch.setattr(FolderStore, "read", lambda self, key, start=0, length=None: (
        seen.extend([key] if length is None else []), read(self, key, start, length))[1])  # heads are for the key

    with fetch.reading(sealed, "disk", find(backup), by_range=True) as (near, found):
        stored = near.storage.open(found.day, str(found.parts["equipment"].file)).read()
        table, _ = contents.preview(near, found, "equipment", 5, 0, "")
        assert verify.verify(near, found, 2, remember=False).ok

    assert stored == file_of(ws, backup).read_bytes() and len(table) == 5
    assert len([key for key in seen if key.startswith("data/")]) == 2


def test_compare_and_drill(ws: Workspace, database: Data) -> None:
    backup = sent(ws, database, differential=True)
    database.Equipment.delete_one({"_id": 5})

    with fetch.spooled(ws, "disk", find(backup)) as (near, found):
        assert compare.compare(near, found, "current", "equipment").only_left == 1
        assert drill.drill(near, found).counts["equipment"] == 300


@pytest.mark.parametrize("garbage", [False, True], ids=["folder sound", "folder replaced by garbage"])
@pytest.mark.parametrize("kind", ["full", "differential"])
def test_replace_and_undo(ws: Workspace, database: Data, tmp_path: Path, kind: str, garbage: bool) -> None:
    backup = sent(ws, database, differential=kind == "differential")
    wanted = raw(database, "Equipment")
    database.Equipment.delete_many({"_id": {"$lt": 100}})
    before = raw(database, "Equipment")
    if garbage:
        here_is_garbage(tmp_path)

    with fetch.spooled(ws, "disk", find(backup)) as (near, found):
        done = restore.replace(near, restore.plan_replace(near, found, ("equipment",)))

    assert done.message.startswith("Restore completed") or "300" in done.message
    assert raw(database, "Equipment") == wanted
    safety = ws.catalog.latest("pre_restore", anybodys)
    assert safety is not None and verify.verify(ws, safety, 2).ok, "the safety backup lies in the backup folder"
    undo.undo(ws)
    assert raw(database, "Equipment") == before


def test_merge(ws: Workspace, database: Data) -> None:
    backup = sent(ws, database)
    database.Equipment.delete_many({"_id": {"$lt": 7}})

    with fetch.spooled(ws, "disk", find(backup)) as (near, found):
        assert merge.merge(near, merge.plan(near, found, "equipment")).inserted == 7


def test_fetching_brings_a_set_and_its_base_back_byte_for_byte(
    ws: Workspace, database: Data, tmp_path: Path, heard: list[Deed]
) -> None:
    backup = sent(ws, database, differential=True)
    kept = file_of(ws, backup).read_bytes()
    forget_here(tmp_path)

    done = fetch.fetch(ws, "disk", backup.label)

    assert len(done.brought) == 2 and done.set.pinned and done.set.kind == "differential"
    assert file_of(ws, done.set).read_bytes() == kept
    assert verify.verify(ws, done.set, 2).ok
    assert heard[-1].action == "backup.remote.fetch"
    assert fetch.fetch(ws, "disk", backup.label).message == f"Backup {backup.label} is here already."


def test_what_lies_here_under_that_label_is_not_overwritten(ws: Workspace, database: Data) -> None:
    backup = sent(ws, database)
    path = file_of(ws, backup)
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(BadInput, match="not overwritten"):
        fetch.fetch(ws, "disk", backup.label)


@pytest.mark.parametrize("harm", ["bit", "missing"])
def test_a_damaged_object_stops_before_anything_is_touched(
    ws: Workspace, database: Data, tmp_path: Path, harm: str
) -> None:
    backup = sent(ws, database)
    live = raw(database, "Equipment")
    forget_here(tmp_path)
    path = next((tmp_path / "disk").rglob("equipment*"))
    flip(path, 40) if harm == "bit" else path.unlink()

    for work in (lambda: fetch.fetch(ws, "disk", backup.label),
                 lambda: fetch.spooled(ws, "disk", find(backup)).__enter__()):
        with pytest.raises((VerificationFailed, BackupFileNotFound)):
            work()

    assert raw(database, "Equipment") == live
    assert [path.name for path in (tmp_path / "here").rglob("*.csv")] == []


def test_a_forged_set_is_not_believed(ws: Workspace, database: Data, tmp_path: Path) -> None:
    """Somebody with the right to write there makes a newest set out of ours, with other content."""
    backup = sent(ws, database)
    store = target_of(tmp_path).store
    about = json.loads(store.read(entries.key_of(backup)))
    piece = about["files"][0]["pieces"][0]
    store.put(piece["key"], store.read(piece["key"]).replace(b"ACME", b"EVIL"))
    forged = about | {"label": "29990101_000000"}
    store.put(f"sets/29990101_000000-{backup.backup_id}.json", json.dumps(forged).encode())

    with fetch.viewed(ws, "disk") as there:
        assert [each.state for each in there.catalog.sets()].count("damaged") == 1
        assert not verify.verify(there, backup, 1).ok
    with pytest.raises(VerificationFailed), \
            fetch.spooled(ws, "disk", find(backup)):
        raise AssertionError("opened")


def test_no_room_is_said_before_anything_is_fetched(
    ws: Workspace, database: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = sent(ws, database)
    monkeypatch.setattr("backup_engine.storage.local.LocalStorage.free_bytes", lambda self: 100)

    with pytest.raises(NoSpace, match="fetching needs"), \
            fetch.spooled(ws, "disk", find(backup)):
        raise AssertionError("opened")


def test_a_remote_that_is_away(ws: Workspace, database: Data, tmp_path: Path) -> None:
    sent(ws, database)
    (tmp_path / "disk").rename(tmp_path / "away")

    with pytest.raises(RemoteFailed), fetch.viewed(ws, "disk"):
        raise AssertionError("opened")
    with pytest.raises(BadInput, match="there are disk"), fetch.viewed(ws, "nowhere"):
        raise AssertionError("opened")


def test_left_overs_of_a_killed_process_are_removed(ws: Workspace, database: Data, tmp_path: Path) -> None:
    import os

    backup = sent(ws, database)
    left = tmp_path / "tmp" / f"{fetch.PREFIX}dead"
    left.mkdir()
    os.utime(left, (0, 0))

    with fetch.spooled(ws, "disk", find(backup)):
        assert not left.exists()


@pytest.mark.parametrize("twin_is_first", [True, False])
def test_a_set_that_bears_the_label_of_ours_takes_nothing_away(
    ws: Workspace, database: Data, tmp_path: Path, twin_is_first: bool
) -> None:
    """Somebody may write into the bucket, and not delete what lies there."""
    backup = sent(ws, database)
    elsewhere = workspace(tmp_path / "elsewhere", database, clock=lambda: backup.started)
    twin = store(elsewhere, [{"_id": 1, "ID": 1}])
    assert twin.label == backup.label
    target_of(tmp_path).send(elsewhere, twin, Sending())
    forget_here(tmp_path)
    meant, other = (twin, backup) if twin_is_first else (backup, twin)

    with fetch.viewed(ws, "disk", meant=meant.backup_id) as there:
        assert [found.backup_id for found in there.catalog.sets()] == [meant.backup_id]
        assert [words.split()[1] for words in fetch.unseen(there)] == [other.backup_id]
        assert verify.verify(there, there.catalog.find(meant.backup_id), 2).ok
    fetched = fetch.fetch(ws, "disk", backup.backup_id).set
    assert (fetched.backup_id, fetched.state) == (backup.backup_id, "complete")
    assert verify.verify(ws, fetched, 2).ok
    found = recover.look(ws, f"file://{tmp_path}/disk", at=backup.backup_id)
    assert found.chosen.backup.backup_id == backup.backup_id
    assert any(twin.backup_id in words for words in found.warnings)
