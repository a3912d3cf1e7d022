"""The dialogs *Check out* and *Reserve*."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pymongo.database import Database

from equipment.domain.life.loan import Holder
from equipment.store.access import SYSTEM
from equipment.store.life import lending, loans
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records.loans.lab import (
    TODAY,
    checking_out,
    key,
    lab,
    lent,
    opened,
    press,
    reserving,
    words,
)

Db = Database[dict[str, Any]]


def test_two_things_go_to_oneself_for_two_weeks_with_one_press(database: Db) -> None:
    who = lab(database)

    test = press(opened(database, who, checking_out, (1, 2)), "Check out")

    assert not test.exception and not test.error
    there = loans.out(database, [key(1), key(2)])
    assert {loan.terms.holder for loan in there.values()} == {Holder("tom", "tom")}
    assert {loan.terms.last for loan in there.values()} == {TODAY + timedelta(days=14)}
    assert "tom has 2 things" in words(test)


def test_to_another_account_until_further_notice_with_a_place_and_a_note(database: Db) -> None:
    who = lab(database)
    signed_in(database, "user", "ada")
    test = opened(database, who, checking_out, (1,))
    test.selectbox(key="loan_holder").select("ada")
    test.checkbox(key="loan_for_ever").check()
    test.text_input(key="loan_place").input("Room 3")
    test.text_input(key="loan_note").input("with case")

    test = press(test, "Check out")

    terms = loans.out(database, [key(1)])[key(1)].terms
    assert not test.error and (terms.holder, terms.last) == (Holder("ada", "ada"), None)
    assert (terms.place, terms.note) == ("Room 3", "with case")


def test_what_is_out_already_is_named_and_the_rest_is_done_once(database: Db) -> None:
    who = lab(database)
    lent(database, who, 1, "**Ben**")

    test = press(opened(database, who, checking_out, (1, 2)), "Check out")

    assert r"\*\*Ben\*\* has it since" in words(test) and "1 thing was left as it was; done for" in words(test)
    assert loans.out(database, [key(2)])[key(2)].terms.holder.name == "tom"
    assert [button.label for button in test.button] == ["Close"]
    press(test, "Close")
    assert database[loans.LOANS].count_documents({}) == 2


def test_cancel_gives_nothing_out(database: Db) -> None:
    press(opened(database, lab(database), checking_out, (1,)), "Cancel")

    assert database[loans.LOANS].count_documents({}) == 0


def test_a_user_takes_things_for_himself_alone(database: Db) -> None:
    lab(database)
    lending.switch(database, SYSTEM, own=True)
    user = signed_in(database, "user", "ada")

    test = opened(database, user, checking_out, (1,))
    assert [box.key for box in test.selectbox] == []
    press(test, "Check out")

    assert loans.out(database, [key(1)])[key(1)].terms.holder == Holder("ada", "ada")


def test_a_right_taken_away_meanwhile_is_said(database: Db) -> None:
    who = lab(database)
    test = opened(database, who, checking_out, (1,))
    database.equipment_users.update_one({"_id": "tom"}, {"$set": {"role": "user"}})

    test = press(test, "Check out")

    assert database[loans.LOANS].count_documents({}) == 0
    assert "ermission denied" in words(test)


def test_reserving_takes_the_days_and_says_when_they_are_taken(database: Db) -> None:
    who = lab(database)
    days = (TODAY + timedelta(days=3), TODAY + timedelta(days=5))
    test = opened(database, who, reserving, (1,))
    test.date_input(key="loan_days").set_value(days)
    test = press(test, "Reserve")
    assert not test.error and "3 days" in words(test)
    [kept] = loans.reservations(database, key(1), TODAY)
    assert (kept.terms.first, kept.terms.last) == days

    again = opened(database, who, reserving, (1,))
    again.date_input(key="loan_days").set_value(days)
    again = press(again, "Reserve")

    assert "reserved for tom from" in words(again) and len(loans.reservations(database, key(1), TODAY)) == 1
    press(again, "Cancel")
    assert len(loans.reservations(database, key(1), TODAY)) == 1
