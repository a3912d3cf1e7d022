"""Workbooks: cells as they are seen, the sheet that is meant, and what a table cannot show is told."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import datetime

import pytest
import xlsxwriter

from backup_engine.errors import BadInput
from equipment.exchange.reading import sheet_cells, tables
from equipment.exchange.reading.choices import Choices

Cells = dict[str, tuple[object, str]]
SEEN: Cells = {
    "00042": (42, "00000"), "15%": (0.15, "0%"), "36:00": (1.5, "[h]:mm"), "SN-0017": (17, '"SN-"0000'),
    "1234567890123456": (1234567890123456, "0"), "2024-03-04": (datetime(2024, 3, 4), "dd/mm/yyyy"),
    "2024-03": (datetime(2024, 3, 1), "mmm yyyy"), "2024": (datetime(2024, 1, 1), "yyyy"),
    "14:30": (datetime(1899, 12, 30, 14, 30).time(), "h:mm"),
    "2024-03-04 14:30:00": (datetime(2024, 3, 4, 14, 30), "d.m.yy h:mm"), "3.14159": (3.14159, "0.00"),
    "1234.5 €": (1234.5, '#,##0.00 "€"'), "2024-03-05": (datetime(2024, 3, 5), "mmm yyyy"),
}


def book(fill: object = None, **options: object) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, options) as made:
        if callable(fill):
            fill(made)
    return out.getvalue()


def read(data: bytes, chosen: Choices = Choices(), name: str = "list.xlsx") -> tables.Table:  # noqa: B008
    return tables.read(io.BytesIO(data), name, chosen)


def two_sheets(made: xlsxwriter.Workbook) -> None:
    for year in ("2023", "2024"):
        made.add_worksheet(year).write_column(0, 0, ["ID", year])
    made.add_worksheet("secret").hide()


def test_cells_are_what_the_person_sees() -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        for column, (seen, (value, code)) in enumerate(SEEN.items()):
            sheet.write_string(0, column, f"for {seen}")
            sheet.write(1, column, value, made.add_format({"num_format": code}))

    assert read(book(fill)).rows == (tuple(SEEN),)


def test_a_long_number_is_the_digits_that_were_written() -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        made.add_worksheet().write_column(0, 0, ["Tag", 7])

    data = book(fill)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry).replace(b"<v>7</v>", b"<v>12345678901234567</v>"))

    assert read(out.getvalue()).rows == (("12345678901234567",),)


def test_an_error_is_its_name_and_is_told() -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["ID", "Ratio"])
        sheet.write_number(1, 0, 1)
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")

    table = read(book(fill))

    assert table.rows == (("1", "#DIV/0!"),)
    assert "1 cell holds an error instead of a value (first: B2, #DIV/0!)." in table.notes


def test_the_first_sheet_is_read_and_the_others_are_offered() -> None:
    data = book(two_sheets)
    table = read(data)

    assert (table.rows, table.sheets, table.read_as.sheet) == ((("2023",),), ("2023", "2024", "secret"), "2023")
    assert "The workbook has 3 sheets (“2023”, “2024”, “secret”); “2023” was read." in table.notes
    assert read(data, Choices(sheet="2024")).rows == (("2024",),)


def test_an_empty_or_hidden_first_sheet_is_passed_over() -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        made.add_worksheet("cover").write(0, 0, "The list of the laboratory")
        made.add_worksheet("old").write_column(0, 0, ["ID", "9"])
        made.worksheets()[1].hide()
        made.add_worksheet("list").write_column(0, 0, ["ID", "1"])

    assert read(book(fill)).read_as.sheet == "list"


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadInput) as caught:
        read(book(two_sheets), Choices(sheet="2025"))
    assert "“2023”, “2024”" in caught.value.hint


def test_what_a_table_cannot_show_is_told() -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["ID", "Vendor", "Model"])
        sheet.merge_range("A2:B2", "both")
        sheet.write_row(2, 0, ["1", "Acme", "x"])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(2, 2, 10, None, {"hidden": True})

    table = read(book(fill))

    assert len(table.rows) == 2
    assert [*table.notes][:3] == ["1 group of cells is merged: the text stands in the first cell, and the others are "
                                  "empty.",
            "1 row is hidden in the sheet, and read as the others.",
            "1 column is hidden in it, and read as the others."]


def test_macros_are_told() -> None:
    data = io.BytesIO(book(two_sheets))
    with zipfile.ZipFile(data, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")

    assert any("macros, which were not run" in note for note in read(data.getvalue()).notes)


@pytest.mark.parametrize(("data", "name", "said"), [
    (b"<html><table><tr><td>ID</td></tr></table></html>", "list.xls", "cannot be read as a spreadsheet"),
    (b"\x89PNG\r\n\x1a\n....", "list.csv", "is a picture or a document"), (b"%PDF-1.7", "list.csv", "is a picture"),
    (book(lambda made: made.add_worksheet()), "list.xlsx", "has no records"),
])
def test_what_is_no_table_is_refused(data: bytes, name: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        read(data, name=name)
    assert caught.value.hint


def test_what_is_said_beside_the_values_of_something_else_is_nothing() -> None:
    assert sheet_cells.read(b"no archive", "Sheet1") == sheet_cells.SheetCells()


def test_a_password_is_named() -> None:
    with pytest.raises(BadInput, match="has a password") as caught:
        read(encrypted())
    assert "without one" in caught.value.hint


def encrypted() -> bytes:
    """Give what encryption leaves of a workbook: a compound file with a stream of that name ([MS-CFB])."""
    free, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack(
        "<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0, 0)

    def entry(name: str, kind: int, child: int) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        return text.ljust(64, b"\0") + struct.pack("<HBBIII36xIQ", len(text), kind, 1, free, free, child, end, 0)

    entries = entry("Root Entry", 5, 1) + entry("EncryptedPackage", 2, free) + 2 * bytes(128)
    return head + struct.pack("<108I", *[free] * 108) + struct.pack("<128I", fat, end, *[free] * 126) + entries
