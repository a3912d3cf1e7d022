"""An export of ours is known as one, and nothing else is."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
import xlsxwriter

from equipment.exchange import export, own_export
from equipment.exchange.reading import tables
from equipment.exchange.reading.choices import Choices

Rows = Sequence[Sequence[str]]
ROWS: Rows = (("1", "'=x", "Total"), ("2", "a,b", ""))
BOM = "\ufeff"


def exported(columns: Sequence[str], rows: Rows = ROWS) -> bytes:
    return b"".join(export.to_csv((dict(zip(columns, row, strict=False)) for row in rows), columns))


def written(columns: Sequence[str], quoting: Any, rows: Rows = ROWS) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=quoting).writerows([columns, *rows])
    return (BOM + out.getvalue()).encode()


def read(data: bytes, name: str = "list.csv", **chosen: Any) -> tables.Table:
    return tables.read(io.BytesIO(data), name, Choices(**chosen))


@pytest.mark.parametrize("columns", [("ID", "Note", "Kind"), ("ID",), ("ID", "Note, long", "Kind, too"),
                                     ("ID", '"', "=x"), ("'a", "b\nc", "d"), (" A", "A", "B")])
def test_an_export_is_known_whatever_its_columns_are_called(columns: Sequence[str]) -> None:
    table = read(exported(columns))

    assert table.own and table.headers == columns
    assert [tuple(record.values()) for record in table.records()] == [row[:len(columns)] for row in ROWS]


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("columns", [("ID", "Note", "Kind"), ("ID", "Note", "Kind, too"), ("a,b", "c,d"), ("ID",)])
def test_a_file_of_another_program_is_not(quoting: Any, columns: Sequence[str]) -> None:
    rows = [row[:len(columns)] for row in ROWS]

    table = read(written(columns, quoting, rows))

    assert not table.own
    assert tuple(next(table.records()).values()) == rows[0], "an apostrophe stays"


def test_other_readers_read_the_same_names() -> None:
    data = exported(["ID", "Note", "Kind"])

    assert list(pd.read_csv(io.BytesIO(data))) == ["ID", "Note", "Kind"]
    assert next(csv.reader(io.StringIO(data.decode("utf-8-sig")))) == ["ID", "Note", "Kind"]


def test_in_an_export_every_row_is_a_record_and_the_first_holds_the_names() -> None:
    rows = [("ID", "Note", "Kind"), *((str(number), "x", "y") for number in range(5)), ("Total", "", "")]

    table = read(exported(["ID", "Note", "Kind"], rows))

    assert [*map(tuple, table.rows)] == rows and table.read_as.header == 1
    assert len(read(exported(["ID", "Note", "Kind"], rows), leave_out=True).rows) < len(rows), "a person may say so"


def test_in_another_file_an_apostrophe_is_kept_or_taken_off_as_a_person_says() -> None:
    data = b"ID,Note\n1,''Foo''\n2,'+' terminal\n3,'=x\n4,''\n"

    kept, off = read(data), read(data, apostrophes=True)

    assert [record["Note"] for record in kept.records()] == ["''Foo''", "'+' terminal", "'=x", "''"]
    assert [record["Note"] for record in off.records()] == ["''Foo''", "+' terminal", "=x", "''"]
    assert kept.apostrophes == ("'+' terminal", "'=x")
    assert read(b"ID,Note\n1,x\n").apostrophes == () == read(exported(["ID", "Note"])).apostrophes


def test_a_workbook_is_known_by_its_property_alone() -> None:
    ours = b"".join(export.to_xlsx([{"ID": 1, "Note": "'=x"}, {"ID": 2, "Note": "'=y"}], ["ID", "Note"]))
    other = io.BytesIO()
    with xlsxwriter.Workbook(other) as book:
        book.add_worksheet("Equipment").write_row(0, 0, ["ID", "Note"])
        book.set_custom_property("Department", own_export.PROPERTY)

    assert own_export.is_xlsx(ours) and not own_export.is_xlsx(other.getvalue())
    assert [record["Note"] for record in read(ours, "list.xlsx").records()] == ["'=x", "'=y"]


def test_a_damaged_workbook_is_none_of_ours() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("docProps/custom.xml", "<")

    assert not any(map(own_export.is_xlsx, (out.getvalue(), out.getvalue()[:30], b"")))
