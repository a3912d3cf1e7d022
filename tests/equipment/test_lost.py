"""Lost & found: what is in a backup alone comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup_engine.api import Lost, Watch
from backup_engine.errors import Cancelled, NoSpace
from equipment import lost
from equipment.backups import Backups, Caller
from equipment.jobs import Job
from equipment.settings import Settings, use
from tests.equipment.test_backups import Db, backups, caller, make_set  # noqa: F401 - a fixture


def found(backups: Backups, by: Caller) -> list[Lost]:  # noqa: F811
    job = lost.find(backups, by, kind="lost")
    assert job.done.wait(60) and job.error is None
    backups.jobs.clear("lost")
    return list(job.result)


def test_lost_records_come_back_exactly(backups: Backups, database: Db) -> None:  # noqa: F811
    by = caller(database, "admin")
    make_set(backups, by)
    database["Equipment"].delete_one({"_id": 1})

    (record,) = found(backups, by)
    assert lost.bring_back(backups, by, [record]) == 1

    assert database["Equipment"].find_one({"_id": 1}) == {"_id": 1, "ID": 1}
    assert found(backups, by) == []


def test_lost_records_stay_in_the_backup_while_the_list_takes_no_changes(
    backups: Backups, database: Db, tmp_path: Path  # noqa: F811
) -> None:
    by = caller(database, "admin")
    make_set(backups, by)
    database["Equipment"].delete_one({"_id": 1})
    (record,) = found(backups, by)

    with use(Settings(data_folder=tmp_path / "data", min_free_mb=1_000_000)), pytest.raises(NoSpace):
        lost.bring_back(backups, by, [record])

    assert database["Equipment"].count_documents({}) == 2
    assert lost.bring_back(backups, by, [record]) == 1


def test_a_search_that_nobody_waits_for_any_more_stops(backups: Backups, database: Db) -> None:  # noqa: F811
    by = caller(database, "admin")
    make_set(backups, by)
    asked: list[bool] = []
    stopped = Watch(lambda progress: None, lambda: asked.append(True) or True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Job, "watch", lambda job: stopped)
        job = lost.find(backups, by, kind="lost")
        assert job.done.wait(60)

    assert asked and isinstance(job.error, Cancelled)
