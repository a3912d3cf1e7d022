"""The section about continuous protection: its switch, what it says, and who may touch it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.api import Hole, create
from backup_engine.ownership.standby import Standby
from backup_engine.scheduling import holes
from equipment import backups as processes
from equipment.backups import NOBODY, Backups
from equipment.settings import Settings
from tests.equipment.ui.backup.test_tab import installation, run  # noqa: F401 - a fixture
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
SWITCH = "Back up every change within a minute"


def section() -> None:
    """Draw the section alone, for whoever the session says."""
    import streamlit as st

    from backup_engine.errors import AdminOnly
    from equipment.backups import Caller, _built
    from equipment.ui.backup.auto import continuous

    def check(action: str) -> None:
        if st.session_state.role != "admin" and action != "backup.see":
            raise AdminOnly(action)

    continuous.show(next(iter(_built.values())), Caller("ada", check))


@pytest.fixture
def here(installation: Path, shared_mongod: Mongod, database: Db) -> Backups:  # noqa: F811
    return built(installation, shared_mongod, database)


def built(folder: Path, shared_mongod: Mongod, database: Db, **options: Any) -> Backups:
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=folder, **options)
    found = processes.of(chosen, lambda: database)
    found.engine.create_backup(force=True)
    return found


def shown(test: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in test.metric}


def test_an_administrator_switches_it_and_sees_what_is_at_risk(here: Backups, database: Db) -> None:
    test = run(section, role="admin")
    assert (test.toggle[0].label, test.toggle[0].value, shown(test)) == (SWITCH, False, {})

    test.toggle[0].set_value(True).run()

    assert here.scheduler.refresh().continuous
    assert shown(test) == {"At risk now": "Nothing", "Last one made": "None yet"}
    database["Equipment"].update_many({}, {"$set": {"Vendor": "x"}})
    here.risk.forget()
    assert shown(test.run())["At risk now"].startswith("3 changes in the last ")
    create(here.workspace(NOBODY), trigger="continuous", force=True, kind="differential")
    assert shown(test.run())["Last one made"].startswith("just now (")
    (entry,) = database.equipment_activity.find({"action": "backup.settings"})
    assert entry["note"] == "Continuous protection on"
    test.toggle[0].set_value(False).run()
    assert not here.scheduler.refresh().continuous
    assert not test.exception


def test_nobody_else_may(here: Backups) -> None:
    test = run(section, role="manager")
    test.toggle[0].set_value(True).run()
    assert [error.value[:10] for error in test.error] == ["Admin only"]
    assert not here.scheduler.refresh().continuous


def test_an_option_decides_and_is_named(installation: Path, shared_mongod: Mongod, database: Db) -> None:  # noqa: F811
    here = built(installation, shared_mongod, database, backup_continuous=True)
    test = run(section, role="admin")
    assert (test.toggle[0].value, test.toggle[0].disabled) == (True, True)
    assert "Set by BACKUP_CONTINUOUS." in test.caption[0].value
    assert here.scheduler.preferences.continuous


def test_holes_and_what_is_in_the_way_are_said(here: Backups) -> None:
    here.scheduler.change(continuous=True)
    storage = here.engine.workspace.storage
    for hours in (3, 1):
        end = here.now() - timedelta(hours=hours)
        holes.add(storage, Hole(end - timedelta(minutes=30), end, f"reason {hours}"))
    holes.trouble(storage, "No stream here.")

    test = run(section, role="admin")

    said = [warning.value for warning in test.warning]
    assert said[0] == "No stream here."
    assert "reason 1" in said[1]
    assert [expander.label for expander in test.expander] == ["The last 2 holes"]
    here.scheduler.change(automatic=False)
    assert "automatic backups are off" in run(section, role="admin").warning[0].value


def test_while_a_recovered_copy_stands_by_it_is_off(here: Backups) -> None:
    here.scheduler.change(continuous=True)
    owner = here.owner()
    here.engine.workspace.remembered.owner = replace(
        owner, standby=Standby("", "old", "20261126_115900", "/old", here.now()))
    test = run(section, role="admin")
    assert (test.toggle[0].value, test.toggle[0].disabled, shown(test)) == (False, True, {})
