"""An import or bulk edit that the page does not follow stands above the list, for whom it concerns, with *Cancel*."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.errors import Cancelled
from backup_engine.model import Watch
from equipment.domain.roles import Role
from equipment.jobs import Job, Jobs
from equipment.store import work
from equipment.store.work import LIST, Told
from equipment.ui.records import elsewhere
from tests.equipment.ui.records_page import page

Db = Database[dict[str, Any]]
PATIENCE = 60


@pytest.fixture
def on_another_server(database: Db, monkeypatch: pytest.MonkeyPatch) -> Job:
    """An import of somebody else, in the middle, on a server of its own."""
    monkeypatch.setattr(work, "EVERY_SECONDS", 0.0)
    database.Equipment.insert_one({"ID": 1})
    told = threading.Event()

    def busy(watch: Watch) -> None:
        for done in range(10 * PATIENCE):
            watch.step("Writing *rows*", 30, 120)
            told.set()
            threading.Event().wait(0.1 if done else 0)

    job = Jobs().start("import-x", "Import", "tess", busy, hear=Told(lambda: database, LIST, "records.import", "tess"))
    assert told.wait(PATIENCE)
    return job


def bars(test: AppTest) -> list[str]:
    return [bar.proto.text for bar in test.get("progress")]


@pytest.mark.parametrize("role", ["technician", "manager"])
def test_it_is_seen_and_stopped_by_whoever_may(
    database: Db, tmp_path: Path, on_another_server: Job, role: Role
) -> None:
    test = page(database, tmp_path, role)

    if role == "technician":
        assert bars(test) == [], "another's import is not theirs to stop"
        on_another_server.cancel()
    else:
        assert bars(test) == [r"Import, by tess on another server: Writing \*rows\* · 30 of 120"]
        next(button for button in test.button if button.label == "Cancel").click().run()
    assert on_another_server.done.wait(PATIENCE)
    assert isinstance(on_another_server.error, Cancelled)


def test_a_page_without_work_asks_once_and_draws_nothing(
    database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.Equipment.insert_one({"ID": 1})
    drawn: list[object] = []
    monkeypatch.setattr(elsewhere, "told", lambda *given: drawn.append(given))

    test = page(database, tmp_path)

    assert (bars(test), drawn) == ([], [])
