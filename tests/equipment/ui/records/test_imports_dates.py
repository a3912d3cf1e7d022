"""Import: which comes first in a column of dates is asked beside the cells that prove it, and stored with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.query import Query
from equipment.store.list import records, schema
from tests.equipment.ui.records.test_imports import finished, give
from tests.equipment.ui.records_page import page, press, shown

Db = Database[dict[str, Any]]
PROVEN = b"Checked\n13/03/2019\n02/05/2018\n"


@pytest.fixture
def import_page(database: Db, tmp_path: Path) -> AppTest:
    return page(database, tmp_path, "technician", section="Import")


def order_of(test: AppTest, name: str) -> Any:
    return next(group for group in test.button_group if group.label == name)


def words(test: AppTest) -> str:
    return shown(test).replace("\\", "")


def test_one_cell_decides_and_the_column_keeps_it(import_page: AppTest, database: Db) -> None:
    test = give(import_page, PROVEN, "list.csv")
    assert order_of(test, "Checked").value == "day/month"
    assert "“13/03/2019” in row 2 can only be day/month. “02/05/2018” is read as 2018-05-02." in words(test)
    finished(press(press(test, "Show what would change"), "Import 2 records"))

    noted = database.equipment_columns.find_one({"_id": "Checked"})
    assert noted == {"_id": "Checked", "type": "date", "date_order": "day/month"}
    found = records.page(database, Query(sort="Checked"), schema.types(database), date.today())
    assert [entry.record["Checked"] for entry in found.entries] == ["02/05/2018", "13/03/2019"]


def test_what_nothing_proves_is_asked_and_stays_text_until_it_is_said(import_page: AppTest, database: Db) -> None:
    test = give(import_page, b"Checked\n02/05/2018\n03/04/2018\n", "list.csv")
    assert order_of(test, "Checked").value == ""
    assert "Nothing proves which comes first: “02/05/2018” in row 2 (and 1 more) can be read both ways." in words(test)
    assert "stays text" in words(test)

    order_of(test, "Checked").set_value("month/day").run()
    assert "“02/05/2018” is read as 2018-02-05." in words(test)
    order_of(test, "Checked").set_value("").run()
    finished(press(press(test, "Show what would change"), "Import 2 records"))
    assert database.equipment_columns.find_one({"_id": "Checked"}) is None
    assert schema.types(database)["Checked"].name == "text"


def test_a_file_that_contradicts_the_column_changes_no_order_and_can_be_written_plainly(
    import_page: AppTest, database: Db
) -> None:
    database.equipment_columns.insert_one({"_id": "Next Cal Date", "date_order": "day/month"})
    data = b"Serial,Next Cal Date\nA,03/13/2019\nB,02/05/2018\n"
    test = give(import_page, data, "theirs.csv")
    assert "“03/13/2019” in row 2 can only be month/day" in words(test)
    [radio] = test.radio
    assert radio.value == "day/month, as the column"
    radio.set_value("month/day: write them as year-month-day").run()
    finished(press(press(test, "Show what would change"), "Import 2 records"))

    assert [record["Next Cal Date"] for record in database.Equipment.find(sort=[("ID", 1)])] == [
        "2019-03-13", "2018-02-05"]
    assert database.equipment_columns.find_one() == {"_id": "Next Cal Date", "date_order": "day/month"}


def test_plain_dates_and_other_columns_are_not_asked_about(import_page: AppTest) -> None:
    test = give(import_page, b"Checked,Part,Due\n2019-03-13,1/2/34,13.3.2019\n2018-05-02,Lab,2.5.2018\n", "list.csv")

    assert "does the day come first" not in words(test)
