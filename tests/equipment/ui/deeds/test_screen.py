"""The Activity screen without a browser: a row per deed, names, filters, what each role may read, the file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.store import activity
from equipment.store.access import Who
from equipment.store.list import records, trash
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
EVE = Who("0" * 64, "eve", "192.0.2.7")


def _script(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui import deeds
    from equipment.ui.context import App

    account = identify(database, who)
    assert account is not None
    deeds.show(App(Settings(), database, who, account))


@pytest.fixture
def filled(database: Db) -> Db:
    """A log with a change, a sign-in and a backup."""
    activity.record(database, EVE, "records.edit", "record:7", before={"Vendor": "A"}, after={"Vendor": "B"})
    activity.record(database, EVE, "sign_in", "user:eve")
    activity.record(database, EVE, "backup.create", "backup:x", note="Backup created successfully")
    return database


def page(database: Db, role: Any = "admin") -> AppTest:
    """Draw the screen for somebody of that role."""
    return AppTest.from_function(_script, args=(database, signed_in(database, role)), default_timeout=60).run()


def column(test: AppTest, name: str) -> list[Any]:
    """Give a column of the table."""
    return list(test.dataframe[0].value[name])


def test_administrators_read_everything(filled: Db) -> None:
    test = page(filled)

    assert column(test, "What") == ["Backup", "Signed in", "Changed a record"]
    assert column(test, "Change")[-1] == "Vendor: A → B"
    assert column(test, "From") == ["192.0.2.7"] * 3


@pytest.mark.parametrize("role", ["user", "technician", "manager"])
def test_others_read_nothing_about_accounts(filled: Db, role: str) -> None:
    activity.record(filled, Who("", "mallory"), "sign_in.failed", "user:mallory")

    test = page(filled, role)

    assert column(test, "What") == ["Backup", "Changed a record"]
    assert "From" not in test.dataframe[0].value
    assert test.multiselect(key="activity_who").options == ["eve"]
    assert not {"Sign-ins", "Accounts"} & set(test.multiselect(key="activity_kinds").options)


@pytest.mark.parametrize(("role", "may"), [("admin", True), ("manager", True), ("technician", False), ("user", False)])
def test_the_file_is_offered_to_who_may_have_it(filled: Db, role: str, may: bool) -> None:
    assert [link.proto.label for link in page(filled, role).get("link_button")] == ["Download as CSV"] * may


def test_filters(filled: Db) -> None:
    test = page(filled)

    test.multiselect(key="activity_kinds").select("Records").run()
    assert column(test, "What") == ["Changed a record"]
    test.text_input(key="activity_text").input("nothing has this").run()
    assert "No entry matches" in test.info[0].value
    assert not test.exception


def test_what_many_records_went_through_is_one_row_to_be_opened(database: Db) -> None:
    records.add_many(database, signed_in(database, "admin", "ada"),
                     [{"Vendor": "Acme", "Model": f"M{n}"} for n in range(60)], action="records.import", note="old.csv")
    test = page(database)

    assert column(test, "What") == ["Imported records"]
    assert column(test, "About") == ["60 records"]
    opened = opened_for(signed_in(database, "admin", "opener"), database)
    assert not opened.exception
    assert "**ID 1 · Acme M0**".replace(".", "\\.") in [each.value for each in opened.markdown]
    assert len(opened.table) == 25
    opened.number_input[0].set_value(3).run()
    assert len(opened.table) == 10


def _opened(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.activity import Filter
    from equipment.store.deeds import finding
    from equipment.ui.context import App
    from equipment.ui.deeds import opened

    (deed,) = finding.page(database, Filter()).deeds
    opened.show(App(Settings(), database, who, identify(database, who)), deed.entry, None)


def opened_for(who: Who, database: Db) -> AppTest:
    """Open the only deed."""
    return AppTest.from_function(_opened, args=(database, who), default_timeout=60).run()


def test_values_are_whole_when_a_deed_is_opened(database: Db) -> None:
    long, longest = "x" * 500, "y" * 10_100
    activity.record(database, EVE, "records.edit", "record:7", before={"A": long, "B": 1},
                    after={"A": "", "B": longest})
    assert long in column(page(database), "Change")[0]

    opened = opened_for(signed_in(database, "admin", "opener"), database)

    shown = opened.table[0].value
    assert list(shown["Before"]) == [long, "1"]
    assert shown["After"][1].endswith("and 100 more characters, which the CSV file has")


def test_records_are_called_by_name_and_objects_in_words(database: Db) -> None:
    who = signed_in(database, "admin", "ada")
    made = records.add(database, who, {"Vendor": "Acme", "Model": "X"})
    records.save(database, who, [records.Save(made, {"Vendor": "Ohm"})])
    activity.record(database, EVE, "backup.settings", "schedule",
                    note="Preferences(interval_hours=2.0, automatic=True)")
    test = page(database)

    assert column(test, "About")[1:] == ["ID 1 · Ohm X"] * 2
    assert column(test, "Note")[0] == "interval hours 2, automatic yes"
    assert made.key not in str(test.dataframe[0].value)


def test_by_record(database: Db) -> None:
    who = signed_in(database, "admin", "ada")
    first, second = (records.add(database, who, {"Vendor": vendor}) for vendor in ("Acme", "Ohm"))
    trash.move(database, who, [first, second])
    test = page(database)
    assert len(column(test, "What")) == 3

    test.text_input(key="activity_record").input("2").run()

    assert column(test, "What") == ["Moved to trash", "Added a record"]
    assert column(test, "About")[1] == "ID 2 · Ohm (in the trash)"
    test.text_input(key="activity_record").input("3").run()
    assert "No entry matches" in test.info[0].value


def test_by_one_deed(filled: Db) -> None:
    activity.record(filled, EVE, "sign_in.failed", "user:eve")
    test = page(filled)

    test.multiselect(key="activity_kinds").select("Signed in").run()

    assert column(test, "What") == ["Signed in"]


def test_between_two_days(filled: Db) -> None:
    filled[activity.ACTIVITY].insert_one({"at": datetime(2020, 5, 1, 12, tzinfo=UTC), "who": "eve", "address": "",
                                          "action": "sign_out", "target": "user:eve", "before": None, "after": None,
                                          "note": ""})
    test = page(filled)

    test.segmented_control(key="activity_period").set_value("Between").run()
    assert len(column(test, "What")) == 4, "nothing is chosen yet"
    test.date_input(key="activity_days").set_value((date(2020, 4, 30), date(2020, 5, 2))).run()

    assert column(test, "What") == ["Signed out"]


def test_a_long_log_comes_in_pages(database: Db) -> None:
    for number in range(250):
        activity.record(database, EVE, "records.edit", f"record:{number}")
    test = page(database)

    assert len(column(test, "What")) == 100
    test.number_input(key="activity_page").set_value(3).run()
    assert len(column(test, "What")) == 50
    test.text_input(key="activity_text").input("eve").run()
    assert len(column(test, "What")) == 50, "the page stays while it is there"
    test.text_input(key="activity_text").input("record:249").run()
    assert len(column(test, "What")) == 1


@pytest.mark.parametrize(("role", "offered"), [("admin", True), ("user", False)])
def test_the_file_is_offered_to_whom_it_is_sent(filled: Db, role: str, offered: bool) -> None:
    test = page(filled, role)
    test.text_input(key="activity_text").input("a b").run()
    test.text_input(key="activity_text").input("").run()

    links = [each.proto.url for each in test.get("link_button")]

    assert links == (["./activity.csv?"] if offered else [])


def test_an_empty_log(database: Db) -> None:
    assert "Nothing happened here yet" in page(database).info[0].value
