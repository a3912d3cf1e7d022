"""The interval, where the owner's page has it."""

from __future__ import annotations

from equipment import schedules
from equipment.backups import NOBODY, Backups
from tests.equipment.ui.backup.place import opened

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

    assert field.disabled and "at 02:30 every day" in field.help
