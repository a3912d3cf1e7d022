"""Who keeps the schedule, what is on, what is at risk, and how it went."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import mongomock
import pytest

from backup_engine import drill as drills
from backup_engine.errors import DatabaseUnreachable, VerificationFailed
from backup_engine.remotes import queue
from backup_engine.scheduling import holes, rounds
from backup_engine.scheduling.holes import Hole
from equipment import backups as processes
from equipment.backups import NOBODY, Backups
from equipment.server.metrics import protection
from equipment.server.metrics.samples import Spread
from equipment.server.metrics.view import View, look
from equipment.settings import Settings


class Way:
    """The way to a database that can be taken away."""

    def __init__(self) -> None:
        self.database: Any = mongomock.MongoClient().db
        self.up = True

    def __call__(self) -> Any:
        if not self.up:
            raise DatabaseUnreachable("example.invalid")
        return self.database


@pytest.fixture
def way() -> Way:
    return Way()


@pytest.fixture
def view(tmp_path: Path, way: Way) -> Iterator[View]:
    settings = Settings(mongodb_uri="mongodb://192.0.2.1", backup_folder=tmp_path)
    way.database.Equipment.insert_many([{"_id": number} for number in range(4)])
    processes.of(settings, way)
    yield look(settings)
    processes.stop()


def told(view: View) -> dict[str, Any]:
    """Values by name and label."""
    again = look(view.settings)
    return {"/".join((sample.name, *sample.labels)): sample.value
            for sample in (*protection.read(again), *protection.operations(again.backups))}


def test_a_process_that_leads(view: View, way: Way) -> None:
    before = told(view)
    assert (before["schedule_leader"], before["schedule_kept"]) == (False, False)
    assert "standing_by" not in before, "the database was not asked yet"

    view.backups.scheduler.look()

    now = told(view)
    assert (now["schedule_leader"], now["schedule_kept"], now["standing_by"]) == (True, True, False)
    assert (now["automatic_backups"], now["backup_interval_seconds"]) == (True, 3600)
    assert (now["last_run_failed/backup"], now["last_run_failed/drill"], now["last_run_failed/upload"]) == (
        False, False, False)
    assert now["drill_age_seconds"] <= view.backups.now()
    assert now["operations/backup/done"] == now["operations/drill/done"] == 1
    assert isinstance(now["operation_duration_seconds/backup"], Spread)
    assert sum(now["operation_duration_seconds/backup"].counts) == 1

    way.up = False
    assert told(view)["schedule_leader"] is True, "as last heard: a scrape asks no database"


def test_what_is_switched_off(view: View) -> None:
    view.backups.scheduler.change(automatic=False, continuous=True)
    holes.trouble(view.workspace.storage, "no stream")

    off = told(view)

    assert (off["automatic_backups"], off["continuous_protection"], off["continuous_protection_up"]) == (
        False, False, False)
    view.backups.scheduler.change(automatic=True)
    holes.trouble(view.workspace.storage, "")
    assert (told(view)["continuous_protection"], told(view)["continuous_protection_up"]) == (True, True)


def test_holes(view: View) -> None:
    assert told(view)["continuous_holes"] == 0
    now = view.backups.now()
    for hours in (5, 2):
        holes.add(view.workspace.storage, Hole(now - timedelta(hours=hours), now - timedelta(hours=hours - 1), "why"))

    values = told(view)

    assert (values["continuous_holes"], values["continuous_hole_age_seconds"]) == (2, now - timedelta(hours=1))


def test_the_last_backup_decides_by_whatever_door(view: View, way: Way) -> None:
    way.up = False
    view.backups.scheduler.check("scheduled")
    assert told(view)["last_run_failed/backup"] is True
    processes.stop()
    processes.of(view.settings, way)
    assert told(view)["last_run_failed/backup"] is True, "a restart forgets nothing"

    way.up = True
    again = look(view.settings).backups
    again.create(NOBODY, force=True).done.wait(30)
    assert told(view)["last_run_failed/backup"] is False


def test_the_last_drill_decides(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = view.workspace
    view.backups.scheduler.look()
    with monkeypatch.context() as patch:
        patch.setattr(drills, "_rehearse", lambda *_: (_ for _ in ()).throw(VerificationFailed("other rows")))
        with pytest.raises(VerificationFailed):
            drills.drill(view.backups.engine.workspace)
    assert told(view)["last_run_failed/drill"] is True
    drills.drill(view.backups.engine.workspace)
    assert told(view)["last_run_failed/drill"] is False
    rounds.done(ws.storage, "drill", view.backups.now() + timedelta(seconds=1))  # by another process, which failed
    assert told(view)["last_run_failed/drill"] is True


def test_a_remote_in_trouble_is_an_upload_that_failed(view: View) -> None:
    assert told(view)["last_run_failed/upload"] is False
    queue.write(view.workspace.storage, "cloud", queue.Line(problem="refused"))
    assert told(view)["last_run_failed/upload"] is True


@pytest.fixture
def followed(database: Any, tmp_path: Path) -> Iterator[Backups]:
    settings = Settings(mongodb_uri="mongodb://192.0.2.1", backup_folder=tmp_path)
    yield processes.of(settings, lambda: database)
    processes.stop()


def test_what_is_at_risk_is_told_from_the_stream(followed: Backups, database: Any, tmp_path: Path) -> None:
    view = look(Settings(mongodb_uri="mongodb://192.0.2.1", backup_folder=tmp_path))

    def at_risk() -> dict[str, Any]:
        return {sample.name: sample.value for sample in protection.at_risk(view, database)}

    assert at_risk() == {}, "without a backup nobody can say"
    database.Equipment.insert_one({"_id": 0})
    followed.engine.create_backup(force=True)
    assert at_risk() == {"at_risk_changes": 0, "at_risk_seconds": 0}
    database.Equipment.insert_many([{"_id": 1}, {"_id": 2}])
    values = at_risk()
    assert values["at_risk_changes"] == 2 and values["at_risk_seconds"] >= 0
