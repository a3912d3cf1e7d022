"""The settings file on the Auto Backup tab: written on a click, by administrators only, and noted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.errors import AdminOnly
from equipment import backups, settings
from equipment.server import database as server
from equipment.settings import Settings, file_of, installed, is_current
from equipment.store import activity
from equipment.ui.backup.gate import caller_of
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


def page() -> None:
    import streamlit as st

    from backup_csv_for_db_restore import _backups
    from equipment.backups import Caller
    from equipment.domain.roles import allows
    from equipment.ui.backup import outside

    def check(action: str) -> None:
        assert allows(st.session_state.user_role, action)

    outside.show(_backups(), Caller("ada", check))


@pytest.fixture
def chosen(shared_mongod: Mongod, database: Db, tmp_path: Path) -> Iterator[Settings]:
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=tmp_path / "sets",
                      data_folder=tmp_path / "data")
    with settings.use(chosen):
        yield chosen
        backups.stop()
        server.close()


def run() -> AppTest:
    test = AppTest.from_function(page, default_timeout=60)
    test.session_state["user_role"] = "admin"
    return test.run()


def test_a_click_writes_what_is_in_force_and_notes_it(chosen: Settings, database: Db) -> None:
    test = run()
    assert [warning.value for warning in test.warning] == [
        "The lines read a settings file that is still to be written."]

    test.button[0].click().run()

    assert not test.exception
    assert is_current(chosen) and installed(file_of(chosen)) == chosen
    assert [entry["action"] for entry in database[activity.ACTIVITY].find()] == ["settings.write_file"]
    assert not test.warning and test.button[0].disabled
    assert all(str(file_of(chosen)) in code.value or "timer" in code.value.lower() for code in test.code)
    assert not any("mongodb://" in code.value for code in test.code)


def test_a_file_that_fell_behind_is_said(chosen: Settings) -> None:
    settings.write_file(chosen.model_copy(update={"mongodb_database": "Another"}))

    assert "something else than what is in force" in run().warning[0].value


@pytest.mark.parametrize("role", ["user", "technician", "manager", "Admin", ""])
def test_nobody_but_an_administrator_writes_it(chosen: Settings, role: str) -> None:
    class Host:
        def current_user(self) -> tuple[str, str]:
            return "bob", role

    system = backups.of(chosen, lambda: server.connect(chosen))

    with pytest.raises(AdminOnly):
        system.write_settings(caller_of(Host()), chosen)
    assert not file_of(chosen).exists()
