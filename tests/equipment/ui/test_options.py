"""The Select Options screen without a browser: what records use and the list lacks is shown and taken."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.roles import Role
from equipment.store.list import options
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
VENDORS = ("Acme", "Ohm", "Ohm", "Ohm", "Volt", "Volt", "*Watt*", "")
TAKE = "Take the 3 values found in the records"


def _script(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui import options
    from equipment.ui.context import App

    account = identify(database, who)
    assert account is not None
    options.show(App(Settings(), database, who, account))


@pytest.fixture
def filled(database: Db) -> Db:
    database["Equipment"].insert_many([{"ID": number, "Vendor": vendor} for number, vendor in enumerate(VENDORS, 1)])
    database[options.OPTIONS].insert_one({"Vendor": "Acme"})
    return database


def page(database: Db, role: Role) -> AppTest:
    return AppTest.from_function(_script, args=(database, signed_in(database, role)), default_timeout=60).run()


def found(test: AppTest) -> list[list[Any]]:
    """Give the table of values that the list lacks, with their counts."""
    [table] = [each.value for each in test.dataframe if "Value" in each.value]
    return [[str(value), int(count)] for value, count in table.to_numpy().tolist()]


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def test_what_the_list_lacks_is_shown_with_counts_and_taken_by_one_click(filled: Db) -> None:
    test = page(filled, "admin")
    assert found(test) == [["Ohm", 3], ["Volt", 2], ["*Watt*", 1]]

    next(button for button in test.button if button.label == TAKE).click().run()

    assert not test.exception and not test.error
    assert options.choices(filled)["Vendor"] == ["Acme", "Ohm", "Volt", "*Watt*"]
    assert TAKE not in labels(test)
    assert [record["Vendor"] for record in filled["Equipment"].find(sort=[("ID", 1)])] == [*VENDORS]


def test_what_somebody_listed_meanwhile_is_not_taken_twice(filled: Db) -> None:
    test = page(filled, "admin")
    options.add(filled, signed_in(filled, "admin", "Ada"), "Vendor", "Ohm")

    next(button for button in test.button if button.label == TAKE).click().run()

    assert options.choices(filled)["Vendor"] == ["Acme", "Ohm", "Volt", "*Watt*"]


def test_a_reader_sees_them_and_takes_nothing(filled: Db) -> None:
    test = page(filled, "user")

    assert found(test) == [["Ohm", 3], ["Volt", 2], ["*Watt*", 1]]
    assert labels(test) == []


def test_of_very_many_the_most_frequent_are_taken(filled: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "MOST_TAKEN", 2)
    test = page(filled, "admin")

    next(button for button in test.button if button.label == "Take the 2 most frequent values").click().run()

    assert options.choices(filled)["Vendor"] == ["Acme", "Ohm", "Volt"]
    assert "Take the value found in the records" in labels(test)


@pytest.mark.parametrize(("role", "may"), [("technician", False), ("manager", True)])
def test_records_are_changed_along_only_by_who_may_change_many(filled: Db, role: Role, may: bool) -> None:
    test = page(filled, role)

    [also] = [box for box in test.checkbox if box.label.startswith("Also change")]
    assert (also.label, also.value, also.disabled) == ("Also change 1 record", may, not may)
    assert ("Change 3 records to Acme" in labels(test)) == may


def test_a_choice_is_renamed_with_its_records(filled: Db) -> None:
    test = page(filled, "manager")
    next(field for field in test.text_input if field.label == "New name").input("Acme Ltd").run()

    next(button for button in test.button if button.label == "Rename choice").click().run()

    assert options.choices(filled)["Vendor"] == ["Acme Ltd"]
    assert filled["Equipment"].count_documents({"Vendor": "Acme Ltd"}) == 1


def test_a_value_is_changed_to_one_of_the_list_or_added_to_it(filled: Db) -> None:
    test = page(filled, "manager")
    next(button for button in test.button if button.label == "Change 3 records to Acme").click().run()
    assert filled["Equipment"].count_documents({"Vendor": "Acme"}) == 4

    next(button for button in test.button if button.label == "Add to the list").click().run()

    assert options.choices(filled)["Vendor"] == ["Acme", "Volt"]


def test_a_new_choice_is_added(filled: Db) -> None:
    test = page(filled, "technician")
    next(field for field in test.text_input if field.label.startswith("New choice")).input(" Fluke ")

    next(button for button in test.button if button.label == "Add").click().run()

    assert options.choices(filled)["Vendor"] == ["Acme", "Fluke"]
