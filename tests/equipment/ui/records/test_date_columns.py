"""Dates on the Columns screen: the order is decided there, and a column is rewritten and given back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from tests.equipment.ui.records_page import labels, page, press, shown

Db = Database[dict[str, Any]]


@pytest.fixture
def lab(database: Db) -> Db:
    texts = ["13/03/2019", "02/05/2018", "06/25/2018", "NO CAL NEEDED"]
    database.Equipment.insert_many([{"ID": number, "Next Cal Date": text} for number, text in enumerate(texts, 1)])
    database.equipment_columns.insert_one({"_id": "Bought", "type": "date"})
    return database


def until(test: AppTest, there: Callable[[], bool]) -> None:
    for _ in range(200):
        if there():
            return
        test.run()
    raise AssertionError(shown(test))


def order_of(test: AppTest) -> Any:
    return next(group for group in test.button_group if group.label == "Next Cal Date")


def test_the_cells_that_prove_it_are_shown_and_a_person_decides(lab: Db, tmp_path: Path) -> None:
    test = page(lab, tmp_path, "admin", section="Columns")
    words = shown(test).replace("\\", "")
    assert "“13/03/2019” in ID 1 can only be day/month, but “06/25/2018” in ID 3 can only be month/day." in words
    assert (order_of(test).value, [group.label for group in test.button_group][-1]) == ("", "Next Cal Date")

    order_of(test).set_value("day/month").run()
    assert lab.equipment_columns.find_one({"_id": "Next Cal Date"}) == {
        "_id": "Next Cal Date", "date_order": "day/month"}
    assert "Next Cal Date: 1 value, cannot be read so" in [box.label for box in test.expander]
    [wrong] = [table.value for table in test.dataframe if "Why" in table.value]
    assert wrong[["Value", "Why"]].to_numpy().tolist() == [
        ["06/25/2018", "the column is day/month, and there is no month 25"]]


def test_a_column_is_rewritten_when_asked_and_given_back(lab: Db, tmp_path: Path) -> None:
    lab.equipment_columns.insert_one({"_id": "Next Cal Date", "date_order": "day/month"})
    before = list(lab.Equipment.find())
    test = page(lab, tmp_path, "admin", section="Columns")
    [button] = [button for button in test.button if button.key == "rewrite_Next Cal Date"]
    button.click().run()
    [changes] = [table.value for table in test.dataframe if "New" in table.value]
    assert changes[["Now", "New"]].to_numpy().tolist() == [["13/03/2019", "2019-03-13"], ["02/05/2018", "2018-05-02"]]
    assert "1 stays as it is: the column is day/month, and there is no month 25." in shown(test).replace("\\", "")
    assert list(lab.Equipment.find()) == before

    press(test, "Change 2 records")
    until(test, lambda: "Undo" in labels(test))
    assert [record["Next Cal Date"] for record in lab.Equipment.find(sort=[("ID", 1)])] == [
        "2019-03-13", "2018-05-02", "06/25/2018", "NO CAL NEEDED"]
    press(test, "Undo")
    until(test, lambda: "Undone:" in shown(test))
    assert list(lab.Equipment.find()) == before


def test_a_bulk_edit_rewrites_dates_in_the_order_of_their_column(lab: Db, tmp_path: Path) -> None:
    lab.equipment_columns.insert_one({"_id": "Next Cal Date", "date_order": "month/day"})
    test = page(lab, tmp_path, "manager")
    test.session_state["bulk_column"], test.session_state["bulk_operation"] = "Next Cal Date", "dates"
    press(test, "Bulk edit")

    [changes] = [table.value for table in test.dataframe if "New" in table.value]
    assert changes[["Now", "New"]].to_numpy().tolist() == [["02/05/2018", "2018-02-05"], ["06/25/2018", "2018-06-25"]]
    assert "02/05/2018 is read as month/day" in shown(test)


def test_the_page_of_a_record_says_why_its_date_cannot_be_read(lab: Db, tmp_path: Path) -> None:
    lab.equipment_columns.insert_one({"_id": "Next Cal Date", "date_order": "day/month"})
    records = {record["ID"]: record["_id"] for record in lab.Equipment.find()}
    wrong = shown(page(lab, tmp_path, "user", id=str(records[3]))).replace("\\", "")
    right = shown(page(lab, tmp_path, "manager", id=str(records[2]))).replace("\\", "")

    assert "06/25/2018 cannot be read so: the column is day/month, and there is no month 25." in wrong
    assert "Calibration: cannot read" in wrong
    assert "cannot be read so" not in right and "Calibration: overdue" in right


@pytest.mark.parametrize("order", ["", "day/month"])
def test_every_screen_reads_dates_in_the_order_of_their_column(lab: Db, tmp_path: Path, order: str) -> None:
    lab.Equipment.update_one({"ID": 1}, {"$set": {"Next Cal Date": "03/13/2199"}})
    lab.equipment_columns.insert_one({"_id": "Next Cal Date", "date_order": order, "hidden": True})
    overdue = 2 if order else 1  # 25/06/2018 says it itself, 02/05/2018 does not
    lab.Equipment.update_one({"ID": 3}, {"$set": {"Next Cal Date": "25/06/2018"}})

    calibration, dashboard = (page(lab, tmp_path, role, section=section) for role, section in (
        ("user", "Calibration"), ("technician", "Dashboard")))
    browse = page(lab, tmp_path, only="overdue")
    assert calibration.button(key="calibration_overdue").label == f"Overdue  \n**{overdue}**"
    assert next(metric.value for metric in dashboard.metric if metric.label == "Overdue calibration") == str(overdue)
    [bar] = [group for group in browse.button_group if any("Overdue" in str(option) for option in group.options)]
    assert any(f"**{overdue}**" in str(option) and "Overdue" in str(option) for option in bar.options)
    assert len(browse.dataframe[0].value) == overdue
