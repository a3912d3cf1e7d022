"""The address of one's own calendar on the screen: made, shown once, and taken back."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from equipment.store.accounts import calendar_links
from tests.equipment.ui.records.events.lab import calendar_address, lab
from tests.equipment.ui.records.loans.lab import opened, press, words

Db = Database[dict[str, Any]]


def labels(test: Any) -> list[str]:
    return [button.label for button in test.button]


def test_it_is_made_shown_once_and_works(database: Db) -> None:
    who = lab(database, "user")
    test = opened(database, who, calendar_address)
    assert labels(test) == ["Make an address"]

    test = press(test, "Make an address")

    assert not test.exception
    address = test.code[0].value
    assert address.startswith("http") and address.endswith(".ics")
    behind = calendar_links.account_behind(database, address.rpartition("/")[2].removesuffix(".ics"))
    assert behind is not None and behind.key == "tom"
    test = test.run()
    assert not test.code and labels(test) == ["Make another address", "Take it back"]
    assert "You have one, made" in words(test)


def test_another_one_ends_the_first(database: Db) -> None:
    who = lab(database)
    old = calendar_links.issue(database, who)

    press(opened(database, who, calendar_address), "Make another address")

    assert calendar_links.account_behind(database, old) is None


def test_it_is_taken_back(database: Db) -> None:
    who = lab(database)
    secret = calendar_links.issue(database, who)

    test = press(opened(database, who, calendar_address), "Take it back")

    assert not test.exception and calendar_links.account_behind(database, secret) is None
    assert labels(test) == ["Make an address"]
