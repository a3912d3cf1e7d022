from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import adopt as adopting, prune
from backup_engine.create import create
from backup_engine.errors import BadInput, ForeignBackup, NoBackupsFound
from backup_engine.ownership import lookup
from backup_engine.restore import plan_replace, replace
from tests.backup_engine.engine import back_up, fill, workspace


@pytest.fixture
def other(database: Database[dict[str, Any]]) -> Iterator[Database[dict[str, Any]]]:
    """Another database on the same server."""
    second = database.client[f"{database.name}_other"]
    yield second
    second.client.drop_database(second.name)


def test_moving_to_a_new_database(
    database: Database[dict[str, Any]], other: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(other, 30)
    theirs = back_up(workspace(tmp_path, other))
    before = theirs.metadata
    ws = workspace(tmp_path, database)
    with pytest.raises(ForeignBackup):
        plan_replace(ws, theirs, ["equipment"])

    (adopted,) = adopting.adopt(ws)

    assert (adopted.database, adopted.gone, [backup.label for backup in adopted.sets]) == (
        other.name, False, [theirs.label])
    replace(ws, plan_replace(ws, theirs, ["equipment", "select_options"]))
    assert database.Equipment.count_documents({}) == 30
    made = create(ws, force=True, kind="differential").set
    assert made is not None
    assert (made.kind, made.database) == ("full", database.name), "an adopted set is no base"
    assert ws.catalog.find(theirs.label).metadata == before, "sets are not rewritten"


def test_adopted_sets_go_only_when_their_database_is_said_to_be_gone(
    database: Database[dict[str, Any]], other: Database[dict[str, Any]], tmp_path: Path
) -> None:
    from datetime import UTC, datetime, timedelta

    moment = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    ws, theirs = (workspace(tmp_path, chosen, clock=lambda: moment[0]) for chosen in (database, other))
    fill(database)
    fill(other)
    for _ in range(5):
        back_up(theirs)
        moment[0] += timedelta(days=1)
    adopting.adopt(ws, other.name)
    moment[0] += timedelta(days=20)
    for _ in range(4):
        back_up(ws)
        moment[0] += timedelta(hours=1)
    assert len([backup for backup in ws.catalog.sets() if backup.database == other.name]) == 5
    assert {decision.reason for decision in prune.prune(ws, dry_run=True).decisions if not decision.keep} == set()

    adopting.adopt(ws, other.name, gone=True)
    prune.prune(ws)

    assert not [backup for backup in ws.catalog.sets() if backup.database == other.name]


def test_retention_of_one_database_never_touches_another_s(
    database: Database[dict[str, Any]], other: Database[dict[str, Any]], tmp_path: Path
) -> None:
    from datetime import UTC, datetime, timedelta

    moment = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    ws, theirs = (workspace(tmp_path, chosen, clock=lambda: moment[0]) for chosen in (database, other))
    fill(database)
    fill(other, 100)
    for _ in range(3):
        back_up(theirs)
        moment[0] += timedelta(hours=2)
    for _ in range(12):
        moment[0] += timedelta(days=1)
        back_up(ws)

    left = [backup.database for backup in ws.catalog.sets()]
    assert left.count(other.name) == 3
    assert left.count(database.name) < 12


def test_two_databases_on_one_folder_each_see_their_own(
    database: Database[dict[str, Any]], other: Database[dict[str, Any]], tmp_path: Path
) -> None:
    ws, theirs = workspace(tmp_path, database), workspace(tmp_path, other)
    fill(database)
    fill(other)
    back_up(ws)

    assert create(theirs).set is not None, "the other one has never been backed up"
    assert create(theirs).set is None
    assert {holding.relation: holding.database for holding in adopting.holdings(ws)} == {
        "own": database.name, "foreign": other.name}
    (foreign,) = lookup.of(ws).foreign(ws.catalog.sets())
    for verb in (prune.pin, prune.unpin, prune.delete):
        with pytest.raises(BadInput, match="that one decides what stays"):
            verb(ws, foreign)


def test_starting_anew_leaves_the_others_as_they_are(
    database: Database[dict[str, Any]], other: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(other)
    theirs = back_up(workspace(tmp_path, other))
    ws = workspace(tmp_path, database)
    assert lookup.of(ws).question is not None

    owner = adopting.start_anew(ws)

    assert owner.question is None
    assert back_up(ws).counts == {"equipment": 0, "select_options": 0}
    assert owner.relation(theirs) == "foreign"
    with pytest.raises(BadInput, match="own backups already"):
        adopting.start_anew(ws)


def test_what_was_rolled_back_goes_on_with_its_sets(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    back_up(ws)
    before = database.backup_restore_state.find_one({"_id": "database"})
    later = back_up(ws)
    assert before is not None
    database.backup_restore_state.replace_one({"_id": "database"}, before)
    assert "rolled back" in create(ws, force=True).message
    assert prune.prune(ws, dry_run=True).halted

    owner = adopting.was_rolled_back(ws)

    assert owner.question is None
    assert owner.owns(later)
    made = create(ws, force=True)
    assert made.message.startswith("Backup created successfully")
    assert lookup.of(ws).question is None


def test_a_copy_gets_an_id_of_its_own(
    database: Database[dict[str, Any]], other: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(database)
    ws, copy = workspace(tmp_path, database), workspace(tmp_path, other)
    back_up(ws)
    for name in ("Equipment", "Equipment_select_options", "backup_restore_state"):
        other[name].insert_many(database[name].find())
    back_up(ws)
    create(copy, force=True)

    owner = adopting.is_copy(copy)

    assert owner.database_id != lookup.of(ws).database_id
    assert owner.own(copy.catalog.sets()) == []
    assert create(copy).set is not None, "the sets so far belong to the other one"
    assert lookup.of(copy).question is None


def test_questions_nobody_asked_and_names_that_fit_nothing(
    database: Database[dict[str, Any]], other: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    back_up(ws)

    for answer in (adopting.is_copy, adopting.was_rolled_back):
        with pytest.raises(BadInput, match="Nothing looks as if"):
            answer(ws)
    with pytest.raises(NoBackupsFound):
        adopting.adopt(ws)
    fill(other)
    back_up(workspace(tmp_path, other))
    with pytest.raises(BadInput, match=f"Say which: “{other.name}”"):
        adopting.adopt(ws, "nobody")
