from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import ForeignBackup
from backup_engine.ownership import lookup
from tests.backup_engine.engine import Switched, back_up, fill, workspace
from tests.backup_engine.stored import folder, no_database


def test_the_database_is_asked_and_remembered_for_when_it_is_down(
    database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(database)
    connection = Switched(database)
    ws = workspace(tmp_path, connection)
    backup = back_up(ws)
    asked = lookup.of(ws)
    connection.up = False

    assert asked.database_id == backup.database_id != ""
    assert asked.database == database.name
    assert lookup.of(ws) == lookup.seen(ws) == asked


def test_a_folder_of_one_database_needs_no_question(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    fill(database)
    backup = back_up(workspace(tmp_path, database))
    down = workspace(tmp_path, no_database)

    assert lookup.shown(down).owns(backup)


def test_nothing_is_guessed_where_two_databases_could_be_meant(
    tmp_path: Path, database: Database[dict[str, Any]]
) -> None:
    for name in ("a", "b"):
        other = database.client[f"{database.name}_{name}"]
        fill(other)
        back_up(workspace(tmp_path, other))
        other.client.drop_database(other.name)
    down = workspace(tmp_path, no_database)

    assert lookup.shown(down).own(down.catalog.sets()) == lookup.of(down).own(down.catalog.sets()) == []


def test_an_empty_folder_asks_for_nothing(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)

    assert lookup.of(ws).question is None


def test_a_set_of_another_database_needs_a_word(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    other = database.client[f"{database.name}_other"]
    fill(database)
    fill(other)
    theirs, ws = back_up(workspace(tmp_path, other)), workspace(tmp_path, database)
    ours = back_up(ws)
    other.client.drop_database(other.name)

    lookup.require_own(ws, database, ours, foreign=False)
    lookup.require_own(ws, database, theirs, foreign=True)
    with pytest.raises(ForeignBackup) as refused:
        lookup.require_own(ws, database, theirs, foreign=False)
    assert f"“{other.name}” ({theirs.database_id[:8]})" in refused.value.message
    assert f"“{database.name}” ({ours.database_id[:8]})" in refused.value.message
    assert "--from-other-database" in refused.value.hint


def test_who_asks_every_second_says_once_that_the_database_is_away(
    database: Database[dict[str, Any]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="backup_engine.ownership.lookup")
    connection = Switched(database)
    ws = workspace(tmp_path, connection)
    for up in (False, False, True, False, False):
        connection.up = up
        lookup.of(ws)

    assert [record.getMessage()[:21] for record in caplog.records] == ["whose the backups are"] * 2
