"""Import on the page: what was guessed is seen beside the first rows, can be said otherwise, and counts."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.ui.records.imports import differences
from tests.equipment.ui.records_page import labels, page, press, shown

Db = Database[dict[str, Any]]
TITLED = "Geräteliste Labor 3\n\nNr;Hersteller;Ort\n1;Acme;A\n2;Ohm;B\n3;Volt;C\nSumme;;3\n"


@pytest.fixture
def import_page(database: Db, tmp_path: Path) -> AppTest:
    database.Equipment.insert_many([{"ID": 1, "Vendor": "Acme", "Location": "A"}])
    return page(database, tmp_path, "manager", section="Import")


def give(test: AppTest, data: bytes, name: str) -> AppTest:
    return test.file_uploader[0].upload(name, data, "application/octet-stream").run()


def two_sheets() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        for year, number in (("2023", 7), ("2024", 8)):
            sheet = made.add_worksheet(year)
            sheet.write_row(0, 0, ["ID", "Vendor"])
            sheet.write_row(1, 0, [number, "Acme"])
    return out.getvalue()


def preview(test: AppTest) -> list[list[str]]:
    table = test.dataframe[0].value
    return [list(table.columns), *table.to_numpy().tolist()]


def chosen(test: AppTest) -> dict[str, Any]:
    return {box.label: box.value for box in test.selectbox} | {"row": test.number_input[0].value}


def finished(test: AppTest, until: str = "Import another file") -> AppTest:
    for _ in range(200):
        if until in [*labels(test), shown(test)] or until in shown(test):
            return test
        test.run()
    raise AssertionError(f"{until} never came: {shown(test)}")


def test_what_was_guessed_stands_beside_the_first_rows(import_page: AppTest) -> None:
    test = give(import_page, TITLED.encode("cp1252"), "list.csv")

    assert preview(test) == [["Nr", "Hersteller", "Ort"], ["1", "Acme", "A"], ["2", "Ohm", "B"], ["3", "Volt", "C"]]
    assert {"Encoding": "cp1252", "Separator": ";", "Quotes": '"', "row": 3}.items() <= chosen(test).items()
    assert "Geräteliste Labor 3" in shown(test).replace("\\", "")
    assert "Back to what was found" not in labels(test)


def test_a_guess_can_be_said_otherwise_and_taken_back(import_page: AppTest) -> None:
    test = give(import_page, TITLED.encode("cp1252"), "list.csv")
    [separator] = [box for box in test.selectbox if box.label == "Separator"]
    separator.set_value("|").run()

    assert len(preview(test)[0]) == 1
    press(test, "Back to what was found")
    assert preview(test)[0] == ["Nr", "Hersteller", "Ort"]


def test_the_row_with_the_names_can_be_said(import_page: AppTest) -> None:
    test = give(import_page, TITLED.encode(), "list.csv")
    test.number_input[0].set_value(0).run()

    assert preview(test)[:2] == [["Column 1", "Column 2", "Column 3"], ["Geräteliste Labor 3", "", ""]]
    test.number_input[0].set_value(99).run()
    assert "Row 99 of the file is not there" in shown(test).replace("\\", "")
    press(test, "Back to what was found")
    assert preview(test)[0] == ["Nr", "Hersteller", "Ort"]


def test_rows_that_are_no_records_can_be_taken_in(import_page: AppTest) -> None:
    test = give(import_page, TITLED.encode(), "list.csv")
    [box] = [box for box in test.checkbox if box.label.startswith("Leave out rows that are no records")]
    assert box.label.endswith("(1)")
    box.uncheck().run()

    assert preview(test)[-1] == ["Summe", "", "3"]


def test_apostrophes_are_kept_unless_a_person_says_that_they_are_none(import_page: AppTest) -> None:
    test = give(import_page, b"ID,Note,Kind\n1,'=x,y\n2,''Foo'',z\n", "list.csv")
    assert preview(test)[1] == ["1", "'=x", "y"] and "Such as" in shown(test)
    [box] = [box for box in test.checkbox if box.label.startswith("Take off the apostrophe")]
    box.check().run()

    assert [row[1] for row in preview(test)[1:]] == ["=x", "''Foo''"]
    test = give(test, b"ID,Note\n1,x\n", "other.csv")
    assert not any(box.label.startswith("Take off the apostrophe") for box in test.checkbox)


def test_the_other_sheet_of_a_workbook_can_be_chosen_and_imported(import_page: AppTest, database: Db) -> None:
    test = give(import_page, two_sheets(), "two.xlsx")
    assert "The workbook has 2 sheets" in shown(test)
    [sheet] = [box for box in test.selectbox if box.label == "Sheet"]
    assert (sheet.options, sheet.value) == (["2023", "2024"], "2023")
    sheet.set_value("2024").run()

    assert preview(test)[1] == ["8", "Acme"]
    finished(press(press(test, "Show what would change"), "Import 1 record"))
    assert [record["ID"] for record in database.Equipment.find(sort=[("ID", 1)])] == [1, 8]


def test_what_is_no_table_says_what_to_do(import_page: AppTest) -> None:
    test = give(import_page, b"\x89PNG....", "photo.csv")

    assert "is a picture or a document, not a table" in shown(test).replace("\\", "")
    assert "Show what would change" not in labels(test)


def test_another_list_with_its_own_numbers_is_asked_about(import_page: AppTest, database: Db) -> None:
    before = list(database.Equipment.find())
    test = give(import_page, b"ID,Vendor,Location\n1,Volt,Z\n", "theirs.csv")
    press(test, "Show what would change")

    assert "looks like another list with numbers of its own" in shown(test)
    [button] = [button for button in test.button if button.label == "Import 1 record"]
    assert button.disabled and list(database.Equipment.find()) == before
    [box] = [box for box in test.checkbox if box.label.startswith("They are the same things")]
    box.check().run()
    assert not next(button for button in test.button if button.label == "Import 1 record").disabled


def test_the_numbers_of_what_tells_records_apart_are_said(import_page: AppTest) -> None:
    test = give(import_page, b"ID,Vendor,Location\n1,Acme,A\n2,Ohm,B\n", "list.csv")

    assert test.multiselect[0].value == ["ID"]
    assert "Filled in 2 of 2 rows and in 1 of 1 records." in shown(test)
    test.multiselect[0].set_value(["Vendor", "Location"]).run()
    assert "Filled in 2 of 2 rows" in shown(test)


def test_an_import_whose_numbers_are_taken_can_be_stopped(import_page: AppTest, database: Db) -> None:
    test = give(import_page, b"ID,Vendor,Location\n1,Volt,Z\n2,Ohm,B\n", "list.csv")
    test.multiselect[0].set_value(["Vendor"]).run()
    press(test, "Show what would change")
    [radio] = [radio for radio in test.radio if "new row brings an ID that is taken" in radio.label]
    radio.set_value("Stop: import nothing").run()

    assert next(button for button in test.button if button.label.startswith("Import 2")).disabled


def test_an_import_is_undone_on_the_page(import_page: AppTest, database: Db) -> None:
    before = list(database.Equipment.find())
    test = give(import_page, b"ID,Vendor,Location\n1,Acme,B\n2,Ohm,B\n", "list.csv")
    finished(press(press(test, "Show what would change"), "Import 2 records"))
    assert "1 added, 1 updated, 0 unchanged." in shown(test)

    finished(press(test, "Undo"), "Undone:")
    assert "1 written back, 1 added ones moved to the trash" in shown(test)
    assert list(database.Equipment.find()) == before
    assert "Undo" not in labels(test)


def test_the_imported_records_are_shown(import_page: AppTest, database: Db) -> None:
    test = give(import_page, b"ID,Vendor,Location\n7,Acme,B\n8,Ohm,B\n", "list.csv")
    finished(press(press(test, "Show what would change"), "Import 2 records"))
    press(test, "Show these records")

    assert [str(number) for number in test.dataframe[0].value["ID"]] == ["7", "8"]


def test_many_changes_take_the_right_for_bulk_edits_and_a_backup(database: Db, tmp_path: Path) -> None:
    database.Equipment.insert_many([{"ID": number, "Vendor": "x"} for number in range(1, 102)])
    data = b"ID,Vendor\n" + b"".join(b"%d,y\n" % number for number in range(1, 102))
    test = give(page(database, tmp_path, "technician", section="Import"), data, "list.csv")
    assert "up to 100 records that are there with one file" in shown(test)
    press(test, "Show what would change")

    assert "ask a manager to import this file" in shown(test)
    assert "A backup is made first" in shown(test)
    assert next(button for button in test.button if button.label == "Import 101 records").disabled


def test_the_differences_have_pages_and_kinds(import_page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences, "AT_ONCE", 2)
    rows = "".join(f"{number},V{number},B\n" for number in range(1, 6))
    test = press(give(import_page, f"ID,Vendor,Location\n{rows}".encode(), "list.csv"), "Show what would change")

    def table() -> list[tuple[int, str]]:
        lines = test.dataframe[-1].value
        return list(zip(lines["Row"], lines["What"], strict=True))

    assert "Rows 1 to 2 of 5. In records that are there, 2 cells change." in shown(test)
    assert table() == [(1, "Changed"), (1, "Changed"), (2, "New")]
    [pages] = [box for box in test.number_input if box.label == "Page of 3"]
    test = pages.set_value(3).run()
    assert table() == [(5, "New")]
    [kinds] = [box for box in test.button_group if box.label == "Show"]
    test = kinds.set_value("New").run()
    assert "Rows 1 to 2 of 4." in shown(test)
    assert table() == [(2, "New"), (3, "New")]
