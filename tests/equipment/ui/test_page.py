"""The frame: what is shown without a database, with one that is down, to nobody, and to each role."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.database import Database
from pymongo.errors import AutoReconnect, OperationFailure
from streamlit.testing.v1 import AppTest

from backup_engine.errors import BadInput, DatabaseUnreachable, NoSpace
from equipment.server import database as connection
from equipment.server.metrics import page_times
from equipment.settings import ROOT, Settings, use
from equipment.ui import page
from tests.equipment.store.people import signed_in
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    connection.close()


@pytest.fixture
def here(shared_mongod: Mongod, database: Db, tmp_path: Path) -> Iterator[Settings]:
    """An installation over a fresh database."""
    chosen = Settings.model_validate({
        "mongodb_uri": shared_mongod.uri, "mongodb_database": database.name, "backup_folder": tmp_path / "backups",
    })
    with use(chosen):
        yield chosen


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Screens replaced by ones that only note that they were drawn."""
    seen: list[str] = []
    for number, screen in enumerate(page.SCREENS):
        fake = SimpleNamespace(**{screen.function: lambda app, label=screen.label: seen.append(label)})
        monkeypatch.setitem(sys.modules, f"fake_screen_{number}", fake)
    fakes = tuple(
        page.Screen(screen.label, screen.action, f"fake_screen_{number}", screen.function)
        for number, screen in enumerate(page.SCREENS)
    )
    monkeypatch.setattr(page, "SCREENS", fakes)
    monkeypatch.setattr(page, "_check_backups", lambda app: None)
    return seen


def visit(db: Db | None = None, role: str = "", **address: str) -> AppTest:
    """Run the page as nobody, or as somebody with that role."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    if db is not None and role:
        test.session_state["_equipment_who"] = signed_in(db, role)
    for name, value in address.items():
        test.query_params[name] = value
    return test.run()


def words(test: AppTest) -> str:
    """Everything the page says."""
    parts = [*test.header, *test.subheader, *test.markdown, *test.caption, *test.error, *test.warning]
    return "\n".join(str(part.value).replace("\\", "") for part in parts)


def labels(test: AppTest) -> list[str]:
    return [tab.label for tab in test.tabs]


def test_without_a_database_the_page_names_the_ways_and_offers_a_demo(tmp_path: Path) -> None:
    with use(Settings(data_folder=tmp_path, backup_folder=tmp_path, embedded_database=False)):
        test = visit()
        said = words(test)
        assert "No database yet" in said
        assert all(way in said for way in ("MONGODB_URI", "pip install -r requirements.txt", "mongod"))

        test.button[0].click().run()

        assert "Demo data" in words(test)
        assert "Create the administrator" in words(test)
        assert not test.exception


def test_a_database_that_is_down_is_a_page_of_its_own(tmp_path: Path) -> None:
    with use(Settings(mongodb_uri="mongodb://ada:hunter2@127.0.0.1:1/", backup_folder=tmp_path)):
        test = visit()

    said = words(test)
    assert "Database connection failed" in said
    assert "127.0.0.1:1, database Equipment_DB" in said
    assert "hunter2" not in said
    assert "3. " in said
    assert [button.label for button in test.button] == ["Retry"]


@pytest.mark.parametrize(("role", "browses"), [("admin", True), ("manager", False)])
def test_when_it_goes_down_an_administrator_who_was_there_still_sees_the_backups(
    here: Settings, database: Db, drawn: list[str], monkeypatch: pytest.MonkeyPatch, role: str, browses: bool
) -> None:
    def away(_: object) -> None:
        raise DatabaseUnreachable("127.0.0.1:1")

    test = visit(database, role)
    monkeypatch.setattr(connection, "connect", away)

    said = words(test.run())

    assert "Database connection failed" in said
    assert ("Backups on disk" in said) is browses


def test_settings_that_cannot_be_used_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Settings:
        raise BadInput("BACKUP_INTERVAL_HOURS: 0 is too small.", hint="Correct it.")

    monkeypatch.setattr(page, "get_settings", refuse)

    assert "BACKUP_INTERVAL_HOURS: 0 is too small." in words(visit())


def test_nobody_sees_the_first_run_form_and_no_tabs(here: Settings) -> None:
    test = visit()

    assert "Create the administrator" in words(test)
    assert not labels(test)


@pytest.mark.parametrize(("role", "hidden"), [
    ("admin", []), ("manager", ["Backup & Restore", "User Management"]),
    ("technician", ["Backup & Restore", "User Management"]), ("user", ["Backup & Restore", "User Management"]),
])
def test_each_role_has_its_tabs_in_order(
    here: Settings, database: Db, drawn: list[str], role: str, hidden: list[str]
) -> None:
    test = visit(database, role)

    assert labels(test) == [screen.label for screen in page.SCREENS if screen.label not in hidden]
    assert drawn == ["Equipment Records"]
    assert test.session_state.user_role == role


def test_the_address_opens_a_tab(here: Settings, database: Db, drawn: list[str]) -> None:
    visit(database, "user", tab="Activity")

    assert drawn == ["Activity"]


def test_the_address_of_an_admin_tab_opens_nothing_for_others(here: Settings, database: Db, drawn: list[str]) -> None:
    visit(database, "user", tab="Backup & Restore")

    assert drawn == ["Equipment Records"]


def test_how_long_it_takes_is_told_by_the_tab_that_was_drawn(
    here: Settings, database: Db, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = page_times.PageTimes()
    monkeypatch.setattr(page_times, "times", times)

    visit()
    visit(database, "technician", tab="Activity")
    visit(database, "user", tab="made up")

    assert drawn == ["Activity", "Equipment Records"]
    assert [sample.labels[0] for sample in times.samples()] == [page_times.OTHER, "Activity", "Equipment Records"]


def test_a_screen_that_fails_leaves_the_frame_standing(
    here: Settings, database: Db, drawn: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(app: object) -> None:
        raise ZeroDivisionError("the secret detail")

    monkeypatch.setattr(sys.modules["fake_screen_0"], "show", fail)
    monkeypatch.setattr(logging.getLogger("equipment"), "propagate", True)

    test = visit(database, "manager")

    assert len(labels(test)) == 3
    assert len(test.error) == 1
    reference = test.error[0].value.rpartition("under **")[2].removesuffix("**.")
    assert "the secret detail" not in words(test)
    [line] = [line for line in caplog.records if line.getMessage() == "Equipment Records failed"]
    assert vars(line)["reference"] == reference
    assert "ZeroDivisionError: the secret detail" in caplog.text


def test_a_known_fault_says_what_to_do(
    here: Settings, database: Db, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(app: object) -> None:
        raise NoSpace("12 MB are missing", hint="Free some space.")

    monkeypatch.setattr(sys.modules["fake_screen_0"], "show", fail)

    test = visit(database, "admin")

    assert "Not enough disk space: 12 MB are missing" in words(test)
    assert "Free some space." in words(test)


def test_a_database_that_goes_away_while_a_screen_is_drawn_is_named(
    here: Settings, database: Db, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(app: object) -> None:
        raise AutoReconnect("connection closed")

    monkeypatch.setattr(sys.modules["fake_screen_0"], "show", fail)

    assert "Database connection failed: the server does not answer any more" in words(visit(database, "manager"))


def test_a_database_user_without_rights_is_a_page_of_its_own(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(db: object, settings: object) -> None:
        raise OperationFailure("not authorized on x to execute command", 13)

    monkeypatch.setattr("equipment.accounts.setup.prepare", refuse)

    said = words(visit())

    assert "Database connection failed" in said
    assert "may not read and write there" in said


def test_an_ended_session_is_out_at_the_next_rerun(here: Settings, database: Db, drawn: list[str]) -> None:
    test = visit(database, "admin")
    database["equipment_sessions"].delete_many({})

    test.run()

    assert not labels(test)


def test_a_role_taken_away_counts_at_the_next_rerun(here: Settings, database: Db, drawn: list[str]) -> None:
    test = visit(database, "admin")
    database["equipment_users"].update_many({}, {"$set": {"role": "user"}})

    test.run()

    assert "Backup & Restore" not in labels(test)


def test_an_admin_still_sees_the_backups_while_the_database_is_away(here: Settings, database: Db) -> None:
    test = visit(database, "admin")
    away = here.model_copy(update={"mongodb_uri": Settings(mongodb_uri="mongodb://127.0.0.1:1/").mongodb_uri})

    with use(away):
        test.run()

    said = words(test)
    assert "Database connection failed" in said
    assert "Backups on disk" in said
    assert "could not be shown" not in said
    assert "Restore Data" in labels(test)


def test_others_see_no_backups_while_the_database_is_away(here: Settings, database: Db) -> None:
    test = visit(database, "manager")
    away = here.model_copy(update={"mongodb_uri": Settings(mongodb_uri="mongodb://127.0.0.1:1/").mongodb_uri})

    with use(away):
        test.run()

    assert "Database connection failed" in words(test)
    assert "Backups on disk" not in words(test)
    assert not labels(test)


def test_every_screen_is_imported_before_the_first_visitor(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = list[str]()

    def load(name: str) -> None:
        asked.append(name)
        if name == "equipment.ui.options":
            raise ImportError(name)

    monkeypatch.setattr(page.importlib, "import_module", load)
    monkeypatch.setattr(logging.getLogger("equipment"), "propagate", True)

    page.preload()

    assert asked == ["equipment.ui.entrance.login", *(screen.module for screen in page.SCREENS)]
    assert "equipment.ui.options cannot be imported" in caplog.text


def test_the_browser_asks_before_edits_are_left_that_nobody_saved(
    here: Settings, database: Db, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[bool]()
    monkeypatch.setattr(page.leave_question, "ask", lambda: asked.append(True))
    test = visit(database, "technician", tab="Activity")
    assert asked == []

    test.session_state["records_state"] = SimpleNamespace(pending={"1": "an edit"})
    test.run()

    assert asked == [True]


@pytest.mark.parametrize("opened", [screen.label for screen in page.SCREENS])
def test_a_hidden_tab_asks_nothing_of_the_database(
    here: Settings, database: Db, drawn: list[str], monkeypatch: pytest.MonkeyPatch, opened: str
) -> None:
    """Each screen asks for something of its own; the server counts what it was asked."""
    for number, screen in enumerate(page.SCREENS):
        monkeypatch.setattr(sys.modules[screen.module], screen.function,
                            lambda app, number=number: app.database[f"asked_by_{number}"].find_one())
    database.command("profile", 2)

    visit(database, "admin", tab=opened).run()

    database.command("profile", 0)
    asked = [each["ns"].partition(".")[2] for each in database["system.profile"].find({"ns": {"$regex": "asked_by_"}})]
    number = [screen.label for screen in page.SCREENS].index(opened)
    assert asked == [f"asked_by_{number}"] * 2, "once a page"
