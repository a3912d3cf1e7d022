"""One folder, several databases: of one name on two servers, copied, with a folder copied half-way, with edited ids."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import failpoints, prune, repair, verify
from backup_engine.adopt import holdings, is_copy
from backup_engine.create import create
from backup_engine.errors import BackupError, ForeignBackup
from backup_engine.history import history_of
from backup_engine.lost import lost_and_found
from backup_engine.ownership import lookup
from backup_engine.repository import manifest
from backup_engine.restore import plan_replace, replace
from backup_engine.undo import undoable
from tests.backup_engine.engine import anybodys, back_up, fill, workspace
from tests.backup_engine.stored import file_of, no_database
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


@pytest.fixture(scope="module")
def second_server() -> Iterator[Mongod]:
    server = Mongod()
    yield server
    server.stop()


@pytest.fixture
def twin(second_server: Mongod, database: Db) -> Iterator[Db]:
    """A database of the same name on another server."""
    with second_server.client() as client:
        yield client[database.name]
        client.drop_database(database.name)


def copy_of(source: Db, target: Db) -> None:
    """What a dump put back on another server makes: the engine's own documents are copied as well."""
    for name in source.list_collection_names():
        documents = list(source[name].find())
        if documents:
            target[name].insert_many(documents)


def test_two_databases_of_one_name_are_two(database: Db, twin: Db, tmp_path: Path) -> None:
    moment = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    fill(database, 20)
    fill(twin, 50)
    ours, theirs = (workspace(tmp_path, chosen, clock=lambda: moment[0]) for chosen in (database, twin))
    first = back_up(ours)
    twin.Equipment.insert_one({"_id": "only there"})
    assert create(theirs).set is not None
    for _ in range(10):
        moment[0] += timedelta(days=1)
        back_up(theirs)

    assert [backup.label for backup in lookup.of(ours).own(ours.catalog.sets())] == [first.label], "nothing was cleared"
    assert lookup.of(ours).question is lookup.of(theirs).question is None
    assert {holding.relation: len(holding.sets) for holding in holdings(ours)}["own"] == 1
    newest = theirs.catalog.newest_good(lookup.of(theirs).owns)
    assert newest is not None
    with pytest.raises(ForeignBackup):
        plan_replace(ours, newest, ["equipment"])
    assert undoable(ours) is None
    assert lost_and_found(ours, "equipment") == []
    assert [version.first.label for version in history_of(ours, "equipment", "1").versions] in ([], [first.label])


def test_safety_backups_of_one_are_no_undo_of_the_other(database: Db, twin: Db, tmp_path: Path) -> None:
    fill(database)
    fill(twin)
    ours, theirs = workspace(tmp_path, database), workspace(tmp_path, twin)
    replace(ours, plan_replace(ours, back_up(ours), ["equipment"]))

    assert undoable(ours) is not None
    assert undoable(theirs) is None


def test_a_copy_on_another_server_is_noticed_by_both_and_told_apart(database: Db, twin: Db, tmp_path: Path) -> None:
    fill(database)
    ours = workspace(tmp_path, database)
    back_up(ours)
    copy_of(database, twin)
    theirs = workspace(tmp_path, twin)

    by_the_copy = back_up(theirs)
    assert "copy of another database" in create(ours, force=True).message
    assert "copy of another database" in create(theirs, force=True).message
    assert prune.prune(ours, dry_run=True).halted

    is_copy(theirs)
    question = lookup.of(ours).question
    assert question is not None
    assert question.label == by_the_copy.label, "the original is asked as well: only a person knows which is which"
    assert back_up(theirs).database_id == lookup.of(theirs).database_id != lookup.of(ours).database_id


def test_with_its_database_down_an_installation_clears_nothing_away(database: Db, tmp_path: Path) -> None:
    moment = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    fill(database)
    theirs = workspace(tmp_path, database, clock=lambda: moment[0])
    back_up(theirs)
    moment[0] += timedelta(days=20)
    kept = [back_up(theirs) for _ in range(3)]
    assert prune.prune(theirs, dry_run=True).deleted == ()  # retention has run already
    moment[0] += timedelta(days=20)

    of_another = workspace(tmp_path, no_database, clock=lambda: moment[0])
    decided = prune.prune(of_another)

    assert decided.deleted == ()
    assert {decision.backup.label for decision in decided.decisions if decision.keep} >= {set_.label for set_ in kept}
    assert any("could not be asked" in decision.reason for decision in decided.decisions)


@pytest.mark.parametrize("step", ["W2", "W6", "W8", "W9"])
def test_a_folder_that_was_copied_while_a_backup_ran(
    database: Db, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = workspace(tmp_path / "sets", database)
    before = back_up(ws)
    database.Equipment.delete_one({"_id": 0})
    monkeypatch.setitem(failpoints.hooks, step, lambda: shutil.copytree(tmp_path / "sets", tmp_path / "copy"))
    during = back_up(ws)
    monkeypatch.delitem(failpoints.hooks, step)
    moved = workspace(tmp_path / "copy", database)

    listed = [backup.label for backup in moved.catalog.sets() if backup.usable]
    assert listed == [before.label] + [during.label] * (step == "W9")
    after = back_up(moved)

    for backup in moved.catalog.sets():
        assert verify.verify(moved, backup, 2).ok
    assert {before.label, after.label} <= {backup.label for backup in moved.catalog.sets()}
    assert not list((tmp_path / "copy").rglob("intent_*")) + list((tmp_path / "copy").rglob(".tmp-*"))
    assert lookup.of(moved).question is None, "every set there is known"


def test_a_set_whose_database_id_was_edited_is_damaged_and_never_ours(database: Db, twin: Db, tmp_path: Path) -> None:
    fill(database)
    fill(twin, 7)
    ours = workspace(tmp_path, database)
    back_up(ours)
    theirs = back_up(workspace(tmp_path, twin))
    path = file_of(ours, theirs, "metadata")
    edited = json.loads(path.read_text())
    edited["source"]["database_id"] = lookup.of(ours).database_id
    path.write_text(json.dumps(edited))

    (damaged,) = [backup for backup in ours.catalog.sets() if backup.label == theirs.label]
    assert (damaged.state, damaged.usable) == ("damaged", False)
    with pytest.raises(BackupError):
        replace(ours, plan_replace(ours, damaged, ["equipment"]))
    assert database.Equipment.count_documents({}) == 20

    mended = repair.repair(ours, damaged).backup
    assert mended.database_id == theirs.database_id
    assert lookup.of(ours).relation(mended) == "foreign"


def test_one_edited_with_its_hash_made_anew_is_told_by_its_number(database: Db, twin: Db, tmp_path: Path) -> None:
    fill(database)
    fill(twin, 7)
    ours = workspace(tmp_path, database)
    back_up(ours)
    theirs = workspace(tmp_path, twin)
    back_up(theirs)
    forged = back_up(theirs)
    metadata = {**forged.metadata, "source": {**forged.metadata["source"], "database_id": lookup.of(ours).database_id}}
    file_of(ours, forged, "metadata").write_bytes(manifest.encode(metadata))

    create(ours, force=True)

    question = lookup.of(ours).question
    assert question is not None
    assert question.label == forged.label
    assert ours.catalog.newest_good(anybodys) is not None
