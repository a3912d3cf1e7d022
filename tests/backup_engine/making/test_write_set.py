"""Writing a set that nobody asked to be due: a safety set, documents from elsewhere; and trying again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine import prune
from backup_engine.create import create
from backup_engine.errors import DatabaseUnreachable
from backup_engine.locking.locks import hold
from backup_engine.making import write_set as module
from backup_engine.making.write_set import write_documents, write_set
from backup_engine.repository.contents import documents
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import anybodys, fill, workspace


@pytest.fixture
def ws(tmp_path: Path, database: Database[dict[str, Any]]) -> Workspace:
    fill(database)
    return workspace(tmp_path, database)


def test_a_safety_set_is_full_counts_for_nothing_and_clears_nothing_away(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "after_backup", lambda *_, **__: pytest.fail("retention ran"))

    with hold(ws, "restore") as held:
        safety = write_set(ws, held, trigger="pre_restore")

    assert (safety.kind, safety.trigger, safety.state) == ("full", "pre_restore", "complete")
    assert ws.catalog.last(anybodys) is None


def test_documents_from_elsewhere_become_a_pinned_imported_set(ws: Workspace) -> None:
    like = create(ws).set
    assert like is not None
    given = [bson.encode({"_id": 1}) + bson.encode({"_id": 2})]
    with hold(ws, "repair") as held:
        backup = write_documents(ws, held, {"equipment": iter(given)}, like=like, warnings=("salvaged",))

    assert (backup.trigger, backup.pinned, backup.warnings) == ("imported", True, ("salvaged",))
    assert backup.parts["equipment"].indexes == like.parts["equipment"].indexes
    assert list(documents(ws, backup, "equipment")) == given
    assert ws.catalog.last(anybodys) == like


def test_no_answer_is_tried_again_before_giving_up(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = module.snapshot.take, []

    def flaky(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) < 3:
            raise DatabaseUnreachable("no answer")
        return real(*arguments, **options)

    monkeypatch.setattr(module.snapshot, "take", flaky)
    monkeypatch.setattr(module, "_BACK_OFF_SECONDS", 0.0)

    assert create(ws).set is not None
    calls[:] = []
    monkeypatch.setattr(module.snapshot, "take", lambda *_, **__: flaky(calls.clear()))
    with pytest.raises(DatabaseUnreachable):
        create(ws, force=True)
    assert len(ws.catalog.sets()) == 1
