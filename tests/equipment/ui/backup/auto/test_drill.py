"""How often a restore is rehearsed, as the page lets it be chosen."""

from __future__ import annotations

from equipment import schedules
from equipment.backups import NOBODY, Backups
from tests.equipment.ui.backup.place import opened, said

DAYS = "drill_days"


def test_the_days_follow_what_is_stored_and_what_is_typed_is(place: Backups) -> None:
    test = opened("auto.drill")
    schedules.change(place, NOBODY, drill_every_days=3)
    assert test.run().number_input(key=DAYS).value == 3
    assert place.scheduler.refresh().drill_every_days == 3, "an open page changed it back"

    test.number_input(key=DAYS).set_value(14.0).run()

    assert place.scheduler.refresh().drill_every_days == 14


def test_a_cron_text_stands_in_place_of_the_days(place: Backups) -> None:
    schedules.change(place, NOBODY, drill_cron="0 5 * * 0")

    test = opened("auto.drill")

    assert not test.number_input
    assert "By schedule: at 05:00 on Sunday." in said(test)
