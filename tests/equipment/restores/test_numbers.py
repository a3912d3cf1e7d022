"""What a restore did is said in the numbers of the list before and after it."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import BackupSet, RestoreStopped
from backup_engine.model import SILENT
from equipment.backups import NOBODY, Backups
from equipment.jobs import Job
from equipment.restores import numbers
from equipment.restores.numbers import Done, Numbers

Db = Database[dict[str, Any]]


def made(place: Backups) -> BackupSet:
    """Back up the three records, then remove one, change one and add two."""
    backup = place.engine.create(force=True).set
    assert backup is not None
    list_ = place.workspace(NOBODY).connect()["Equipment"]
    list_.delete_one({"_id": 0})
    list_.update_one({"_id": 1}, {"$set": {"ID": "changed"}})
    list_.insert_many([{"_id": 8}, {"_id": 9}])
    return backup


def done(job: Job) -> Done:
    assert job.done.wait(60) and job.error is None, job.error
    assert isinstance(job.result, Done)
    return job.result


def test_a_replace_and_its_undo(place: Backups, database: Db) -> None:
    backup = made(place)

    replaced = done(place.replace(NOBODY, backup, ("equipment",)))
    assert replaced.numbers == {"equipment": Numbers(before=4, after=3, added=1, removed=2, changed=1)}
    assert replaced.safety is not None and "Restore completed successfully" in replaced.message

    undone = done(place.undo(NOBODY, replaced.safety, ("equipment",)))
    assert undone.numbers == {"equipment": Numbers(before=3, after=4, added=2, removed=1, changed=1)}
    assert {record["_id"] for record in database["Equipment"].find()} == {1, 2, 8, 9}


def test_a_merge_removes_nothing(place: Backups, database: Db) -> None:
    merged = done(place.merge(NOBODY, made(place), {"equipment": None}))

    assert merged.numbers == {"equipment": Numbers(before=4, after=5, added=1, removed=0, changed=1)}
    assert database["Equipment"].count_documents({}) == 5


def test_a_merge_of_nothing_has_no_safety_set_and_no_numbers(place: Backups) -> None:
    backup = place.engine.create(force=True).set
    assert backup is not None

    merged = done(place.merge(NOBODY, backup, {"equipment": None}))

    assert (merged.safety, merged.numbers) == (None, {})


def test_a_list_that_changed_since_the_comparison_is_left_alone(place: Backups) -> None:
    backup, ws = made(place), place.workspace(NOBODY)
    expected = {"equipment": {"only_left": 0, "only_right": 0, "different": 0}}

    with pytest.raises(RestoreStopped, match="the list changed since the comparison"):
        numbers.compared(ws, backup, ("equipment",), expected, SILENT)
