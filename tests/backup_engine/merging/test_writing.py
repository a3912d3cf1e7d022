"""What was merged is looked at again after a change of primary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import merge, undo
from backup_engine.errors import DatabaseUnreachable, RestoreIncomplete
from backup_engine.merging import writing
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up, fill, workspace

Doc = dict[str, Any]


@pytest.fixture
def ws(tmp_path: Path, database: Database[Doc]) -> Workspace:
    """A set of 20 records, of which one is gone by now and two are changed."""
    fill(database)
    ws = workspace(tmp_path, database)
    back_up(ws)
    database.Equipment.delete_one({"_id": 1})
    database.Equipment.update_many({"_id": {"$in": [2, 3]}}, {"$set": {"Vendor": "changed"}})
    return ws


def _merge(ws: Workspace) -> merge.Merged:
    return merge.merge(ws, merge.plan(ws, ws.catalog.sets()[0], "equipment"))


def _elected_after(monkeypatch: pytest.MonkeyPatch, happens: Any) -> None:
    """Between the merge and the look at who is primary something happens, and then it is somebody else."""
    terms = iter(["1", "2"])

    def who(database: Database[Doc]) -> str:
        term = next(terms)
        if term == "2":
            happens()
        return term

    monkeypatch.setattr(writing, "election_id", who)


def test_with_everything_kept_it_is_a_success(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    _elected_after(monkeypatch, lambda: database.Equipment.update_one({"_id": 2}, {"$set": {"Vendor": "later"}}))

    merged = _merge(ws)

    assert (merged.inserted, merged.updated) == (1, 2)


def test_what_is_again_as_it_was_before_is_counted_and_merged_the_next_time(
    ws: Workspace, database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_back() -> None:
        database.Equipment.delete_one({"_id": 1})
        database.Equipment.update_one({"_id": 2}, {"$set": {"Vendor": "changed"}})

    with monkeypatch.context() as patched:
        _elected_after(patched, take_back)
        with pytest.raises(RestoreIncomplete, match="2 of 3 merged records are again as they were before") as problem:
            _merge(ws)

    assert problem.value.hint == "Merge again to finish, or use Undo."
    assert (_merge(ws).inserted, database.Equipment.count_documents({"Vendor": "changed"})) == (1, 0)


def test_when_nobody_can_tell_it_is_no_success(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> None:
        raise DatabaseUnreachable("no answer")

    _elected_after(monkeypatch, nobody)

    with pytest.raises(RestoreIncomplete, match="whether the merge outlasted a change of primary is not known"):
        _merge(ws)
    assert undo.undoable(ws) is not None
