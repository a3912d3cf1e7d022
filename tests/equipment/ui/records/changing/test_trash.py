"""Deleting for good: named, typed, cancelled, and done once."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.store.list import records, trash
from equipment.ui.records.changing import undoing
from tests.equipment.store.people import signed_in
from tests.server.running_app import wait_for

Db = Database[dict[str, Any]]


def _script(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import trash
    from equipment.ui.context import App
    from equipment.ui.records.changing import trash as screen

    account = identify(database, who)
    assert account is not None
    screen._purge(App(Settings(), database, who, account), trash.entries(database))


@pytest.fixture
def asked(database: Db) -> AppTest:
    """The question about seven records."""
    admin = signed_in(database)
    database.Equipment.insert_many([{"ID": n, "Vendor": "Acme", "Model": f"M{n}"} for n in range(1, 8)])
    keys = [str(document["_id"]) for document in database.Equipment.find()]
    trash.move(database, admin, records.entries(database, keys))
    return AppTest.from_function(_script, args=(database, admin), default_timeout=60).run()


def button(test: AppTest, label: str) -> Any:
    return next(each for each in test.button if each.label == label)


def test_the_question_names_what_goes(asked: AppTest) -> None:
    said = asked.markdown[0].value

    assert "**7 records**" in said and "and 2 more" in said
    assert sum(f"M{number}" in said for number in range(1, 8)) == 5
    assert button(asked, "Delete 7 records for good").disabled


def test_cancel_keeps_them(asked: AppTest, database: Db) -> None:
    asked.text_input[0].input(trash.WORD).run()
    button(asked, "Cancel").click().run()

    assert trash.count(database) == 7


def test_a_second_click_deletes_nothing_more(asked: AppTest, database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    asked.text_input[0].input(trash.WORD).run()
    calls = list[int]()
    purge = trash.purge
    monkeypatch.setattr(trash, "purge", lambda *given: calls.append(1) or purge(*given))
    kept = trash.entries(database)
    monkeypatch.setattr(trash, "entries", lambda _: kept)

    for _ in range(2):
        button(asked, "Delete 7 records for good").click().run()

    assert trash.count(database) == 0
    assert len(calls) == 1


def _section(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui.context import App
    from equipment.ui.records.changing import trash as screen

    screen.show(App(Settings(), database, who, identify(database, who)))


def test_what_somebody_else_throws_away_meanwhile_is_not_brought_back_instead(database: Db) -> None:
    admin = signed_in(database)
    database.Equipment.insert_many([{"_id": f"r{n}", "ID": n} for n in (1, 2)])
    trash.move(database, admin, records.entries(database, ["r1"]))
    test = AppTest.from_function(_section, args=(database, admin), default_timeout=60)
    test.session_state["trash_ticked"] = (trash.entries(database)[0].number,)
    assert button(test.run(), "Bring back 1")
    trash.move(database, admin, records.entries(database, ["r2"]))

    button(test, "Bring back 1").click().run()

    assert [record["_id"] for record in database.Equipment.find()] == ["r1"]


def _moving(database, who):  # without types: it runs as a script of its own
    import streamlit as st

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import keys, records
    from equipment.ui.context import App
    from equipment.ui.records.changing import trash, undoing

    app = App(Settings(), database, who, identify(database, who))
    undoing.show(app)
    if st.button("Move"):
        ticked = records.entries(database, [keys.key_of_id(each["_id"]) for each in database.Equipment.find()])
        trash.move(app, ticked, len(ticked))


@pytest.mark.parametrize("count", [1, 2])
def test_moved_records_are_in_the_trash_and_come_back_by_one_click(
    database: Db, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "OFFERED_SECONDS", 600)  # a busy machine takes longer for a page
    database.Equipment.insert_many([{"ID": n, "Vendor": "Acme", "Model": f"M{n}"} for n in range(1, count + 1)])
    test = AppTest.from_function(_moving, args=(database, signed_in(database, "manager")), default_timeout=60).run()

    test = button(test, "Move").click().run()

    assert (trash.count(database), database.Equipment.count_documents({})) == (count, 0)
    said = "Moved ID 1 · Acme M1 to the trash." if count == 1 else "Moved 2 records to the trash."
    assert said in "\n".join(str(each.value).replace("\\", "") for each in (*test.markdown, *test.info, *test.success))
    next(each for each in test.button if "Undo" in each.label).click().run()
    wait_for(lambda: database.Equipment.count_documents({}) == count, "the records that were moved")
