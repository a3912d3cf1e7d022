"""Tables as people make them."""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from backup_engine.errors import BadInput
from equipment.exchange import tables


def read(data: bytes, name: str = "list.csv") -> tables.Table:
    return tables.read(io.BytesIO(data), name)


def test_text_stays_as_typed() -> None:
    table = read(b'ID,Serial,Last Cal Date\r\n007,"=1+1",6.8.2013\r\n"a\r\nb",NA,\r\n')

    assert table.headers == ("ID", "Serial", "Last Cal Date")
    assert table.rows == (("007", "=1+1", "6.8.2013"), ("a\r\nb", "NA", ""))
    assert table.notes == ()


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found(mark: str) -> None:
    text = f"ID{mark}Price\n1{mark}3 000\n2{mark}4 000\n"

    assert read(text.encode()).headers == ("ID", "Price")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("ID,Ort\n1,Zürich\n".encode(), ""),
        ("ID,Ort\n1,Zürich\n".encode("utf-8-sig"), ""),
        ("ID,Ort\n1,Zürich\n".encode("cp1252"), "Windows-1252"),
        ("ID,Ort\n1,Zürich\n".encode("utf-16"), "UTF-16"),
    ],
    ids=["utf-8", "bom", "cp1252", "utf-16"],
)
def test_encodings(data: bytes, said: str) -> None:
    table = read(data)

    assert table.rows == (("1", "Zürich"),)
    assert said in " ".join(table.notes)


def test_ragged_rows_lose_nothing_and_are_told() -> None:
    table = read(b"ID,Model\n1\n2,X,extra\n")

    assert table.headers == ("ID", "Model", "Column 3")
    assert [*table.records()] == [{"ID": "1", "Model": "", "Column 3": ""},
                                  {"ID": "2", "Model": "X", "Column 3": "extra"}]
    assert "2 rows have another number of cells" in table.notes[0]


def test_duplicate_and_missing_headers_get_names() -> None:
    table = read(b"ID,Model,Model,\n1,a,b,c\n")

    assert table.headers == ("ID", "Model", "Model (2)", "Column 4")
    assert len(table.notes) == 2


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"", "a.csv"), (b"ID,Model\n", "a.csv"), (b"PK\x03\x04junk", "a.xlsx"), (b"a\x00b,c\nd,e\n", "a.csv")],
    ids=["empty", "only a header", "broken workbook", "binary"],
)
def test_what_cannot_be_read_says_what_to_do(data: bytes, name: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(data, name)

    assert caught.value.hint


def test_a_workbook_reads_like_text() -> None:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["ID", "Serial", "Value"])
        sheet.write_row(1, 0, [7, "007", 2.5])

    table = read(sink.getvalue(), "list.xlsx")

    assert table.rows == (("7", "007", "2.5"),)


def test_two_hundred_thousand_rows() -> None:
    data = b"ID,Model\n" + b"".join(b"%d,Scope\n" % number for number in range(200_000))

    table = read(data)

    assert len(table.rows) == 200_000
    assert table.rows[-1] == ("199999", "Scope")
