"""Storing the sets that are there anew: the same content, nothing left in plain, nothing lost at a kill."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import failpoints, history, restore, undo, verify
from backup_engine.compare import compare
from backup_engine.create import create
from backup_engine.csv_format import age
from backup_engine.errors import Cancelled, KeyNeeded
from backup_engine.keys import safety
from backup_engine.locking.locks import hold
from backup_engine.making.write_set import write_set
from backup_engine.model import BackupSet, Watch
from backup_engine.ownership import lookup
from backup_engine.prune import pin, prune
from backup_engine.records.content_sum import same_content
from backup_engine.repository import companions
from backup_engine.reseal import open_sets, reseal
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, back_up, fill, fill_own, raw
from tests.backup_engine.keys.public_only import IDENTITY, OTHER, PUBLIC, files_below, host, with_key
from tests.backup_engine.stored import file_of, flip
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
PLANTED = "Zeppelin 4711"


def plain(folder: Path, database: Db, **options: Any) -> Workspace:
    return host(folder, database, recipients="none", compression="none", **options).workspace


def some_sets(folder: Path, database: Db) -> list[BackupSet]:
    """A full set, one over it, a pinned one, and the safety set of a restore; a record that is gone by now."""
    ws = plain(folder, database)
    fill(database, 300)
    database.Equipment.insert_one({"_id": "planted", "Comments": PLANTED})
    first = create(ws, force=True, kind="full").set
    database.Equipment.update_one({"_id": 5}, {"$set": {"Vendor": PLANTED}})
    second = create(ws, force=True, kind="differential").set
    assert first is not None and second is not None and second.kind == "differential"
    database.Equipment.delete_one({"_id": "planted"})
    back_up(ws)
    restore.replace(ws, restore.plan_replace(ws, second, ("equipment",)))
    history.history_of(ws, "equipment", "5")
    pin(ws, first)
    return ws.catalog.sets()


def holding(folder: Path, text: str = PLANTED) -> list[str]:
    return [name for name, data in files_below(folder).items() if text.encode() in data]


def test_everything_is_encrypted_and_nothing_is_left_in_plain(
    tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    before = some_sets(tmp_path, database)
    assert any(".state/history_" in name for name in holding(tmp_path)), "the index must hold the record that ended"
    live = raw(database, "Equipment")
    ws = host(tmp_path, database, compression="zstd").workspace

    done = reseal(ws)

    assert (len(done.made), len(done.removed), done.left) == (len(before), len(before), ())
    assert holding(tmp_path) == []
    after = ws.catalog.sets()
    keyed = with_key(ws)
    assert [backup.reseals for backup in after] == [backup.backup_id for backup in before]
    for old, new in zip(before, after, strict=True):
        assert (new.kind, new.trigger, new.pinned, new.day) == (old.kind, old.trigger, old.pinned, old.day)
        assert abs((new.started - old.started).total_seconds()) < 60
        assert all(same_content(old.parts[key], new.parts[key]) for key in old.parts)
        assert verify.verify(keyed, new, 2).ok
    assert ws.catalog.last(lookup.of(ws, database).owns) == after[2]
    assert undo.undoable(ws) == after[3]
    undo.undo(ws)
    assert raw(database, "Equipment") != live and database.Equipment.count_documents({}) == 300
    back_up(ws)
    compare(keyed, after[0])
    history.history_of(keyed, "equipment", "5")
    assert holding(tmp_path) == []
    assert reseal(ws).message == "Every backup is stored as it should be; nothing was changed."


def test_other_keys_and_back_to_plain(tmp_path: Path, database: Db) -> None:
    fill(database)
    ws = host(tmp_path, database).workspace
    backup = back_up(ws)
    other = host(tmp_path, database, recipients=[age.public_half(OTHER)], compression="gzip").workspace

    done = reseal(other)
    assert [reason for _, reason in done.left] == ["Key needed: the file is encrypted and no key was given"]
    assert ws.catalog.sets() == [backup]
    assert len(reseal(with_key(other)).made) == 1
    [new] = ws.catalog.sets()
    assert verify.verify(with_key(ws, OTHER), new, 2).ok
    assert len(reseal(with_key(plain(tmp_path, database), OTHER)).made) == 1
    assert verify.verify(ws, ws.catalog.sets()[0], 2).ok


def test_what_cannot_be_stored_anew_stays_and_is_named(tmp_path: Path, database: Db) -> None:
    some_sets(tmp_path, database)
    ws = host(tmp_path, database).workspace
    damaged = ws.catalog.sets()[1]
    flip(file_of(ws, damaged), 30)

    done = reseal(ws)

    assert [backup.label for backup, _ in done.left] == [damaged.label]
    assert "1 backup left as before, 1 of them readable without a key" in done.message
    # its full set stays, for it rests on that one
    assert {backup.label for backup in open_sets(ws)} == {damaged.label, ws.catalog.base_of(damaged).label}


def test_the_old_ones_can_stay(tmp_path: Path, database: Db) -> None:
    before = some_sets(tmp_path, database)
    ws = host(tmp_path, database).workspace

    done = reseal(ws, keep_old=True)

    assert (len(done.made), done.removed) == (len(before), ())
    assert [backup.label for backup in ws.catalog.sets() if backup.superseded] == [old.label for old in before]
    assert len(reseal(ws).removed) == len(before)
    assert holding(tmp_path) == []


def test_cancelled_in_the_middle_it_goes_on_the_next_time(tmp_path: Path, database: Db) -> None:
    before = some_sets(tmp_path, database)
    ws = host(tmp_path, database).workspace
    looks = iter(range(10_000))

    with pytest.raises(Cancelled):
        reseal(ws, watch=Watch(cancelled=lambda: next(looks) > 12))
    reseal(ws)

    assert [backup.reseals for backup in ws.catalog.sets()] == [backup.backup_id for backup in before]


PROGRAM = """
import os, signal, sys
import pymongo
from backup_engine import failpoints
from backup_engine.api import DatabaseBackupRestore
from backup_engine.reseal import reseal

uri, name, folder, work, public, step, times = sys.argv[1:]
left = [int(times)]

def kill():
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

failpoints.hooks[step] = kill
reseal(DatabaseBackupRestore(uri, database=name, backup_folder=folder, work_folder=work, recipients=public,
                             compression="zstd", workers=1).workspace)
"""


@pytest.mark.parametrize(("step", "times"), [
    ("W2", 2), ("W8", 1), ("W9", 1), ("W9", 2), ("S1", 1), ("S2", 3), ("S2", 4), ("S3", 1), ("S3", 3)])
def test_killed_at_any_moment_nothing_is_lost_and_the_next_run_finishes(
    tmp_path: Path, database: Db, shared_mongod: Mongod, step: str, times: int
) -> None:
    before = some_sets(tmp_path, database)
    arguments = [shared_mongod.uri, database.name, str(tmp_path / "sets"), str(tmp_path / "work"), PUBLIC, step,
                 str(times)]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(PROGRAM), *arguments], capture_output=True, text=True,
                          cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -9, done.stderr

    ws = with_key(host(tmp_path, database, compression="zstd").workspace)
    sets = ws.catalog.sets()
    for old in before:
        there = [backup for backup in sets if old.backup_id in (backup.backup_id, backup.reseals)]
        assert any(backup.state == "complete" and verify.verify(ws, backup, 2).ok for backup in there), old.label

    reseal(ws)

    assert holding(tmp_path) == []
    assert [backup.reseals for backup in ws.catalog.sets()] == [backup.backup_id for backup in before]
    assert all(verify.verify(ws, backup, 2).ok for backup in ws.catalog.sets())
    assert failpoints.hooks == {}


def test_a_later_backup_rests_only_on_one_for_the_same_keys(tmp_path: Path, database: Db) -> None:
    fill(database, 300)
    create(plain(tmp_path, database), force=True, kind="full")
    both = [PUBLIC, age.public_half(OTHER)]
    kinds = []
    for recipients in ([PUBLIC], [PUBLIC], both, both):
        ws = host(tmp_path, database, recipients=recipients, identities=[IDENTITY]).workspace
        made = create(ws, force=True, kind="differential").set
        kinds.append(made and made.kind)

    assert kinds == ["full", "differential", "full", "differential"]


def test_the_applications_own_data_is_stored_anew_as_well(tmp_path: Path, database: Db) -> None:
    fill(database)
    fill_own(database)
    database["equipment_users"].insert_one({"_id": "ada", "name": PLANTED})
    ws = plain(tmp_path, database, application=OWN)
    first = back_up(ws)
    database["equipment_users"].insert_one({"_id": "bo", "name": PLANTED})
    second = back_up(ws)
    assert any(name.startswith("sets/.app/") for name in holding(tmp_path))
    encrypted = with_key(host(tmp_path, database, application=OWN).workspace)

    done = reseal(encrypted)

    assert (len(done.made), len(done.removed), done.left) == (4, 4, ())
    assert holding(tmp_path) == []
    for old in (first, second):
        new = ws.catalog.find(old.backup_id)
        own = companions.of(encrypted, new)
        assert new.reseals == old.backup_id and own is not None and own.encrypted and own.reseals == old.companion
        checked = verify.verify(encrypted, new, 2)
        assert checked.ok and not companions.trouble(encrypted, new)
    prune(encrypted)
    back_up(encrypted)
    assert all(companions.of(encrypted, backup) for backup in encrypted.catalog.sets())


def test_a_restore_of_the_list_leaves_the_key_of_the_applications_safety_set_alone(
    tmp_path: Path, database: Db
) -> None:
    fill(database)
    ws = host(tmp_path, database, application=OWN).workspace
    assert ws.application is not None
    backup, keyed = back_up(ws), with_key(ws)
    with hold(ws, "restore") as held:
        own_safety = write_set(ws.application, held, trigger="pre_restore")

    restore.replace(keyed, restore.plan_replace(keyed, backup, ("equipment",)))
    undo.undo(ws)

    assert verify.verify(ws.application, own_safety, 2).ok  # with no identity: Undo of that has nobody to ask
    safety.forget_others(ws.application, None)
    with pytest.raises(KeyNeeded):
        verify.verify(ws.application, own_safety, 2)
