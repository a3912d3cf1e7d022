"""*Plans*: what stands there, and making, changing and ending them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pymongo.database import Database

from equipment.domain.life.plan import Rhythm
from equipment.store.access import SYSTEM
from equipment.store.life import plans
from equipment.ui.records.events import plans_part as part
from tests.equipment.ui.records.events.lab import TODAY, changing, ending, lab, planned, planning, plans_part
from tests.equipment.ui.records.loans.lab import key, opened, press, words

Db = Database[dict[str, Any]]


def ticked(test: Any, database: Db, row: int) -> Any:
    test.session_state[part.TABLE] = (plans.listed(database)[row].number,)
    return test.run()


def test_plans_stand_there_with_the_number_of_their_things(database: Db) -> None:
    who = lab(database)
    planned(database)
    planned(database, thing=key(3), what="", every=1, unit="days")

    test = opened(database, who, plans_part)

    assert not test.exception
    assert [(row["What"], row["Every"], row["For"], row["Things"]) for _, row in test.dataframe[0].value.iterrows()] \
        == [("Change the filter", "6 months", "Category Pump", 2), ("Maintenance", "1 day", "ID 3 · Acme M3", 1)]
    assert list(test.button) == [], "technicians do not plan"


def test_without_plans_it_says_what_they_are(database: Db) -> None:
    test = opened(database, lab(database, "manager"), plans_part)

    assert "Nothing is planned" in words(test)
    assert [button.label for button in test.button if button.disabled] == ["Change", "End"]


def test_a_plan_for_a_category_is_made(database: Db) -> None:
    who = lab(database, "manager")
    assert press(opened(database, who, plans_part), "Add plan").button(key="plan_save").label == "Make the plan"
    test = opened(database, who, planning)
    test.selectbox(key="plan_category").set_value("Pump")
    test.text_input(key="plan_what").input("Oil")
    test.number_input(key="plan_every").set_value(3)

    test = press(test, "Make the plan")

    assert not test.exception and not test.error
    [plan] = plans.listed(database)
    assert plan.rhythm == Rhythm("maintenance", 3, "months", TODAY, "Oil", category="Pump")


def test_a_plan_for_one_thing_is_made_by_its_id(database: Db) -> None:
    test = opened(database, lab(database, "manager"), planning)
    test.segmented_control(key="plan_for").set_value("One thing").run()
    test.text_input(key="plan_thing").input("9").run()
    assert "No record has this ID" in words(test)
    assert "Say for what" in press(test, "Make the plan").error[0].value
    test.text_input(key="plan_thing").input("2").run()

    press(test, "Make the plan")

    assert [plan.rhythm.thing for plan in plans.listed(database)] == [key(2)]


def test_a_plan_for_the_record_of_the_page_is_made(database: Db) -> None:
    press(opened(database, lab(database, "manager"), planning, (1,)), "Make the plan")

    assert [plan.name for plan in plans.listed(database)] == ["ID 1 · Acme P1"]


def test_the_ticked_plan_is_the_one_that_is_changed_or_ended(database: Db) -> None:
    who = lab(database, "manager")
    planned(database)
    planned(database, what="Oil")
    test = ticked(opened(database, who, plans_part), database, 1)

    assert press(test, "Change").text_input(key="plan_what").value == "Oil"
    assert "Oil" in words(press(ticked(test, database, 1), "End"))


def test_a_plan_is_changed(database: Db) -> None:
    who = lab(database, "manager")
    planned(database)
    test = opened(database, who, changing)
    test.number_input(key="plan_every").set_value(12)

    test = press(test, "Save")

    assert not test.exception and not test.error
    assert [plan.rhythm.every for plan in plans.listed(database)] == [12]


def test_a_plan_is_ended_and_stands_below_the_others(database: Db) -> None:
    who = lab(database, "manager")
    planned(database)

    test = press(opened(database, who, ending), "End it")

    assert not test.exception and plans.listed(database) == []
    assert [each.label for each in opened(database, who, plans_part).expander] == ["Ended (1)"]


def test_what_somebody_else_changed_meanwhile_is_said(database: Db) -> None:
    who = lab(database, "manager")
    plan = planned(database)
    test = opened(database, who, changing)
    theirs = plans.change(database, SYSTEM, plan, replace(plan.rhythm, every=1))
    test.number_input(key="plan_every").set_value(12)

    test = press(test, "Save")

    assert "Somebody else has just changed" in test.error[0].value and plans.listed(database) == [theirs]


def test_cancel_makes_no_plan(database: Db) -> None:
    press(opened(database, lab(database, "manager"), planning), "Cancel")

    assert plans.listed(database) == []
