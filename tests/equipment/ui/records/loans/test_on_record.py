"""A record's page: who has it, two taps to take it or to give it back, and its reservations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pymongo.database import Database

from equipment.domain.life.loan import Holder, Terms
from equipment.store.access import SYSTEM
from equipment.store.life import lending, loans
from equipment.store.list import records
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records.loans.lab import TODAY, key, lab, lent, on_record, opened, press, words

Db = Database[dict[str, Any]]


def labels(test: Any) -> list[str]:
    return [button.label for button in test.button]


def test_what_is_here_is_taken_with_two_taps_and_given_back_with_two(database: Db) -> None:
    who = lab(database)
    test = opened(database, who, on_record, (1,))
    assert ":green-badge[" in words(test) and labels(test) == ["Check out", "Reserve"]

    # the second tap is the dialog's, whose test presses it
    assert press(test, "Check out").button(key="loan_check_out").label == "Check out"
    lent(database, who, 1, "tom")

    test = opened(database, who, on_record, (1,))
    assert "tom has it since" in words(test) and "Check in" in labels(test)
    assert press(test, "Check in").button(key="loan_check_in").label == "Check in"
    lending.check_in(database, who, [loans.out(database, [key(1)])[key(1)].number])
    assert any("Who had it (1)" in expander.label for expander in opened(database, who, on_record, (1,)).expander)


def test_overdue_is_red_and_says_since_when(database: Db) -> None:
    who = lab(database)
    lent(database, who, 1, "Ada", days=-5)

    test = opened(database, who, on_record, (1,))

    assert ":red-badge[5 days overdue]" in words(test) and "Room 3" in words(test)


def test_a_reservation_is_shown_and_given_up(database: Db) -> None:
    who = lab(database)
    [entry] = records.entries(database, [key(1)])
    lending.reserve(database, who, entry, Terms(Holder("Ben"), TODAY, TODAY + timedelta(days=2)), today=TODAY)
    test = opened(database, who, on_record, (1,))
    assert "reserved for Ben from" in words(test)

    test = press(test, "Give up")

    assert "the reservation is given up" in words(test) and loans.reservations(database, key(1), TODAY) == []


def test_who_may_not_sees_who_has_it_and_nothing_to_press(database: Db) -> None:
    who = lab(database)
    user = signed_in(database, "user", "ada")
    assert words(opened(database, user, on_record, (1,))) == ""
    lent(database, who, 1, "Ben")

    test = opened(database, user, on_record, (1,))

    assert "Ben has it since" in words(test) and labels(test) == []
    lending.switch(database, SYSTEM, own=True)
    assert labels(opened(database, user, on_record, (2,))) == ["Check out", "Reserve"]
    assert labels(opened(database, user, on_record, (1,))) == ["Reserve"]
