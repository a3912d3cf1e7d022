"""Duplicate: as many copies as were asked for, and no more by a second click."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.errors import Busy
from equipment.store.access import Who
from equipment.store.list import records
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records_page import press

Db = Database[dict[str, Any]]


def _opened(database, who):  # without types: it runs as a script of its own
    import streamlit as st

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import keys, records
    from equipment.ui.context import App
    from equipment.ui.record import duplicate

    if "ticked" not in st.session_state:  # what a dialog was opened with stays while it stands open
        st.session_state.ticked = records.entries(database, [keys.key_of_id(1)])
    duplicate.dialog(App(Settings(), database, who, identify(database, who)), st.session_state.ticked, 1)


@pytest.fixture
def who(database: Db) -> Who:
    database["Equipment"].insert_one({"_id": 1, "ID": 1, "Vendor": "Fluke", "Serial": "S1", "uuid": "u1"})
    return signed_in(database)


def dialog(database: Db, who: Who) -> AppTest:
    return AppTest.from_function(_opened, args=(database, who), default_timeout=60).run()


def copies(database: Db) -> list[tuple[int, str, str]]:
    return [(each["ID"], each["Vendor"], each["Serial"]) for each in database["Equipment"].find({"_id": {"$ne": 1}})]


def test_a_second_click_makes_no_second_copy(database: Db, who: Who) -> None:
    test = press(press(dialog(database, who), "Duplicate"), "Duplicate")

    assert copies(database) == [(2, "Fluke", "")]
    assert {toast.value for toast in test.toast} == {"Added 1 copy: ID 2"}

    del test.session_state["ticked"]  # the dialog is opened again
    press(test.run(), "Duplicate")
    assert [number for number, *_ in copies(database)] == [2, 3]


def test_what_could_not_be_copied_can_be_tried_again(
    database: Db, who: Who, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any, **__: Any) -> None:
        raise Busy("a restore")

    with monkeypatch.context() as patch:
        patch.setattr(records, "add_many", busy)
        test = press(dialog(database, who), "Duplicate")
        assert test.error and copies(database) == []

    press(test, "Duplicate")
    assert copies(database) == [(2, "Fluke", "")]
