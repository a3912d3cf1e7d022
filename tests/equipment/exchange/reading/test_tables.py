"""Tables as people make them."""

from __future__ import annotations

import csv
import io
from collections import Counter

import pytest
import xlsxwriter
from hypothesis import given, strategies as st

from backup_engine.errors import BadInput
from equipment.exchange.reading import tables
from equipment.exchange.reading.choices import Choices
from tests.equipment.exchange.reading import pollution


def read(data: bytes, name: str = "list.csv") -> tables.Table:
    return tables.read(io.BytesIO(data), name)


def test_text_stays_as_typed() -> None:
    table = read(b'ID,Serial,Last Cal Date\r\n007,"=1+1",6.8.2013\r\n"a\r\nb",NA,\r\n')

    assert table.headers == ("ID", "Serial", "Last Cal Date")
    assert table.rows == (("007", "=1+1", "6.8.2013"), ("a\r\nb", "NA", ""))
    assert table.notes == ()


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


@pytest.mark.parametrize(("given", "wanted"), [
    ("A,A,A (2)", ("A", "A (3)", "A (2)")), ("A (2),A,A", ("A (2)", "A", "A (3)")), ("A, A ,B", ("A", "A (2)", "B")),
    (",Column 1", ("Column 1 (2)", "Column 1")), ("A,A,A,A", ("A", "A (2)", "A (3)", "A (4)")),
])
def test_no_two_columns_have_one_name(given: str, wanted: tuple[str, ...]) -> None:
    row = ",".join(map(str, range(len(wanted))))

    table = read(f"{given}\n{row}\n".encode())

    assert table.headers == wanted
    assert list(next(table.records()).values()) == row.split(",")


def test_what_has_neither_name_nor_value_is_no_column_and_no_row() -> None:
    commas = "," * 1_740
    table = read(f"ID,Vendor{commas}\n1,Acme{commas}\n,{commas}\n\n2,Ohm{commas}\n".encode())

    assert table.headers == ("ID", "Vendor")
    assert table.rows == (("1", "Acme"), ("2", "Ohm"))
    assert table.notes == ("1 blank row was left out.", "1,740 empty columns were left out.")


TITLED = "Geräteliste Labor 3\n\nNr;Hersteller;Preis;Ort\n1;Acme;1.234,50;A\n2;Ohm;99,00;B\n3;X;5,00;C\n"


@pytest.mark.parametrize(("text", "columns", "rows", "said"), [
    (TITLED, ("Nr", "Hersteller", "Preis", "Ort"), 3, "1 row was left out: “Geräteliste Labor 3”"),
    ("List, of things, and more\nprinted;;2026;\n" + TITLED.partition("\n\n")[2], ("Nr", "Hersteller", "Preis", "Ort"),
     3, "2 rows were left out: “List, of things, and more · printed · 2026”"),
    ("ID,Vendor,Model\n1,,\n2,,\n3,,\n", ("ID", "Vendor", "Model"), 3, ""),
    ("ID,Name\n1,\n2,x\n", ("ID", "Name"), 2, ""),
    ("ID,,,\n1,a,b,c\n2,a,b,c\n", ("ID", "Column 2", "Column 3", "Column 4"), 2, ""),
])
def test_a_title_above_the_names_is_no_name(text: str, columns: tuple[str, ...], rows: int, said: str) -> None:
    table = read(text.encode())

    assert (table.headers, len(table.rows)) == (columns, rows)
    assert said in " ".join(table.notes)
    assert bool(said) == ("Above the column names" in " ".join(table.notes))


def test_a_column_with_a_name_or_a_value_stays() -> None:
    table = read(b"ID,,Empty,\n1,x,,\n2,,,\n")

    assert table.headers == ("ID", "Column 2", "Empty")
    assert next(table.records()) == {"ID": "1", "Column 2": "x", "Empty": ""}


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"", "a.csv"), (b" \n\t\n", "a.csv"), (b",,\n , ,\n", "a.csv"), (b"ID,Model\n", "a.csv"),
     (b"PK\x03\x04junk", "a.xlsx"), (b"a\x00b,c\nd,e\n", "a.csv")],
    ids=["empty", "blanks", "separators", "only a header", "broken workbook", "binary"],
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


def test_spoiled_lists_are_read_as_they_were() -> None:
    total = weighted = weights = count = 0.0
    for spoiled in pollution.files():
        try:
            table = read(spoiled.data)
            names = [name for name in table.headers if not name.startswith("Column ")]
            score = pollution.score(names, table.rows, spoiled)
        except BadInput:
            score = 0.0 if spoiled.rows is not None else 10.0
        total, count = total + score, count + 1
        weighted, weights = weighted + score * spoiled.weight, weights + spoiled.weight
        assert score > 6.9, spoiled.name

    assert total / count > 9.944  # it is 9.953, and was 9.947 when the separator alone was guessed
    assert weighted / weights > 9.98  # it is 9.992, and was 9.809


@given(st.lists(st.lists(st.text(st.sampled_from('abc12,;"\' \t\n'), max_size=8), min_size=1, max_size=5),
                min_size=2, max_size=9), st.sampled_from([",", ";", "\t"]))
def test_every_letter_of_a_file_is_in_the_table_or_in_a_note(rows: list[list[str]], separator: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    try:
        table = read(out.getvalue().encode())
        if table.left_out:  # those are named by their numbers
            table = tables.read(io.BytesIO(out.getvalue().encode()), "list.csv", Choices(leave_out=False))
    except BadInput:
        return
    said = Counter("".join([*table.headers, *("".join(row) for row in table.rows), *table.notes]))

    assert Counter(letter for letter in out.getvalue() if letter in "abc12") <= said


@pytest.mark.parametrize("name", ["Names", "Name of the thing, and more"])
def test_one_column_stays_one(name: str) -> None:
    table = read(f'"{name}"\nOscilloscope with 2 channels\n"Power supply, 30 V"\nMeter 12:30; no. 5\n'.encode())

    assert (table.headers, len(table.rows)) == ((name,), 3)
    assert table.rows[1] == ("Power supply, 30 V",)


def test_two_hundred_thousand_rows() -> None:
    data = b"ID,Model\n" + b"".join(b"%d,Scope\n" % number for number in range(200_000))

    table = read(data)

    assert len(table.rows) == 200_000
    assert table.rows[-1] == ("199999", "Scope")
