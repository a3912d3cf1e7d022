from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import adopt, drill, prune, restore, take_in, undo
from backup_engine.create import create
from backup_engine.deeds import Deed, take_untold, untold
from backup_engine.errors import BadInput, DatabaseUnreachable
from backup_engine.merge import merge, plan
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up, fill, workspace


@pytest.fixture
def ws(database: Database[dict[str, Any]], tmp_path: Path, heard: list[Deed]) -> Workspace:
    fill(database)
    return replace(workspace(tmp_path / "sets", database), tell=heard.append)


def workspace_of(ws: Workspace, place: Path) -> Workspace:
    """The same database, another folder."""
    return replace(workspace(place, ws.connect), tell=ws.tell)


def test_every_verb_that_does_something_is_told(
    ws: Workspace, database: Database[dict[str, Any]], heard: list[Deed], tmp_path: Path
) -> None:
    backup = back_up(ws)
    database.Equipment.delete_one({"_id": 1})
    restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))
    undo.undo(ws)
    merge(ws, plan(ws, backup, "equipment"))
    drill.drill(ws, backup)
    prune.pin(ws, backup)
    prune.unpin(ws, backup)
    prune.acknowledge(ws)
    take_in.import_set(workspace_of(ws, tmp_path / "elsewhere"), tmp_path / "sets")
    last = back_up(ws)
    prune.delete(ws, backup)

    assert [deed.action for deed in heard] == [
        "backup.create", "backup.replace", "backup.undo", "backup.merge", "backup.drill", "backup.pin", "backup.unpin",
        "backup.acknowledge_shrink", "backup.import", "backup.create", "backup.delete"]
    assert {deed.target for deed in heard if deed.action in ("backup.replace", "backup.merge", "backup.drill",
                                                            "backup.pin", "backup.delete")} == {backup.label}
    assert heard[0].note.startswith("Backup created successfully")
    assert heard[-2].target == last.label


def test_failures_are_told_and_looks_are_not(ws: Workspace, heard: list[Deed]) -> None:
    backup = back_up(ws)
    heard.clear()
    create(ws)
    prune.prune(ws, dry_run=True)
    prune.prune(ws)
    assert heard == [], "nothing was needed, and nothing was old enough"

    with pytest.raises(BadInput):
        prune.delete(ws, backup)
    with pytest.raises(BadInput):
        adopt.is_copy(ws)

    assert [(deed.action, deed.target) for deed in heard] == [
        ("backup.delete.failed", backup.label), ("backup.is_copy.failed", "")]
    assert "newest good one" in heard[0].note


def test_what_cannot_be_told_is_said_and_noted_in_the_folder(ws: Workspace) -> None:
    def nobody_listens(deed: Deed) -> None:
        raise DatabaseUnreachable("example.invalid")

    deaf = replace(ws, tell=nobody_listens)

    made = create(deaf, force=True)

    assert made.set is not None
    (deed,) = untold(deaf)
    assert (deed.action, deed.target) == ("backup.create", made.set.label)
    assert take_untold(deaf).startswith("not recorded in the activity log: Database connection failed")
    assert take_untold(deaf) == ""


def test_the_run_log_does_not_grow_for_ever(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from backup_engine import deeds

    monkeypatch.setattr(deeds, "KEPT", 2)

    def nobody_listens(deed: Deed) -> None:
        raise DatabaseUnreachable("example.invalid")

    deaf = replace(ws, tell=nobody_listens)
    backup = back_up(deaf)
    for _ in range(3):
        prune.pin(deaf, backup)
    assert [deed.action for deed in untold(deaf)] == ["backup.pin", "backup.pin"]
