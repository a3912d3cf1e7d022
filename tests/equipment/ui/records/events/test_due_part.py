"""*Due work*: what stands there, and ticked rows that are done today."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from equipment.domain.calibration import after_months
from equipment.domain.life.due import Due
from equipment.domain.life.event import Done
from equipment.store.life import due, events
from equipment.store.list import records
from equipment.ui.records.events import done_today, due_part as part
from tests.equipment.ui.records.events.lab import TODAY, doing, due_part, lab, planned
from tests.equipment.ui.records.loans.lab import key, opened, press

Db = Database[dict[str, Any]]


def shown(test: Any) -> list[str]:
    return [f"{row['Equipment']}: {row['What']}, {row['When']}" for _, row in test.dataframe[0].value.iterrows()]


def ticked(test: Any, database: Db, rows: list[int]) -> Any:
    """Tick rows, as a click into the table does."""
    found = due.work(database, TODAY, 30)
    test.session_state[part.TABLE] = tuple(part._name(found[row]) for row in rows)
    return test.run()


def test_dates_and_plans_stand_there_the_most_urgent_first(database: Db) -> None:
    who = lab(database)
    planned(database, start=TODAY + timedelta(days=3))
    planned(database, what="Far away", start=TODAY + timedelta(days=40))

    test = opened(database, who, due_part)

    assert not test.exception
    assert shown(test) == ["ID 3 · Acme M3: Calibration, 5 days overdue",
                           "ID 1 · Acme P1: Change the filter, due in 3 days",
                           "ID 2 · Acme P2: Change the filter, due in 3 days"]
    assert len(shown(test.segmented_control(key="due_days").set_value(60).run())) == 5


def test_nothing_due_is_said(database: Db) -> None:
    who = lab(database)
    database["Equipment"].delete_one({"_id": 3})

    assert "Nothing is due within 30 days." in [each.value for each in opened(database, who, due_part).success]


def test_a_user_has_nothing_to_press(database: Db) -> None:
    assert list(opened(database, lab(database, "user"), due_part).button) == []


def test_the_ticked_rows_are_those_of_the_dialog(database: Db) -> None:
    who = lab(database)
    planned(database)
    test = opened(database, who, due_part)
    assert test.button(key="due_done").disabled

    test = ticked(test, database, [0, 2])

    assert test.button(key="due_done").label == "Done today (2)"
    test = test.button(key="due_done").click().run()
    assert not test.exception and test.button(key="done_save").label == "Write 2 events"


def test_what_is_due_is_done_today(database: Db) -> None:
    who = lab(database)
    plan = planned(database)
    test = opened(database, who, doing)
    test.text_input(key="event_by").input("Ada")

    test = press(test, "Write 2 events")

    assert not test.exception and not test.error
    [calibration], [maintenance] = events.of_thing(database, key(3)), events.of_thing(database, key(1))
    assert (calibration.done.by, calibration.done.next_due) == ("Ada", after_months(TODAY, 12))
    assert (maintenance.done.plan, maintenance.done.next_due) == (plan.number, None)
    assert (database["Equipment"].find_one({"_id": 3}) or {})["Last Cal Date"] == TODAY.isoformat()
    assert shown(opened(database, who, due_part)) == ["ID 2 · Acme P2: Change the filter, due today"]


def test_a_thing_that_is_gone_meanwhile_is_left_out(database: Db) -> None:
    who = lab(database)
    planned(database)
    test = opened(database, who, doing)
    database["Equipment"].delete_one({"_id": 1})

    press(test, "Write 2 events")

    assert events.of_thing(database, key(1)) == []


def test_cancel_writes_nothing(database: Db) -> None:
    press(opened(database, lab(database), doing), "Cancel")

    assert events.lasts(database) == []


def test_what_is_typed_into_the_rows_is_of_each_row(database: Db) -> None:
    lab(database)
    [entry] = records.entries(database, [key(3)])
    work = [(Due(key(3), "3", "Acme", "", "calibration", "Calibration", TODAY, plan="p"), entry)]
    row = {done_today.NEXT: "2030-05-01", "Certificate": "C-1", "Cost": "5 EUR"}

    [wanted] = done_today.wanted(work, [row], Done("other", TODAY, "Ada", "passed", note="warm"))

    assert wanted.done == Done("calibration", TODAY, "Ada", "passed", "5 EUR", "C-1", "warm",
                               TODAY.replace(year=2030, month=5, day=1), "p")
    with pytest.raises(done_today.BadInput, match="Not a date"):
        done_today.wanted(work, [row | {done_today.NEXT: "soon"}], Done("other", TODAY))
