"""Review & Save: what is saved, and what stays because it could not be."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.query import Query
from equipment.store.list import records, trash
from equipment.ui.records import state
from equipment.ui.records.changing import undoing
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records_page import press, shown

Db = Database[dict[str, Any]]


def _script(database, who, folder):  # without types: it runs as a script of its own
    from pathlib import Path

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui.context import App
    from equipment.ui.records.changing import review

    account = identify(database, who)
    assert account is not None
    settings = Settings(data_folder=Path(folder), embedded_database=False, mongodb_database=database.name)
    review.dialog(App(settings, database, who, account))


@pytest.fixture
def test(database: Db, tmp_path: Path) -> AppTest:
    """Two records, each with an edited cell, and the review open."""
    database.Equipment.insert_many([{"ID": 1, "Model": "M1", "Parts": {"a": 1}}, {"ID": 2, "Model": "M2"}])
    test = AppTest.from_function(_script, args=(database, signed_in(database, "manager"), str(tmp_path)),
                                 default_timeout=60)
    now = state.State()
    for entry in records.page(database, Query(sort="ID"), {}, date.today()).entries:
        now.edit(entry, "Model", f"new {entry.record['ID']}")
    test.session_state[state.KEY] = now
    return test


def pending(test: AppTest) -> dict[int, dict[str, str]]:
    return {edited.seen.record["ID"]: edited.typed for edited in test.session_state[state.KEY].pending.values()}


def model(database: Db, number: int) -> str | None:
    return (database.Equipment.find_one({"ID": number}) or {}).get("Model")


def test_what_was_dropped_is_not_saved_and_the_others_are(test: AppTest, database: Db) -> None:
    test.run()
    next(button for button in test.button if (button.key or "").startswith("review_drop_")).click().run()
    assert pending(test) == {2: {"Model": "new 2"}}

    press(test, "Save")

    assert (model(database, 1), model(database, 2)) == ("M1", "new 2")
    assert test.session_state[undoing.OFFER].words == "Saved 1 edit in 1 record."
    assert pending(test) == {}
    assert "No edits are left" in shown(test)


def test_edits_of_a_record_that_went_to_the_trash_stay_until_they_are_dropped(test: AppTest, database: Db) -> None:
    first = records.page(database, Query(sort="ID"), {}, date.today()).entries[:1]
    trash.move(database, signed_in(database, "manager", "Ada"), first)

    press(test.run(), "Save")

    assert model(database, 2) == "new 2"
    assert pending(test) == {1: {"Model": "new 1"}}
    assert "no longer in the list" in shown(test) and "**new 1**" in shown(test)
    assert next(button for button in test.button if button.label == "Save").disabled


def test_what_cannot_be_saved_as_text_stays_and_says_so(test: AppTest, database: Db) -> None:
    now: state.State = test.session_state[state.KEY]
    [first, _] = now.pending.values()
    now.edit(first.seen, "Parts", "no structure")

    press(test.run(), "Save")

    assert model(database, 1) == "new 1"
    assert pending(test) == {1: {"Parts": "no structure"}}
    assert "cannot be edited as text" in shown(test)
