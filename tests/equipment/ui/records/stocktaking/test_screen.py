"""The section *Stocktaking*, walked as a person does: a place, scans, what is missing, applied."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.store.access import Who
from equipment.store.life import stocktakings
from equipment.store.list import keys, undo
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records.loans.lab import press, words

Db = Database[dict[str, Any]]


def _script(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui.context import App
    from equipment.ui.records.stocktaking import screen

    screen.show(App(Settings(), database, who, identify(database, who)))  # type: ignore[arg-type]


@pytest.fixture
def who(database: Db) -> Who:
    stocktakings.prepare(database)
    undo.prepare(database)
    database["Equipment"].insert_many([
        {"_id": 1, "ID": 1, "Location": "Lab 3"}, {"_id": 2, "ID": 2, "Location": "Lab 3"},
        {"_id": 3, "ID": 3, "Location": "**Lab** 1"}])
    return signed_in(database, "technician", "tom")


def opened(database: Db, who: Who) -> AppTest:
    return AppTest.from_function(_script, args=(database, who), default_timeout=60).run()


def begun(database: Db, who: Who) -> AppTest:
    test = opened(database, who)
    test.selectbox(key="stocktaking_place").select("Lab 3").run()
    return press(test, "Begin")


def scan(test: AppTest, code: str) -> str:
    test.text_input(key="stocktaking_code").input(code).run()
    assert not test.exception
    return "\n".join(str(each.value) for each in [*test.success, *test.warning])


def test_a_place_is_gone_through_and_applied(database: Db, who: Who) -> None:
    test = begun(database, who)
    assert "0 there" in words(test) and "2 missing" in words(test)

    assert "ID 1 is here." in scan(test, "1")
    assert r"by the list in \*\*Lab\*\* 1" in scan(test, "?id=" + keys.key_of_id(3))
    assert "seen before" in scan(test, "1")
    assert "Nothing in the list is called 99" in scan(test, "99")
    assert "1 there" in words(test) and "1 missing" in words(test) and "1 from elsewhere" in words(test)
    test.checkbox(key="stocktaking_lost").check().run()
    press(test, "Apply and end")

    assert {each["ID"]: (each["Location"], each.get("Status")) for each in database.Equipment.find()} == {
        1: ("Lab 3", None), 2: ("Lab 3", "Lost"), 3: ("Lab 3", None)}
    assert stocktakings.opened(database) == []
    assert any(button.label == "Begin" for button in opened(database, who).button)


def test_it_ends_without_writing_and_goes_on_where_it_was_left(database: Db, who: Who) -> None:
    before = list(database.Equipment.find())
    scan(begun(database, who), "3")

    test = press(opened(database, who), "Go on with Lab 3: 1 thing seen, begun by tom")
    assert "1 from elsewhere" in words(test)
    test = press(test, "Other place")
    assert any(button.label == "Begin" for button in test.button)
    press(press(test, "Go on with Lab 3: 1 thing seen, begun by tom"), "End without writing")

    assert list(database.Equipment.find()) == before and stocktakings.opened(database) == []


def test_without_a_place_there_is_nothing_to_begin(database: Db, who: Who) -> None:
    assert next(button for button in opened(database, who).button if button.label == "Begin").disabled


def test_one_that_somebody_else_ended_says_so(database: Db, who: Who) -> None:
    test = begun(database, who)
    stocktakings.drop(database, who, stocktakings.opened(database)[0].number)

    assert any(button.label == "Begin" for button in test.run().button)
    assert not test.exception
