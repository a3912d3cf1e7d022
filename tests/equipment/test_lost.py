"""Lost & found: what is in a backup alone comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup_engine.errors import NoSpace
from equipment import lost
from equipment.backups import Backups
from equipment.settings import Settings, use
from tests.equipment.test_backups import Db, backups, caller, make_set  # noqa: F401 - a fixture


def test_lost_records_come_back_exactly(backups: Backups, database: Db) -> None:  # noqa: F811
    by = caller(database, "admin")
    make_set(backups, by)
    database["Equipment"].delete_one({"_id": 1})

    (record,) = lost.find(backups, by)
    assert lost.bring_back(backups, by, [record]) == 1

    assert database["Equipment"].find_one({"_id": 1}) == {"_id": 1, "ID": 1}
    assert lost.find(backups, by) == []


def test_lost_records_stay_in_the_backup_while_the_list_takes_no_changes(
    backups: Backups, database: Db, tmp_path: Path  # noqa: F811
) -> None:
    by = caller(database, "admin")
    make_set(backups, by)
    database["Equipment"].delete_one({"_id": 1})
    (record,) = lost.find(backups, by)

    with use(Settings(data_folder=tmp_path / "data", min_free_mb=1_000_000)), pytest.raises(NoSpace):
        lost.bring_back(backups, by, [record])

    assert database["Equipment"].count_documents({}) == 2
    assert lost.bring_back(backups, by, [record]) == 1
