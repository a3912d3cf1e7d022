"""Mounts as people have them: CIFS, NFS, FUSE, memory cards, read-only media, links to what is not mounted.

Backups work and say which guarantee is weaker, or stop and name the mount; what can only be read can be restored from.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import failpoints
from backup_engine.adopt import adopt
from backup_engine.compare import compare
from backup_engine.create import create
from backup_engine.drill import drill
from backup_engine.errors import BackupError, Busy, NoSpace, PermissionDenied
from backup_engine.locking.lease import Lease
from backup_engine.locking.locks import hold
from backup_engine.merge import merge, plan as plan_merge
from backup_engine.model import BackupSet
from backup_engine.prune import prune
from backup_engine.repository.contents import preview
from backup_engine.restore import plan_replace, replace
from backup_engine.storage import open_storage
from backup_engine.storage.mounts import mount_of
from backup_engine.undo import undo, undoable
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests import odd_mount, preload
from tests.backup_engine.engine import back_up, fill, raw, workspace
from tests.mongod import Mongod
from tests.nightmares.crash import die, run_in_child, tree

Live = Database[dict[str, Any]]
Patch = pytest.MonkeyPatch
ROOT = Path(__file__).parents[2]

LACKS: dict[str, tuple[Callable[[Patch], None], str]] = {
    "flush": (lambda patch: odd_mount.no_flush(patch, errno.EINVAL), "cannot flush folders to the disk"),
    "link": (lambda patch: odd_mount.no_links(patch, errno.EACCES), "has no hard links"),
    "lock": (lambda patch: odd_mount.no_locks(patch, errno.ENOLCK), "has no file locks"),
    "room": (odd_mount.no_room_told, "does not tell how much room is left"),
}


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.name.startswith((".tmp", "intent_"))]


@pytest.mark.parametrize("lacking", [*([name] for name in LACKS), list(LACKS)], ids="+".join)
def test_what_a_mount_lacks_is_said_once_and_everything_else_works(
    tmp_path: Path, database: Live, monkeypatch: Patch, lacking: list[str]
) -> None:
    fill(database)
    ws = workspace(tmp_path / "backups", database)
    for name in lacking:
        LACKS[name][0](monkeypatch)

    first = create(ws)
    before = raw(database, "Equipment")
    database.Equipment.delete_many({"_id": {"$gt": 14}})
    after = raw(database, "Equipment")
    second = create(ws, force=True)

    for created in (first, second):
        assert created.message.startswith("Backup created successfully")
        assert created.set is not None
        assert len(created.set.warnings) == len(lacking)
        for name in lacking:
            [said] = [warning for warning in created.set.warnings if LACKS[name][1] in warning]
            assert said.startswith(f"the folder {tmp_path}/backups ({mount_of(tmp_path)}) ")
        assert verify(ws, created.set, 2).ok
    restored = replace(ws, plan_replace(ws, first.set, ["equipment"]))  # type: ignore[arg-type]
    assert raw(database, "Equipment") == before
    assert all(LACKS[name][1] in restored.message for name in lacking)
    undo(ws)
    assert raw(database, "Equipment") == after
    assert left_over(tmp_path) == []


def test_without_a_file_lock_the_run_of_another_database_is_left_alone(
    tmp_path: Path, database: Live, shared_mongod: Mongod, monkeypatch: Patch
) -> None:
    odd_mount.no_locks(monkeypatch, errno.ENOLCK)
    fill(database)
    ws = workspace(tmp_path, database)
    with shared_mongod.client() as client:
        other = client[f"{database.name}_b"]
        fill(other, records=7)
        there: list[BackupSet] = []

        def meanwhile() -> None:
            failpoints.hooks.pop("W8")  # all files of the first have their names, its metadata is still to come
            there.append(back_up(workspace(tmp_path / ".." / tmp_path.name, other)))

        failpoints.hooks["W8"] = meanwhile
        try:
            ours = back_up(ws)
        finally:
            failpoints.hooks.pop("W8", None)
            client.drop_database(other.name)

    assert [verify(ws, backup, 2).ok for backup in (ours, *there)] == [True, True]
    assert len(ws.catalog.sets()) == 2


def test_a_link_to_what_is_not_mounted_is_named_and_nothing_is_made(tmp_path: Path, database: Live) -> None:
    (tmp_path / "backups").symlink_to(tmp_path / "nas" / "lab")
    ws = workspace(tmp_path / "backups", database)

    with pytest.raises(PermissionDenied) as refused:
        create(ws)

    assert f"{tmp_path}/backups is a link to {tmp_path}/nas/lab, which is not there" in refused.value.message
    assert ws.catalog.sets() == []
    assert f"{tmp_path}/backups is a link to" in ws.catalog.why_empty()
    assert not (tmp_path / "nas").exists()


@pytest.mark.parametrize("code", [errno.ENOTCONN, errno.ESTALE], ids=errno.errorcode.get)
def test_a_mount_that_went_away_is_named(tmp_path: Path, database: Live, monkeypatch: Patch, code: int) -> None:
    ws = workspace(tmp_path, database)
    back_up(ws)
    odd_mount.read_only(monkeypatch, tmp_path, code)

    with pytest.raises(BackupError) as stopped:
        create(ws, force=True)

    assert f"does not answer: {os.strerror(code)} ({mount_of(tmp_path)})" in stopped.value.message


def test_a_folder_whose_name_is_no_utf_8_works_on_an_odd_mount_too(
    tmp_path: Path, database: Live, monkeypatch: Patch
) -> None:
    fill(database)
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    ws = workspace(folder, database)
    for lack, _ in LACKS.values():
        lack(monkeypatch)

    created = create(ws)

    assert created.set is not None
    assert all(rf"{tmp_path}/caf\xe9 (" in warning for warning in created.set.warnings)
    assert [verify(ws, backup, 2).ok for backup in ws.catalog.sets()] == [True]
    with hold(ws, "backup"):
        assert Lease.look(database)["place"] == rf"{tmp_path}/caf\xe9"


# A folder that can only be read.

@pytest.fixture
def ws(tmp_path: Path, database: Live) -> Workspace:
    """One backup of twenty records in a folder beside which there is a work folder; five records are left."""
    fill(database)
    made = workspace(open_storage(tmp_path / "backups", tmp_path / "data" / "work"), database)
    back_up(made)
    database.Equipment.delete_many({"_id": {"$gt": 4}})
    return made


def whole_way(ws: Workspace, database: Live, folder: Path, work: Path) -> None:
    """Everything that reads works, everything that must write into the folder names it, and restores go aside."""
    everything, few = 20, 5
    files = tree(folder)
    [backup] = ws.catalog.sets()

    assert verify(ws, backup, 2).ok
    assert "not noted as verified" in verify(ws, backup, 2).message
    assert preview(ws, backup, "equipment", 10, 0, "")[1] == everything
    assert compare(ws, backup, "current", "equipment").only_left == everything - few
    for stopped in (lambda: create(ws, force=True), lambda: prune(ws)):
        with pytest.raises(PermissionDenied) as refused:
            stopped()
        assert str(folder) in refused.value.message
    assert left_over(work) == [] and tree(work) == set()  # what must not be made is not made elsewhere

    assert drill(ws, backup).message.endswith("every record compared.")
    restored = replace(ws, plan_replace(ws, backup, ["equipment"]))
    assert database.Equipment.count_documents({}) == everything
    assert f"what this run writes lies in {work}" in restored.message
    safety = undoable(ws)
    assert safety is not None and safety.kind == "full" and safety.counts["equipment"] == few
    assert restored.safety == safety
    assert ws.storage.place(safety.day, safety.metadata_file) == str(work)
    assert verify(ws, safety, 2).ok
    assert [listed.label for listed in ws.catalog.sets()] == [backup.label, safety.label]

    undo(ws)
    assert database.Equipment.count_documents({}) == few
    merged = merge(ws, plan_merge(ws, backup, "equipment"))
    assert database.Equipment.count_documents({}) == everything
    assert str(work) in merged.message
    undo(ws)
    assert database.Equipment.count_documents({}) == few
    assert tree(folder) == files
    assert left_over(work) == []


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES], ids=["read-only mount", "another user's folder"])
def test_from_a_folder_that_can_only_be_read_everything_comes_back(
    ws: Workspace, tmp_path: Path, database: Live, monkeypatch: Patch, code: int
) -> None:
    with monkeypatch.context() as patch:
        odd_mount.read_only(patch, tmp_path / "backups", code)
        whole_way(ws, database, tmp_path / "backups", tmp_path / "data" / "work")

    # it can be written again: the safety sets are still there, and a backup goes where it belongs
    aside = len(ws.catalog.sets()) - 1
    newest = back_up(ws)
    assert len(ws.catalog.sets()) == aside + 2
    assert ws.storage.place(newest.day, newest.metadata_file) == str(tmp_path / "backups")
    assert undoable(ws) is not None


@pytest.fixture
def read_only_copy(ws: Workspace, tmp_path: Path) -> Iterator[Path]:
    """The backup folder, mounted a second time, read-only."""
    place = tmp_path / "media"
    place.mkdir()
    bind = subprocess.run(["mount", "--bind", str(tmp_path / "backups"), str(place)], capture_output=True, text=True,
                          check=False)
    if bind.returncode:
        pytest.skip(f"mounting a small tmpfs is not allowed here, nor anything else: {bind.stderr.strip()}")
    subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_from_a_real_read_only_mount_too(read_only_copy: Path, tmp_path: Path, database: Live) -> None:
    work = tmp_path / "data" / "work"
    ws = workspace(open_storage(read_only_copy, work), database)

    whole_way(ws, database, read_only_copy, work)
    with pytest.raises(PermissionDenied, match=f"Read-only file system .mount {read_only_copy}, .*, read-only"):
        create(ws, force=True)


@pytest.mark.parametrize("work", ["work", ""], ids=["work folder", "no work folder"])
def test_another_machine_adopts_what_lies_on_read_only_media_and_restores(
    ws: Workspace, shared_mongod: Mongod, tmp_path: Path, database: Live, monkeypatch: Patch, work: str
) -> None:
    [backup] = ws.catalog.sets()
    odd_mount.read_only(monkeypatch, tmp_path / "backups")
    with shared_mongod.client() as client:
        fresh = client[f"{database.name}_moved"]
        moved = workspace(open_storage(tmp_path / "backups", work and tmp_path / work), fresh)
        try:
            [adopted] = adopt(moved)
            if work:
                replace(moved, plan_replace(moved, backup, ["equipment"]))
            restored = fresh.Equipment.count_documents({})
        finally:
            client.drop_database(fresh.name)

    assert [held.backup_id for held in adopted.sets] == [backup.backup_id]
    assert restored == (20 if work else 0)


def test_without_a_work_folder_a_restore_says_what_it_needs_and_a_drill_needs_none(
    ws: Workspace, tmp_path: Path, database: Live, monkeypatch: Patch
) -> None:
    alone = workspace(tmp_path / "backups", database)
    [backup] = alone.catalog.sets()
    odd_mount.read_only(monkeypatch, tmp_path / "backups")

    with pytest.raises(PermissionDenied) as refused:
        replace(alone, plan_replace(alone, backup, ["equipment"]))
    drilled = drill(alone, backup)

    assert "--work-folder" in refused.value.hint
    assert database.Equipment.count_documents({}) == 5
    assert "This is not noted: " in drilled.message
    with hold(alone, "drill") as held, pytest.raises(Busy), hold(workspace(tmp_path / "other", database), "backup"):
        pytest.fail(f"two at once: {held}")


def test_what_a_killed_restore_left_in_the_work_folder_is_cleared_up(
    ws: Workspace, shared_mongod: Mongod, tmp_path: Path, database: Live, monkeypatch: Patch
) -> None:
    odd_mount.read_only(monkeypatch, tmp_path / "backups")
    work, name = tmp_path / "data" / "work", database.name

    def restore_and_die() -> None:
        failpoints.hooks["W8"] = die
        with shared_mongod.client() as client:
            theirs = workspace(open_storage(tmp_path / "backups", work), client[name])
            replace(theirs, plan_replace(theirs, theirs.catalog.sets()[0], ["equipment"]))

    assert run_in_child(restore_and_die) < 0
    assert left_over(work) != []
    undone = undoable(ws)

    replace(ws, plan_replace(ws, ws.catalog.sets()[0], ["equipment"]))

    assert undone is None
    assert left_over(work) == []
    assert database.Equipment.count_documents({}) == 20
    assert all(verify(ws, backup, 2).ok for backup in ws.catalog.sets())


def test_a_full_folder_is_no_reason_to_write_elsewhere(
    ws: Workspace, tmp_path: Path, database: Live, monkeypatch: Patch
) -> None:
    odd_mount.read_only(monkeypatch, tmp_path / "backups", errno.ENOSPC)

    with pytest.raises(NoSpace):
        replace(ws, plan_replace(ws, ws.catalog.sets()[0], ["equipment"]))

    assert tree(tmp_path / "data") == set()
    assert database.Equipment.count_documents({}) == 5


# The same below Python.

@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose system calls answer as odd mounts do."""
    library = preload.built(Path(__file__).with_name("odd_mount.c"), tmp_path_factory.mktemp("shim"))
    if library is None:
        pytest.skip("no C compiler for Linux here: the tests above answer the same calls within Python")
    return library


@pytest.mark.parametrize("odd", ["flush:22,link:1,lock:37,room", "flush:95,link:18,lock:9"])
def test_the_program_on_an_odd_mount(
    shim: Path, tmp_path: Path, shared_mongod: Mongod, database: Live, odd: str
) -> None:
    fill(database)
    command = [sys.executable, "-c", "from backup_engine.cli.main import main; main()", "--uri", shared_mongod.uri,
               "--database", database.name, "--folder", str(tmp_path), "--json", "backup"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LD_PRELOAD": str(shim), "ODD_MOUNT": odd}

    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)

    answer = json.loads(ended.stdout)
    assert ended.returncode == 0, answer
    assert len(answer["warnings"]) == len(odd.split(","))
    for name in (word.partition(":")[0] for word in odd.split(",")):
        assert any(LACKS[name][1] in warning for warning in answer["warnings"])
    ws = workspace(tmp_path, database)
    assert [verify(ws, backup, 2).ok for backup in ws.catalog.sets()] == [True]
    assert left_over(tmp_path) == []
