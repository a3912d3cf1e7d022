"""The switch asks before it is off, says since when, and follows what others do."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from equipment import schedules
from equipment.backups import NOBODY, Backups
from equipment.store import activity
from tests.equipment.ui.backup.place import opened, press, said

Db = Database[dict[str, Any]]
SWITCH = "backup_automatic"


def automatic(place: Backups) -> bool:
    return place.scheduler.refresh().automatic


def test_off_is_asked_for_first(place: Backups, database: Db) -> None:
    test = opened("auto.switch")
    test.toggle(key=SWITCH).set_value(False).run()

    assert automatic(place), "it was switched off without asking"
    assert "Switch automatic backups off, for everybody" in said(test)
    press(test, "Leave them on")
    assert automatic(place) and test.toggle(key=SWITCH).value is True

    test.toggle(key=SWITCH).set_value(False).run()
    press(test, "Switch off")

    assert not automatic(place)
    changed = place.scheduler.preferences.changed["automatic"]
    assert f"Off since {changed.at.astimezone():%Y-%m-%d %H:%M}, by ada. Nothing is backed up by itself" in said(test)
    (entry,) = activity.find(database, activity.Filter(actions=("backup.settings",)))
    assert (entry["target"], entry["note"]) == ("schedule", "Automatic backups off")


def test_on_needs_no_question(place: Backups) -> None:
    schedules.change(place, NOBODY, automatic=False)
    test = opened("auto.switch")
    assert test.toggle(key=SWITCH).value is False

    test.toggle(key=SWITCH).set_value(True).run()

    assert automatic(place)
    assert "Every hour. Every page load and a background check" in said(test)


def test_what_somebody_else_switched_is_not_switched_back_by_an_open_page(place: Backups) -> None:
    test = opened("auto.switch")
    schedules.change(place, NOBODY, automatic=False)

    test.run()

    assert not automatic(place)
    assert test.toggle(key=SWITCH).value is False and "by system" in said(test)


def test_of_two_who_switch_the_second_is_told(place: Backups) -> None:
    test = opened("auto.switch")
    test.toggle(key=SWITCH).set_value(False).run()
    schedules.change(place, NOBODY, interval_hours=2)

    press(test, "Switch off")

    assert automatic(place)
    assert "changed meanwhile by system" in said(test)


def test_the_role_is_asked_again_when_it_counts(place: Backups) -> None:
    test = opened("auto.switch", name="*ben*")
    test.toggle(key=SWITCH).set_value(False).run()
    test.session_state["role"] = "manager"

    press(test, "Switch off")

    assert automatic(place)
    assert "Admin only" in said(test)
