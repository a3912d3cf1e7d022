"""The Activity screen without a browser: filters, what each role may read, the file."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.store import activity
from equipment.store.access import Who
from equipment.store.activity import Change
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
EVE = Who("0" * 64, "eve", "192.0.2.7")


def _script(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui import activity
    from equipment.ui.context import App

    account = identify(database, who)
    assert account is not None
    activity.show(App(Settings(), database, who, account))


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


def test_filters(filled: Db) -> None:
    test = page(filled)

    test.multiselect(key="activity_kinds").select("Records").run()
    assert column(test, "What") == ["Changed a record"]
    test.text_input(key="activity_text").input("nothing has this").run()
    assert "No entry matches" in test.info[0].value
    assert not test.exception


def test_a_long_log_comes_in_pages(database: Db) -> None:
    activity.record_many(database, EVE, "records.edit", [Change(f"record:{n}") for n in range(250)])
    test = page(database)

    assert len(column(test, "Target")) == 100
    test.number_input[0].set_value(3).run()

    assert len(column(test, "Target")) == 50


def test_an_empty_log(database: Db) -> None:
    assert "Nothing happened here yet" in page(database).info[0].value
