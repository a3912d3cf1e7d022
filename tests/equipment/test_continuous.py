"""Continuous protection for the screens: who may switch it, and what is at risk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import BadInput
from backup_engine.errors import AdminOnly
from backup_engine.scheduling import holes, preferences
from equipment import backups as processes, continuous
from equipment.backups import NOBODY, Backups, Caller
from equipment.settings import Settings
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


def built(folder: Path, shared_mongod: Mongod, database: Db, **options: Any) -> Backups:
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=folder, **options)
    database["Equipment"].insert_many([{"_id": number} for number in range(4)])
    found = processes.of(chosen, lambda: database)
    found.engine.create_backup(force=True)
    return found


@pytest.fixture
def here(shared_mongod: Mongod, database: Db, tmp_path: Path) -> Iterator[Backups]:
    yield built(tmp_path, shared_mongod, database)
    processes.stop()


def test_only_who_may_set_backups_switches_it(here: Backups) -> None:
    def refuses(action: str) -> None:
        raise AdminOnly(action)

    for act in (lambda: continuous.switch(here, Caller("bob", refuses), True),
                lambda: continuous.state(here, Caller("bob", refuses)),
                lambda: continuous.at(here, Caller("bob", refuses), [], here.now())):
        with pytest.raises(AdminOnly):
            act()
    assert not here.scheduler.refresh().continuous


def test_what_is_at_risk_is_told_only_while_it_is_protected(here: Backups, database: Db) -> None:
    database["Equipment"].delete_one({"_id": 1})
    assert continuous.at_risk(here) is None
    continuous.switch(here, NOBODY, True)
    here.risk.forget()
    loss = continuous.at_risk(here)
    assert loss is not None and loss.changes == 1 and loss.seconds is not None

    storage = here.engine.workspace.storage
    holes.trouble(storage, "no stream")
    assert continuous.at_risk(here) is None
    holes.trouble(storage, "")
    here.scheduler.change(automatic=False)
    assert continuous.at_risk(here) is None


def test_an_option_cannot_be_overruled(shared_mongod: Mongod, database: Db, tmp_path: Path) -> None:
    here = built(tmp_path, shared_mongod, database, backup_continuous=False)
    try:
        preferences.save(database, continuous=True)  # by another process, which has no such option
        here.scheduler.refresh()
        assert not continuous.state(here, NOBODY).on
        with pytest.raises(BadInput, match="option of this installation decides"):
            continuous.switch(here, NOBODY, True)
    finally:
        processes.stop()


def test_its_state_is_that_of_the_folder(here: Backups, database: Db) -> None:
    continuous.switch(here, NOBODY, True)
    loop = here.scheduler.continuous
    loop.look()
    database["Equipment"].delete_one({"_id": 1})
    loop.workspace.remembered.followed.clear()
    loop._make(database, "differential")

    state = continuous.state(here, NOBODY)

    assert (state.on, state.given, state.trouble, state.holes) == (True, "", "", ())
    assert state.last is not None and state.last.trigger == "continuous"
    soon = here.now() + timedelta(seconds=3)  # two sets in one second: the later one takes the next
    assert continuous.at(here, NOBODY, here.sets(NOBODY), soon) == state.last
