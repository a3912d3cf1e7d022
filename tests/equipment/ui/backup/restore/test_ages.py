"""The table of a day's backups says how old each is and what was removed since."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.backups import Backups
from tests.equipment.ui.backup.place import opened

Db = Database[dict[str, Any]]


def rows(test: AppTest) -> list[dict[str, Any]]:
    return next(table.value.to_dict("records") for table in test.dataframe if "Since then" in table.value)


def test_it_says_age_counts_state_and_what_is_gone(place: Backups, database: Db) -> None:
    place.engine.create(force=True)
    assert all("Since then" not in table.value for table in opened("restore.screen").dataframe), "one is no choice"
    database["Equipment"].delete_one({"_id": 0})
    place.engine.create(force=True)
    database["Equipment"].delete_one({"_id": 1})

    test = opened("restore.screen")

    assert [(row["Equipment"], row["Since then"]) for row in rows(test)] == [
        (2, "at least 1 removed"), (3, "at least 2 removed")]
    assert [row["Chosen"] for row in rows(test)] == ["✓", ""]
    # one that the page has compared with the list had its stored bytes looked at for that
    assert {row["State"] for row in rows(test)} <= {"Verified: read back", "Verified: stored bytes"}
    assert all(row["Age"] == "just now" for row in rows(test))

    next(box for box in test.selectbox if box.label == "Backup").select_index(1).run()
    assert [row["Chosen"] for row in rows(test)] == ["", "✓"], "the tick follows the box beside it"
