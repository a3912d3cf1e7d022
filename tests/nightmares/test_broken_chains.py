"""Differential sets whose full set is lost or damaged: listed, named, mended, and never the reason for a loss.

``TEST_ROUNDS=2`` makes the long row 200 sets long.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import bson
import pytest

from backup_engine import prune
from backup_engine.errors import BadInput, VerificationFailed
from backup_engine.locking.locks import hold
from backup_engine.making.differential import Changes
from backup_engine.making.write_set import write_changes
from backup_engine.model import BackupSet
from backup_engine.repair import repair
from backup_engine.repository import contents
from backup_engine.verify import require, verify, verify_all
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock
from tests.backup_engine.stored import file_of, flip, folder, records, store

FULL = records(60)
LONG = 200 if int(os.environ.get("TEST_ROUNDS", "1")) > 1 else 40


def change(ws: Workspace, base: BackupSet, number: int, **more: Any) -> BackupSet:
    """A differential: record 1 changed, record 2 deleted, one new."""
    changed = [{**FULL[1], "Comments": f"version {number}"}, {"_id": f"new {number}", "ID": 1000 + number}]
    changes = Changes([b"".join(map(bson.encode, changed))], [bson.encode({"_id": FULL[2]["_id"]})])
    with hold(ws, "import") as held:
        return write_changes(ws, held, base, {"equipment": changes, **more}, trigger="scheduled")


def chain(path: Path, number: int = 3) -> tuple[Workspace, StillClock, BackupSet, list[BackupSet]]:
    """A full set and differentials over it, one an hour."""
    ws, clock = folder(path)
    full = store(ws, FULL)
    over = []
    for n in range(number):
        clock.pass_by(hours=1)
        over.append(change(ws, full, n))
    return ws, clock, full, over


def found_in(ws: Workspace, backup: BackupSet) -> dict[Any, dict[str, Any]]:
    """Records by ``_id``."""
    batches = contents.documents(ws, backup, "equipment")
    return {document["_id"]: document for batch in batches for document in bson.decode_all(batch)}


def test_sound_chain_verifies_and_gives_the_list(tmp_path: Path) -> None:
    ws, _, _, over = chain(tmp_path)

    content = found_in(ws, over[2])

    assert verify(ws, over[2], 2).ok and over[2].counts["equipment"] == 60 == len(content)
    assert content[FULL[1]["_id"]]["Comments"] == "version 2"
    assert FULL[2]["_id"] not in content and "new 2" in content and "new 1" not in content


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("damage", ["file missing", "bit flipped", "metadata missing", "metadata broken"])
def test_lost_full_set_is_named_by_every_set_that_rests_on_it(tmp_path: Path, damage: str, level: int) -> None:
    ws, clock, full, over = chain(tmp_path)
    clock.pass_by(hours=1)
    apart = store(ws, 5)
    path = file_of(ws, full, "equipment" if damage in ("file missing", "bit flipped") else "metadata")
    {"file missing": path.unlink, "metadata missing": path.unlink, "bit flipped": lambda: flip(path, 300),
     "metadata broken": lambda: path.write_bytes(b"{}")}[damage]()

    for backup in over:
        with pytest.raises(VerificationFailed) as refused:
            require(ws, ws.catalog.find(backup.backup_id), level)
        assert full.label in str(refused.value) or full.backup_id in str(refused.value)
    assert verify(ws, apart, 2).ok
    report = verify_all(ws, level)
    assert {verification.backup.label for verification in report.verifications if verification.ok} == {apart.label}


def test_damaged_differential_leaves_its_siblings_alone(tmp_path: Path) -> None:
    ws, _, full, over = chain(tmp_path)
    flip(file_of(ws, over[1]), 200)

    report = verify_all(ws, 2)

    bad = {verification.backup.label for verification in report.verifications if not verification.ok}
    assert bad == {over[1].label}
    assert verify(ws, full, 2).ok


def test_tombstone_for_an_absent_record_does_no_harm(tmp_path: Path) -> None:
    ws, clock, full, _ = chain(tmp_path, 0)
    clock.pass_by(hours=1)
    gone = Changes((), [bson.encode({"_id": "never was there"}), bson.encode({"_id": FULL[0]["_id"]})])
    with hold(ws, "import") as held:
        backup = write_changes(ws, held, full, {"equipment": gone}, trigger="scheduled")

    assert verify(ws, backup, 2).ok
    assert len(found_in(ws, backup)) == backup.counts["equipment"] == 59


def test_repair_brings_back_what_the_two_files_still_have(tmp_path: Path) -> None:
    ws, clock, full, over = chain(tmp_path)
    path = file_of(ws, full)
    flip(path, path.read_bytes().index(b'"note, ""30""'))
    clock.pass_by(hours=1)

    done = repair(ws, ws.catalog.find(over[2].backup_id))

    content = found_in(ws, done.backup)
    assert len(content) == 59 and FULL[30]["_id"] not in content
    assert FULL[2]["_id"] not in content and content[FULL[1]["_id"]]["Comments"] == "version 2"


def test_repair_without_the_full_set_says_that_only_changes_are_left(tmp_path: Path) -> None:
    ws, clock, full, over = chain(tmp_path)
    prune_by_force(ws, full)
    clock.pass_by(hours=1)

    done = repair(ws, ws.catalog.find(over[2].backup_id))

    assert set(found_in(ws, done.backup)) == {FULL[1]["_id"], "new 2"}
    assert "full backup is gone" in done.message and done.lost["equipment"] == 58


def prune_by_force(ws: Workspace, backup: BackupSet) -> None:
    """Somebody deletes a full set by hand."""
    for key in (*backup.parts, "metadata"):
        file_of(ws, backup, key).unlink()
    (Path(ws.storage.describe()) / ".state" / backup.metadata_file).unlink()


def test_full_set_is_not_deleted_under_its_differentials(tmp_path: Path) -> None:
    ws, clock, full, over = chain(tmp_path, 1)
    clock.pass_by(days=6)
    for _ in range(4):
        clock.pass_by(hours=12)
        store(ws, FULL)

    with pytest.raises(BadInput, match="needed by 1 others"):
        prune.delete(ws, full)
    clock.pass_by(hours=-30)
    assert full.label in {backup.label for backup in ws.catalog.sets()}
    clock.pass_by(days=9)
    store(ws, FULL)
    prune.prune(ws)
    left = {backup.label for backup in ws.catalog.sets()}
    assert full.label not in left and over[0].label not in left


def test_long_row_of_differentials_over_one_full_set(tmp_path: Path) -> None:
    ws, _, full, over = chain(tmp_path, LONG)

    assert all(verification.ok for verification in verify_all(ws, 1).verifications)
    assert verify(ws, over[-1], 2).ok and found_in(ws, over[-1])[FULL[1]["_id"]]["Comments"] == f"version {LONG - 1}"
    prune.prune(ws)
    assert full.label in {backup.label for backup in ws.catalog.sets()}
