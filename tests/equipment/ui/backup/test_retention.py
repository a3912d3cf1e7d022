"""The section of the Auto Backup sub-tab about what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.api import Tiers
from equipment import backups as processes, retention, settings
from equipment.backups import NOBODY, Backups
from equipment.settings import Settings
from equipment.ui.backup.retention import in_words
from tests.equipment.ui.backup.test_tab import labels, run
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
NUMBERS = ["Hours", "Days", "Weeks", "Months", "Years"]


def section() -> None:
    """Draw the section alone, for whoever the session says."""
    import streamlit as st

    from backup_engine.errors import AdminOnly
    from equipment.backups import Caller, _built
    from equipment.ui.backup import retention

    def check(action: str) -> None:
        if st.session_state.role != "admin" and action != st.session_state.get("may"):
            raise AdminOnly(action)

    retention.show(next(iter(_built.values())), Caller("ada", check))


def built(database: Db, shared_mongod: Mongod, folder: Path, **options: Any) -> Iterator[Backups]:
    """An installation with a set a day for twelve days, whose retention has not run yet."""
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=folder / "sets",
                      backup_keep_days=30, **options)
    with settings.use(chosen):
        here = processes.of(chosen, lambda: database)
        days = [datetime.now().astimezone().replace(hour=9) - timedelta(days=12 - day) for day in range(12)]
        clock = here.engine.workspace.clock
        for day in days:
            object.__setattr__(here.engine.workspace, "clock", lambda day=day: day)
            here.engine.create(force=True)
        object.__setattr__(here.engine.workspace, "clock", clock)
        object.__setattr__(here._workspace, "keep_days", 7)
        yield here
        processes.stop()


@pytest.fixture
def place(shared_mongod: Mongod, database: Db, tmp_path: Path) -> Iterator[Backups]:
    yield from built(database, shared_mongod, tmp_path)


@pytest.fixture
def given(shared_mongod: Mongod, database: Db, tmp_path: Path) -> Iterator[Backups]:
    yield from built(database, shared_mongod, tmp_path, backup_keep_weekly=8, backup_keep_yearly=0)


def press(test: AppTest, label: str) -> AppTest:
    (button,) = [button for button in test.button if button.label == label]
    return button.click().run()


def test_rules_in_words() -> None:
    assert in_words(retention.Rules(1, Tiers(), {})).startswith(
        "Backups older than 1 day are deleted after each good backup. Never deleted:")
    assert ("each good backup. Besides, the newest good backup is kept of each of the last 8 weeks and 1 year that "
            "have one. Never deleted:") in in_words(retention.Rules(7, Tiers(weekly=8, yearly=1), {}))


def test_tried_out_and_then_stored(place: Backups, database: Db) -> None:
    test = run(section, role="admin")
    assert [number.label for number in test.number_input] == NUMBERS
    assert [number.value for number in test.number_input] == [0] * 5
    assert not test.dataframe

    test.number_input(key="keep_daily_0").set_value(10)
    press(test, "Show what would be kept")

    assert not test.exception
    assert test.info[0].value.startswith("With these numbers: 2 backups would be deleted. Next to go is the one of")
    table = test.dataframe[0].value
    assert list(table[""]) == ["kept"] * 10 + ["deleted"] * 2
    assert table["Why"][9].endswith("the newest of its day (10 of 10)") and table["Kept until"][9]
    assert retention.rules(place, NOBODY).tiers == Tiers(), "trying stored it"
    assert len(place.sets(NOBODY)) == 12

    press(test, "Keep backups like this")

    assert retention.rules(place, NOBODY).tiers == Tiers(daily=10)
    assert "of each of the last 10 days that have one" in test.markdown[0].value
    assert len(place.sets(NOBODY)) == 12, "nothing goes before the next good backup"
    assert database["backup_restore_state"].find_one({"_id": "preferences"})["tiers"]["daily"] == 10  # type: ignore[index]


def test_what_an_option_decides_is_shown_and_not_to_be_edited(given: Backups) -> None:
    test = run(section, role="admin")

    assert [number.disabled for number in test.number_input] == [False, False, True, False, True]
    assert test.number_input(key="keep_weekly_8").value == 8
    assert [text.value for text in test.caption if "`BACKUP_KEEP_WEEKLY`, `BACKUP_KEEP_YEARLY`" in text.value]

    test.number_input(key="keep_monthly_0").set_value(2)
    press(test, "Keep backups like this")

    assert not test.error
    assert retention.rules(given, NOBODY).tiers == Tiers(weekly=8, monthly=2)


def test_an_open_page_does_not_store_the_numbers_of_before(place: Backups) -> None:
    test = run(section, role="admin")
    retention.change(place, NOBODY, {"weekly": 8})
    test.number_input(key="keep_daily_0").set_value(10)

    press(test, "Keep backups like this")

    assert retention.rules(place, NOBODY).tiers == Tiers(daily=10, weekly=8)


def test_the_role_is_asked_again_when_it_counts(place: Backups) -> None:
    test = run(section, role="admin")
    test.session_state["role"], test.session_state["may"] = "manager", "backup.see"  # as somebody who may look
    test.number_input(key="keep_daily_0").set_value(10)

    press(test, "Keep backups like this")

    assert [error.value[:10] for error in test.error] == ["Admin only"]
    assert retention.rules(place, NOBODY).tiers == Tiers()


def test_what_is_stored_and_cannot_be_used_is_said_and_replaced(place: Backups, database: Db) -> None:
    database["backup_restore_state"].update_one({"_id": "preferences"}, {"$set": {"tiers": {"daily": "*lots*"}}},
                                                upsert=True)

    test = run(section, role="admin")

    assert test.error[0].value.startswith("Nothing is deleted, because what is stored of the tiers cannot be used")
    assert test.text[0].value == "daily must be a whole number of days, 0 to 3,650, not '*lots*'."
    press(test, "Keep backups like this")
    assert not test.error and retention.rules(place, NOBODY).problem == ""


def test_it_stands_in_the_tab(place: Backups) -> None:
    def tab() -> None:
        import streamlit as st

        from equipment.backups import Caller, _built
        from equipment.ui.backup.auto import screen as auto

        auto.show(next(iter(_built.values())), Caller(st.session_state.role, lambda action: None))

    test = run(tab, role="admin")

    assert not test.exception
    assert "Retention" in [each.value for each in test.subheader] and "Keep backups like this" in labels(test)


def test_what_goes_next_and_why_each_other_one_stays(place: Backups) -> None:
    place.pin(NOBODY, place.sets(NOBODY)[-1], True)
    place.comment(NOBODY, place.sets(NOBODY)[0], "before the move")
    assert not run(section, role="admin").dataframe, "nobody has asked"

    test = run(section, role="admin", retention_planned=True)

    assert not test.exception
    [table] = [each.value for each in test.dataframe]
    assert len(table) == 12 and all(table["Why"])
    assert table["Why"].iloc[-1] == "pinned" and table["Comment"].iloc[0] == "before the move"
    assert set(table[""]) == {"kept", "deleted"}
    assert any("would be deleted. Next to go is the one of" in each.value for each in test.markdown)
    assert len(place.sets(NOBODY)) == 12, "it has only looked"
