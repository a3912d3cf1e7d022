"""The download asks for records, columns and form, and its link says them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from tests.equipment.ui.records_page import page


def link(test: AppTest) -> str:
    [found] = [element for element in test.get("link_button") if element.proto.label == "Download"]
    return str(found.proto.url)


def opened(test: AppTest, **chosen: str) -> AppTest:
    """Open the dialog with these values; here a run without the button closes it."""
    for radio in test.radio:
        if radio.label in chosen:
            radio.set_value(chosen[radio.label])
    return test.button(key="action_exports").click().run()


def test_which_records_and_columns_and_which_form(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    database.Equipment.insert_many([{"ID": 1, "Vendor": "Acme"}, {"ID": 2, "Vendor": "Ohm"}])
    database.equipment_columns.insert_one({"_id": "Vendor", "hidden": True})
    test = page(database, tmp_path, "user", q="ohm")

    opened(test)
    assert link(test).endswith("list.csv?q=ohm&sort=ID")
    assert [each.options for each in test.radio if each.label == "Columns"] == [["Shown (1)", "All (2)"]]
    opened(test, Columns="shown", Format="json")
    assert "export_make" not in [button.key for button in test.button]
    assert link(test).endswith("list.json?q=ohm&sort=ID&columns=shown")
