"""The tab inside somebody else's app, and what it shows to whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment import backups, settings
from equipment.settings import Settings
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
TIMEOUT = 60


def owners_page() -> None:
    """Call both functions as the example of the original system does."""
    import streamlit as st

    from backup_csv_for_db_restore import backup_restore_ui, integrate_auto_backup_into_main_app

    class Host:
        pass

    app = Host()
    integrate_auto_backup_into_main_app(app, backup_interval_hours=1)
    st.title("Host")
    backup_restore_ui(app)


def host_with_people() -> None:
    """A host app that knows its people itself."""
    import streamlit as st

    from backup_csv_for_db_restore import backup_restore_ui

    class Host:
        def current_user(self) -> tuple[str, str]:
            return "bob", str(st.session_state.host_role)

    backup_restore_ui(Host())


@pytest.fixture
def installation(shared_mongod: Mongod, database: Db, tmp_path: Path) -> Iterator[Path]:
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=tmp_path)
    with settings.use(chosen):
        yield tmp_path
        backups.stop()


def run(page: Any, **state: str) -> AppTest:
    test = AppTest.from_function(page, default_timeout=TIMEOUT)
    for name, value in state.items():
        test.session_state[name] = value
    return test.run()


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def test_an_administrator_of_the_host_sees_the_three_sub_tabs(installation: Path) -> None:
    test = run(owners_page, user_role="admin")

    assert not test.exception
    assert [tab.label for tab in test.tabs][:3] == ["Create Backup", "Restore Data", "Auto Backup"]
    assert "Create Backup Now" in labels(test)


@pytest.mark.parametrize("role", ["user", "technician", "manager", "", "Admin", "root"])
def test_nobody_else_sees_anything_of_it(installation: Path, role: str) -> None:
    test = run(owners_page, user_role=role)

    assert not test.exception
    assert [error.value for error in test.error] == ["Admin only: this needs the role admin"]
    assert labels(test) == []


def test_a_forged_session_state_gains_nothing_where_the_app_knows_its_people(installation: Path) -> None:
    test = run(host_with_people, user_role="admin", host_role="user")

    assert [error.value[:10] for error in test.error] == ["Admin only"]
    assert labels(test) == []


def test_the_page_load_of_a_host_makes_the_first_backup(installation: Path) -> None:
    from tests.server.running_app import wait_for

    run(owners_page, user_role="admin")

    wait_for(lambda: list(installation.glob("*day/backup_metadata_*.json")), "the backup of the page load")


def test_create_backup_now_makes_one(installation: Path) -> None:
    test = run(host_with_people, host_role="admin")
    next(button for button in test.button if button.label == "Create Backup Now").click().run()
    (system,) = backups._built.values()
    job = system.jobs.latest(backups.WRITING)
    assert job is not None
    assert job.done.wait(TIMEOUT)

    test.run()

    assert [message.value for message in test.success if "Backup created successfully" in message.value]
    assert list(installation.glob("*day/backup_metadata_*.json"))
