"""The schedule on the page: presets, a text of one's own, what is wrong with it, and who keeps it."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment import schedules
from equipment.backups import NOBODY, Backups
from equipment.ui.backup.auto.schedule import WAYS
from tests.equipment.ui.backup.place import opened, press, said

Db = Database[dict[str, Any]]
STORE = "Use this schedule"


def field(test: AppTest, kind: str, name: str) -> Any:
    return getattr(test, kind)(key=f"schedule_{name}")


def by_text(test: AppTest, text: str) -> AppTest:
    field(test, "radio", "way").set_value(WAYS[1]).run()
    field(test, "selectbox", "preset").set_value("Cron text").run()
    field(test, "text_input", "own").set_value(text).run()
    assert not test.exception
    return test


def test_a_preset_a_time_and_a_zone_are_stored_and_said(place: Backups) -> None:
    test = opened("auto.schedule")
    assert "This process keeps no schedule" in said(test)
    field(test, "radio", "way").set_value(WAYS[1]).run()
    field(test, "selectbox", "preset").set_value("Weekdays at").run()
    field(test, "time_input", "at").set_value(time(18, 30)).run()
    field(test, "selectbox", "zone").set_value("Europe/Berlin").run()

    assert "**At 18:30 on Monday through Friday (Europe/Berlin).** Next:" in said(test)
    assert place.scheduler.refresh().backup_cron == "", "looking at it stored it"
    press(test, STORE)

    stored = place.scheduler.refresh()
    assert (stored.backup_cron, stored.time_zone, stored.changed["backup_cron"].by) == (
        "30 18 * * 1-5", "Europe/Berlin", "ada")
    assert "Stored. Backups are made at 18:30 on Monday through Friday (Europe/Berlin)." in said(test)
    assert list(test.dataframe[0].value["What"]) == [
        "Schedule: at 18:30 on Monday through Friday (Europe/Berlin); Time zone: Europe/Berlin"]


def test_a_wrong_text_is_said_at_once_and_stays_to_be_put_right(place: Backups) -> None:
    test = by_text(opened("auto.schedule"), "0 0 30 2 *")

    assert "never comes: no year has such a day" in said(test)
    assert [button.disabled for button in test.button if button.label == STORE] == [True]
    assert field(test, "text_input", "own").value == "0 0 30 2 *"
    field(test, "text_input", "own").set_value("0 0 28 2 *").run()
    press(test, STORE)

    assert place.scheduler.refresh().backup_cron == "0 0 28 2 *"


def test_a_text_outlives_a_look_at_the_hours(place: Backups) -> None:
    test = by_text(opened("auto.schedule"), "5 4 * *")
    field(test, "radio", "way").set_value(WAYS[0]).run()
    assert field(test, "number_input", "hours").value == 1.0
    field(test, "radio", "way").set_value(WAYS[1]).run()

    assert field(test, "text_input", "own").value == "5 4 * *"
    assert "has 4 fields" in said(test)


def test_back_to_the_hours(place: Backups) -> None:
    schedules.change(place, NOBODY, backup_cron="0 3 * * 6")
    test = opened("auto.schedule")
    assert field(test, "selectbox", "preset").value == "Weekly at"
    assert field(test, "selectbox", "day").value == "Saturday"
    field(test, "radio", "way").set_value(WAYS[0]).run()
    field(test, "number_input", "hours").set_value(6.0).run()
    press(test, STORE)

    stored = place.scheduler.refresh()
    assert (stored.backup_cron, stored.interval_hours) == ("", 6.0)


def test_what_else_has_a_schedule(place: Backups) -> None:
    test = opened("auto.schedule")
    field(test, "text_input", "verify").set_value("0 25 * * *").run()
    assert "'25' is no hour" in said(test)
    field(test, "text_input", "verify").set_value("0 5 * * *").run()
    field(test, "text_input", "drill").set_value("0 6 1 * *").run()
    press(test, STORE)

    stored = place.scheduler.refresh()
    assert (stored.verify_cron, stored.drill_cron, stored.backup_cron) == ("0 5 * * *", "0 6 1 * *", "")


@pytest.mark.parametrize("options", [{"backup_remote": "disk=file:///nowhere"}])
def test_a_remote_has_a_schedule_of_its_own(place: Backups) -> None:
    test = opened("auto.schedule")
    field(test, "text_input", "remote_disk").set_value("0 4 * * *").run()
    press(test, STORE)
    assert place.scheduler.refresh().remote_crons == {"disk": "0 4 * * *"}

    field(test, "text_input", "remote_disk").set_value("").run()
    press(test, STORE)
    assert place.scheduler.refresh().remote_crons == {}


def test_of_two_who_change_it_the_second_sees_the_first_and_loses_nothing(place: Backups) -> None:
    test = by_text(opened("auto.schedule"), "5 4 * * *")
    schedules.change(place, NOBODY, verify_cron="0 5 * * *")

    press(test, STORE)

    assert "changed meanwhile by system" in said(test)
    assert place.scheduler.refresh().backup_cron == ""
    assert field(test, "text_input", "own").value == "5 4 * * *"
    assert field(test, "text_input", "verify").value == "0 5 * * *"
    press(test, STORE)
    stored = place.scheduler.refresh()
    assert (stored.backup_cron, stored.verify_cron) == ("5 4 * * *", "0 5 * * *")


@pytest.mark.parametrize("options", [{"backup_schedule": "30 2 * * *", "backup_time_zone": "Europe/Berlin"}])
def test_what_an_option_says_is_shown_and_not_to_be_edited(place: Backups) -> None:
    test = opened("auto.schedule")

    assert field(test, "radio", "way").disabled and field(test, "selectbox", "preset").disabled
    assert field(test, "selectbox", "zone").value == "Europe/Berlin" and field(test, "selectbox", "zone").disabled
    assert "Given by `BACKUP_SCHEDULE`, `BACKUP_TIME_ZONE`" in "".join(each.value for each in test.caption)
    field(test, "text_input", "verify").set_value("0 5 * * *").run()
    press(test, STORE)
    assert place.scheduler.refresh().verify_cron == "0 5 * * *"


def test_the_role_is_asked_again_when_it_counts(place: Backups) -> None:
    test = by_text(opened("auto.schedule"), "5 4 * * *")
    test.session_state["role"] = "manager"

    press(test, STORE)

    assert "Admin only" in said(test)
    assert place.scheduler.refresh().backup_cron == ""


def test_who_keeps_the_schedule(place: Backups, database: Db) -> None:
    place.scheduler.leader.ask(database)
    try:
        assert "This server keeps the schedule." in said(opened("auto.schedule"))
    finally:
        place.scheduler.leader.give_back()
