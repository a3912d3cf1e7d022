from __future__ import annotations

from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.errors import StandingBy
from backup_engine.ownership import standby
from tests.backup_engine.sets import NOW, make_set

BACKUP = make_set(1, NOW, metadata={"source": {"database_id": "id-of-the-original", "database": "Lab"}})


@pytest.fixture(params=["server", "in memory"])
def anywhere(request: pytest.FixtureRequest) -> Database[dict[str, Any]]:
    if request.param == "server":
        return request.getfixturevalue("database")  # type: ignore[no-any-return]
    return mongomock.MongoClient().lab  # type: ignore[no-any-return]


def test_a_database_acts_unless_it_was_recovered(anywhere: Database[dict[str, Any]]) -> None:
    assert standby.read(anywhere) is None
    standby.require_acting(anywhere)


def test_a_recovered_copy_stands_by_until_it_is_told_to_act(anywhere: Database[dict[str, Any]]) -> None:
    standby.enter(anywhere, BACKUP, "s3://bucket/lab", NOW)

    known = standby.read(anywhere)
    assert known is not None
    assert (known.database_id, known.database, known.label, known.source, known.since) == (
        "id-of-the-original", "Lab", BACKUP.label, "s3://bucket/lab", NOW)
    with pytest.raises(StandingBy, match=f"“Lab”, recovered from backup {BACKUP.label}.*s3://bucket/lab"):
        standby.require_acting(anywhere)

    standby.leave(anywhere, NOW)
    assert standby.read(anywhere) is None
    standby.require_acting(anywhere)


def test_recovered_once_more_it_stands_by_again(anywhere: Database[dict[str, Any]]) -> None:
    standby.enter(anywhere, BACKUP, "elsewhere", NOW)
    standby.leave(anywhere, NOW)
    standby.enter(anywhere, BACKUP, "elsewhere", NOW)

    assert standby.read(anywhere) is not None
