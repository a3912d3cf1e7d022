"""Create Backup Now, and the interval, where the owner's page has them."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment import schedules
from equipment.backups import NOBODY, WRITING, Backups
from tests.equipment.ui.backup.place import opened, press, said

INTERVAL = "backup_interval"


def test_the_interval_follows_what_is_stored_and_what_is_typed_is(place: Backups) -> None:
    test = opened("create.screen")
    assert test.number_input(key=INTERVAL).value == 1
    schedules.change(place, NOBODY, interval_hours=3)
    assert test.run().number_input(key=INTERVAL).value == 3
    assert place.scheduler.refresh().interval_hours == 3, "an open page changed it back"

    test.number_input(key=INTERVAL).set_value(6.0).run()

    stored = place.scheduler.refresh()
    assert (stored.interval_hours, stored.changed["interval_hours"].by) == (6, "ada")
    assert test.toast[0].value == "Backups are made every 6 hours now."


def test_while_a_cron_text_decides_the_interval_is_not_to_be_edited(place: Backups) -> None:
    schedules.change(place, NOBODY, backup_cron="30 2 * * *")

    field = opened("create.screen").number_input(key=INTERVAL)

    assert field.disabled and "at 02:30 every day" in field.help.replace("\\", "")


def outcome(place: Backups, button: str, test: AppTest) -> str:
    """Press it, and give what the page says when the job has ended."""
    press(test, button)
    job = place.jobs.latest(WRITING)
    assert job is not None and job.done.wait(60)
    return said(test.run())


def test_create_backup_now_makes_one_within_the_interval_when_anything_changed(
    place: Backups, database: Database[dict[str, Any]]
) -> None:
    records = database["Equipment"]
    kept = list(records.find())
    records.delete_many({})
    place.engine.create(force=True)
    records.insert_many(kept)
    test = opened("create.screen")
    assert "The interval is that of the automatic backups, for everybody." in said(test)

    assert "Backup created successfully: 3 in Equipment" in outcome(place, "Create Backup Now", test)
    database["equipment_users"].insert_one({"_id": "bob", "role": "technician"})
    assert "Backup created successfully" in outcome(place, "Create Backup Now", test), "an account is saved, too"


def test_where_nothing_changed_it_is_not_needed_and_can_be_made_anyway(place: Backups) -> None:
    place.engine.create(force=True)
    test = opened("create.screen")

    text = outcome(place, "Create Backup Now", test)

    assert "Backup not needed." in text and "Nothing has changed since the last backup." in text
    assert len(place.sets(NOBODY)) == 1
    assert "Backup created successfully" in outcome(place, "Back up anyway", test)


def test_the_api_and_the_page_load_go_by_the_interval_all_the_same(
    place: Backups, database: Database[dict[str, Any]]
) -> None:
    place.engine.create(force=True)
    database["Equipment"].insert_one({"_id": 9})

    assert "Backup not needed" in place.engine.create(1).message
    assert place.scheduler.check("auto").result == "not needed"
    assert place.engine.create_backup(backup_interval_hours=1)[1] is None
    assert len(place.sets(NOBODY)) == 1
