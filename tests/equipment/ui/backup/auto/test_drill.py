"""How often a restore is rehearsed, as the page lets it be chosen."""

from __future__ import annotations

from equipment import schedules
from equipment.backups import NOBODY, WRITING, Backups
from tests.equipment.ui.backup.place import opened, press, said

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


def test_one_now_and_when_it_was(place: Backups) -> None:
    place.engine.create(force=True)
    assert "No backup has been rehearsed yet" in said(opened("auto.drill"))

    test = press(opened("auto.drill"), "Run restore drill")
    assert place.jobs.wait_for(WRITING, 30)

    assert "Last proven restorable: " in said(test.run())
    assert place.last_drill() is not None
