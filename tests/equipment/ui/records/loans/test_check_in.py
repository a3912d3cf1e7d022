"""The dialogs *Check in* and *Due back*."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pymongo.database import Database

from equipment.store.life import lending, loans
from tests.equipment.ui.records.loans.lab import TODAY, checking_in, due_day, key, lab, lent, opened, press, words

Db = Database[dict[str, Any]]


def test_what_is_out_of_the_ticked_rows_comes_back_with_a_note(database: Db) -> None:
    who = lab(database)
    lent(database, who, 1, "Ada")
    test = opened(database, who, checking_in, (1, 2))
    assert "Ada has it since" in words(test) and "Not out: ID 2" in words(test)
    test.text_input(key="loan_end_note").input("lid is scratched")

    test = press(test, "Check in")

    assert not test.exception and not test.error
    assert loans.out(database, [key(1)]) == {}
    assert loans.of_thing(database, key(1))[0].end_note == "lid is scratched"


def test_where_nothing_is_out_there_is_nothing_to_press(database: Db) -> None:
    test = opened(database, lab(database), checking_in, (1,))

    assert next(button for button in test.button if button.label == "Check in").disabled


def test_cancel_takes_nothing_back(database: Db) -> None:
    who = lab(database)
    lent(database, who, 1, "Ada")

    press(opened(database, who, checking_in, (1,)), "Cancel")

    assert key(1) in loans.out(database, [key(1)])


def test_what_somebody_took_back_meanwhile_is_said(database: Db) -> None:
    who = lab(database)
    loan = lent(database, who, 1, "Ada")
    test = opened(database, who, checking_in, (1,))
    lending.check_in(database, who, [loan.number])
    assert "Not out" in words(test.run())


def test_the_due_day_is_moved_or_left_open(database: Db) -> None:
    who = lab(database)
    lent(database, who, 1, "Ada", days=-3)
    test = opened(database, who, due_day, (1,))
    test.date_input(key="loan_new_due").set_value(TODAY + timedelta(days=30))

    test = press(test, "Save")

    assert not test.error
    assert loans.out(database, [key(1)])[key(1)].terms.last == TODAY + timedelta(days=30)
    test = opened(database, who, due_day, (1,))
    test.checkbox(key="loan_new_for_ever").check()
    press(test, "Save")
    assert loans.out(database, [key(1)])[key(1)].terms.last is None
    press(opened(database, who, due_day, (1,)), "Cancel")
    assert loans.out(database, [key(1)])[key(1)].terms.last is None
