"""The line with *Undo* after a deed: above the list, for a while, and later in Activity for whoever may undo it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.query import Query
from equipment.domain.roles import Role
from equipment.store.access import Who
from equipment.store.list import records, undo, undoable
from equipment.store.list.records import Entry, Save
from equipment.ui.records.changing import undoing
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records_page import labels, press, shown

Db = Database[dict[str, Any]]
LIST: list[dict[str, Any]] = [{"_id": 1, "ID": 1, "Vendor": "Acme"}, {"_id": 2, "ID": 2, "Vendor": "Ohm"}]


def _list(database, who, folder):  # without types: it runs as a script of its own
    from pathlib import Path

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui import records
    from equipment.ui.context import App

    account = identify(database, who)
    assert account is not None
    settings = Settings(data_folder=Path(folder), backup_folder=Path(folder), embedded_database=False,
                        mongodb_database=database.name)
    records.show(App(settings, database, who, account))


def _newest_deed(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.activity import Filter
    from equipment.store.deeds import finding
    from equipment.ui.context import App
    from equipment.ui.deeds import opened
    from equipment.ui.records.changing import undoing

    account = identify(database, who)
    assert account is not None
    app = App(Settings(), database, who, account)
    undoing.running(app)
    deeds = finding.page(database, Filter()).deeds
    first = next((deed for deed in deeds if deed.entry["action"] != "records.undo"), deeds[0])
    opened.show(app, first.entry, None)


@pytest.fixture
def manager(database: Db) -> Who:
    database["Equipment"].insert_many([dict(record) for record in LIST])
    undo.prepare(database)
    return signed_in(database, "manager")


def entries(db: Db) -> list[Entry]:
    return records.page(db, Query(sort="ID"), {}, date.today()).entries


def now(db: Db) -> list[dict[str, Any]]:
    return list(db["Equipment"].find(sort=[("_id", 1)]))


def with_an_offer(db: Db, who: Who, folder: Path) -> AppTest:
    """Give the list after somebody moved record 1 to the trash there."""
    number, _ = undoable.move_to_trash(db, who, entries(db)[:1])
    test = AppTest.from_function(_list, args=(db, who, str(folder)), default_timeout=60)
    test.session_state[undoing.OFFER] = undoing.Offer(number, "Moved ID 1 to the trash.", float("inf"))
    return test.run()


def until(test: AppTest, words: str) -> AppTest:
    for _ in range(200):
        if words in shown(test):
            return test
        test.run()
    raise AssertionError(f"{words} never came: {shown(test)}")


def test_one_click_takes_it_back(database: Db, manager: Who, tmp_path: Path) -> None:
    test = with_an_offer(database, manager, tmp_path)
    assert "Moved ID 1 to the trash" in shown(test)

    until(press(test, "Undo"), "1 brought back from the trash")

    assert now(database) == LIST
    assert "Undo" not in labels(test)
    press(test, "OK")
    assert "Undone" not in shown(test)


def test_the_line_goes_by_itself_and_the_way_back_stays(
    database: Db, manager: Who, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing.time, "monotonic", lambda: 100.0)
    undoing_until = 100.0 + undoing.OFFERED_SECONDS
    test = with_an_offer(database, manager, tmp_path)
    number = test.session_state[undoing.OFFER].number
    test.session_state[undoing.OFFER] = undoing.Offer(number, "Moved ID 1 to the trash.", undoing_until)
    assert "Undo" in labels(test.run())

    monkeypatch.setattr(undoing.time, "monotonic", lambda: undoing_until)

    assert "Undo" not in labels(test.run())
    assert "Moved ID 1" not in shown(test)
    assert undo.deed(database, number) is not None


def test_what_was_undone_elsewhere_is_offered_no_more(database: Db, manager: Who, tmp_path: Path) -> None:
    test = with_an_offer(database, manager, tmp_path)

    undo.undo(database, manager, test.session_state[undoing.OFFER].number)

    assert "Undo" not in labels(test.run())


def test_activity_undoes_a_deed_once_and_says_who_did(database: Db, manager: Who) -> None:
    undoable.save(database, manager, [Save(entry, {"Vendor": "New"}) for entry in entries(database)])
    test = AppTest.from_function(_newest_deed, args=(database, manager), default_timeout=60).run()
    assert "**2 records** that some manager changed become what they were" in shown(test)

    until(press(test, "Undo"), "2 written back")

    assert now(database) == LIST
    press(test, "OK")
    assert "Undone by some manager" in shown(test)
    assert "Undo" not in labels(test)


@pytest.mark.parametrize(("role", "offered"), [("user", False), ("technician", False), ("manager", True)])
def test_activity_offers_it_to_who_may(database: Db, manager: Who, role: Role, offered: bool) -> None:
    undoable.save(database, manager, [Save(entries(database)[0], {"Vendor": "New"})])

    test = AppTest.from_function(_newest_deed, args=(database, signed_in(database, role, "Ada")),
                                 default_timeout=60).run()

    assert ("Undo" in labels(test)) is offered
    assert "Changed a record" in shown(test)
