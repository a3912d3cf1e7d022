"""The choices for a sheet of labels, without a browser."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from tests.equipment.store.people import signed_in
from tests.equipment.ui.records_page import shown

PUBLIC = "https://equipment.example.org"


def _script(database, who, public):  # without types: it runs as a script of its own
    from pathlib import Path

    import streamlit as st

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import keys, listing
    from equipment.ui.context import App
    from equipment.ui.records.list import labels

    account = identify(database, who)
    assert account is not None
    settings = Settings(data_folder=Path(), backup_folder=Path(), embedded_database=False, mongodb_uri=None,
                        mongodb_database=database.name, public_url=public)
    chosen = [keys.key_of_id(record["_id"]) for record in database[listing.EQUIPMENT].find().sort("ID")]
    if not st.checkbox("closed", key="closed"):
        labels.show(App(settings, database, who, account), chosen)


@pytest.fixture
def filled(database: Database[dict[str, Any]]) -> Database[dict[str, Any]]:
    database["Equipment"].insert_many([
        {"ID": 1, "Vendor": "Fluke", "Model": "87V", "Serial": "S-1", "Location": "Room 4", "uuid": "u1"},
        {"ID": 2, "Vendor": "", "Model": None, "Description": "Oven", "Serial": "", "Location": "", "uuid": "u2"},
    ])
    return database


def dialog(database: Database[dict[str, Any]], public: str = PUBLIC) -> AppTest:
    who = signed_in(database, "user")
    return AppTest.from_function(_script, args=(database, who, public), default_timeout=60).run()


def drawn(test: AppTest) -> str:
    """Give the preview's SVG."""
    [image] = test.get("image")
    return base64.b64decode(image.proto.imgs[0].url.removeprefix("data:image/svg+xml;base64,")).decode()


def test_a_label_shows_the_id_what_it_is_and_its_serial(filled: Database[dict[str, Any]]) -> None:
    test = dialog(filled)

    preview = drawn(test)
    for said in ("1", "Fluke 87V", "Serial: S-1", "2", "Oven"):
        assert f">{said}</text>" in preview
    assert "Serial:</text>" not in preview and "record without ID" not in preview
    assert not test.warning and not test.error and "Sheet 1 of 1" in shown(test)


def test_what_is_printed_can_be_chosen(filled: Database[dict[str, Any]]) -> None:
    test = dialog(filled)
    assert "uuid" not in test.multiselect[0].options and "ID" not in test.multiselect[0].options
    test.multiselect[0].set_value(["Location"]).run()
    assert ">Location: Room 4</text>" in drawn(test) and "Fluke" not in drawn(test)

    test.checkbox(key="label_named").uncheck().run()

    assert ">Room 4</text>" in drawn(test)


def test_a_begun_sheet_starts_where_it_was_left(filled: Database[dict[str, Any]]) -> None:
    test = dialog(filled)
    assert 'class="label" x="0.000" y="4.500"' in drawn(test)

    test.number_input[0].set_value(24).run()

    assert 'class="label" x="140.000" y="256.500"' in drawn(test)
    assert "Sheet 1 of 2" in shown(test)


def test_a_roll_has_one_label_a_page(filled: Database[dict[str, Any]]) -> None:
    test = dialog(filled)

    test.selectbox(key="label_sheet").set_value("Roll, 62 × 29 mm").run()

    assert 'viewBox="0 0 62 29"' in drawn(test) and not test.number_input
    assert "The first of 2 labels" in shown(test)


@pytest.mark.parametrize(("public", "typed", "said"), [
    ("", "http://127.0.0.1:8501", "leads every phone to itself"),
    (PUBLIC, "http://localhost:8501", "leads every phone to itself"),
    ("", "http://192.168.1.5:8501", "`EQUIPMENT_PUBLIC_URL` is not set"),
    (PUBLIC, PUBLIC + "/lab" * 60, "too long for labels of this size"),
    (PUBLIC, "lab.example", "not a web address"),
])
def test_an_address_that_phones_cannot_open_is_said(
    filled: Database[dict[str, Any]], public: str, typed: str, said: str
) -> None:
    test = dialog(filled, public)
    test.selectbox(key="label_sheet").set_value("A4, 5 × 13 (38.1 × 21.2 mm)")

    test.text_input[0].set_value(typed).run()

    assert said in shown(test) and not test.exception


def test_choices_come_back_when_the_dialog_opens_again(filled: Database[dict[str, Any]]) -> None:
    test = dialog(filled)
    test.selectbox(key="label_sheet").set_value("Roll, 62 × 29 mm").run()
    test.multiselect[0].set_value(["Location", "Serial"]).run()
    test.checkbox(key="closed").check().run()
    assert not test.selectbox
    filled["equipment_columns"].insert_one({"_id": "Location", "hidden": True})

    test.checkbox(key="closed").uncheck().run()

    assert test.selectbox(key="label_sheet").value == "Roll, 62 × 29 mm"
    assert test.multiselect[0].value == ["Serial"]


def _ticked(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import keys, records
    from equipment.ui.context import App
    from equipment.ui.records.list import labels

    chosen = records.entries(database, [keys.key_of_id(each["_id"]) for each in database["Equipment"].find({"ID": 1})])
    labels.dialog(App(Settings(), database, who, identify(database, who)), chosen, 2)


def test_the_action_over_the_list_prints_what_is_ticked(filled: Database[dict[str, Any]]) -> None:
    test = AppTest.from_function(_ticked, args=(filled, signed_in(filled, "user")), default_timeout=60).run()

    assert "1 label." in shown(test)
    assert "Fluke 87V" in drawn(test) and "Oven" not in drawn(test)
