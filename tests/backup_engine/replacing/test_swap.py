"""The rename counts when it is there for good, whatever became of its answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import DatabaseUnreachable, NoMajority, RestoreStopped
from backup_engine.replacing import journal, swap
from backup_engine.replacing.journal import Swap

Doc = dict[str, Any]


@pytest.fixture
def planned(database: Database[Doc]) -> Swap:
    """A list of one record, and two staged in its place."""
    database.live.insert_one({"_id": "old"})
    database.stage.insert_many([{"_id": 1}, {"_id": 2}])
    return replace(Swap("equipment", "live", "stage"), live_uuid=swap.uuid_of(database, "live"),
                   staging_uuid=swap.uuid_of(database, "stage"))


@pytest.fixture
def fail(database: Database[Doc]) -> Iterator[Any]:
    """Make the server fail the next rename."""
    def configure(**how: Any) -> None:
        database.client.admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1},
                                       "data": {"failCommands": ["renameCollection"], **how}})

    yield configure
    database.client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})


def test_a_rename_that_no_majority_confirmed_in_time_is_looked_at(
    database: Database[Doc], planned: Swap, fail: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    beat = journal.beat
    monkeypatch.setattr(journal, "beat", lambda *words: (looks.append("majority write"), beat(*words)))
    fail(writeConcernError={"code": 64, "errmsg": "waited in vain"})

    swap.rename(database, planned)

    assert looks == ["majority write"]
    assert database.live.count_documents({}) == 2


def test_it_does_not_count_before_a_majority_write(
    database: Database[Doc], planned: Swap, fail: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*words: Any) -> None:
        raise NoMajority("gone")

    monkeypatch.setattr(journal, "beat", nobody)
    monkeypatch.setattr(swap, "SETTLE_SECONDS", 0.1)
    fail(writeConcernError={"code": 64, "errmsg": "waited in vain"})

    with pytest.raises(DatabaseUnreachable, match="the answer to putting live in place was lost"):
        swap.rename(database, planned)


def test_a_lost_answer_to_what_was_never_done_is_no_success(
    database: Database[Doc], planned: Swap, fail: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap, "MAX_TIME_MS", 100)
    fail(closeConnection=True)

    with pytest.raises(RestoreStopped, match="did not put the new live in place"):
        swap.rename(database, planned)

    assert database.live.find_one() == {"_id": "old"}
