from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.errors import ChoiceNeeded
from backup_engine.ownership import identity, lookup
from backup_engine.repository import manifest
from tests.backup_engine.engine import StillClock, back_up, fill, workspace
from tests.backup_engine.stored import file_of


def without_id(ws: Any, backup: Any) -> None:
    """Make it a set as version 1.1 wrote them."""
    metadata = dict(backup.metadata)
    metadata["source"] = {name: value for name, value in metadata["source"].items()
                          if name not in ("database_id", "number", "replica_set")}
    file_of(ws, backup, "metadata").write_bytes(manifest.encode(metadata))


def test_a_set_carries_the_id_and_the_number_its_database_gave_it(
    database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)

    first, second = back_up(ws), back_up(ws)

    source = json.loads(file_of(ws, second, "metadata").read_text())["source"]
    known = identity.read(database)
    assert known is not None
    assert source["database_id"] == known.database_id
    assert (source["number"], source["database"], source["replica_set"]) == (2, database.name, "tests")
    assert known.written == {1: first.backup_id, 2: second.backup_id}


def test_the_first_backup_after_an_update_claims_the_sets_without_an_id(
    database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(database)
    ws = workspace(tmp_path, database, clock=(clock := StillClock()))
    without_id(ws, back_up(ws))
    database.backup_restore_state.delete_one({"_id": "database"})
    (old,) = ws.catalog.sets()
    assert lookup.of(ws).owns(old), "before that they count as its own, or one more set would be made at once"
    assert create(ws, interval_hours=1).set is None

    clock.pass_by(hours=2)
    back_up(ws)

    other = database.client[f"{database.name}_server"]
    assert lookup.of(ws).owns(old)
    known = identity.read(database)
    assert known is not None
    assert known.claimed
    other.client.drop_database(other.name)


def test_a_database_that_may_have_been_lost_gets_no_backup_until_somebody_says_so(
    database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    kept = back_up(ws)
    database.client.drop_database(database.name)

    with pytest.raises(ChoiceNeeded) as refused:
        create(ws, force=True)

    assert refused.value.exit_code == 16
    assert kept.label in refused.value.message
    assert identity.read(database) is None
    assert ws.catalog.sets() == [kept]


def test_a_set_of_a_copy_raises_a_question_and_full_sets_go_on(
    database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    back_up(ws)
    copy = database.client[f"{database.name}_copy"]
    for name in ("Equipment", "Equipment_select_options", "backup_restore_state"):
        copy[name].insert_many(database[name].find())
    strange = back_up(workspace(tmp_path, copy))

    made = create(ws, force=True, kind="differential")

    assert made.set is not None
    assert made.set.kind == "full"
    assert "rolled back" in made.message
    question = lookup.of(ws).question
    assert question is not None
    assert (question.kind, question.label) == ("diverged", strange.label)
    assert create(workspace(tmp_path, copy), force=True).message.count("copy of another database") == 1
    copy.client.drop_database(copy.name)


def test_a_crash_between_the_note_and_the_commit_raises_no_question(
    database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    back_up(ws)
    identity.write_down(database, "never committed", 99)

    back_up(ws)

    assert lookup.of(ws).question is None
