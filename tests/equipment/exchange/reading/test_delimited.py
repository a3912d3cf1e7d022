"""Rows of text: no quote takes a row away, and no cell is lost."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, strategies as st

from equipment.exchange.reading import delimited, dialect
from equipment.exchange.reading.choices import GUESS


def rows(text: str) -> tuple[list[list[str]], list[str]]:
    notes: list[str] = []
    found = delimited.rows_of(text, dialect.guess(text, GUESS, notes), notes)
    return [list(cells) for _, cells in found], notes


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found(mark: str) -> None:
    assert rows(f"ID{mark}Price\n1{mark}3 000\n2{mark}4 000\n")[0][0] == ["ID", "Price"]


def test_the_first_line_may_say_the_separator() -> None:
    found, notes = rows("sep=;\nID;Name,first\n1;a\n")

    assert found == [["ID", "Name,first"], ["1", "a"]]
    assert "“;”" in notes[0]


@pytest.mark.parametrize(("text", "wanted", "line"), [
    ('ID\tName\n1\t" gauge\n2\tscope\n3\tPSU\n4\tDMM\n',
     [["ID", "Name"], ["1", '" gauge'], ["2", "scope"], ["3", "PSU"], ["4", "DMM"]], 2),
    ('ID,Name\n1,"19 inch\n2,scope\n3,"PSU"\n', [["ID", "Name"], ["1", '"19 inch'], ["2", "scope"], ["3", "PSU"]], 2),
    ('ID,Name\n1,"19" monitor"\n2,x\n', [["ID", "Name"], ["1", '19 monitor"'], ["2", "x"]], 2),
    ('sep=,\nID,Name\n1,"x', [["ID", "Name"], ["1", '"x']], 3),
])
def test_a_quote_that_is_not_closed_takes_no_other_row(text: str, wanted: list[list[str]], line: int) -> None:
    found, notes = rows(text)

    assert found == wanted
    assert notes[-1].startswith(f"Line {line}: ")


def test_a_cell_of_several_lines_stays_one() -> None:
    found, notes = rows('ID,Note\n1,"a ""b""\r\nc"\n2,d\n')

    assert found == [["ID", "Note"], ["1", 'a "b"\r\nc'], ["2", "d"]]
    assert notes == []


@pytest.mark.parametrize("line", ['"a', '"a,""', '""b', '"""b', 'x,""y', 'a,"'])
def test_a_file_of_nothing_but_odd_quotes_is_read_line_by_line(line: str) -> None:
    found, notes = rows(f"sep=,\n{line}\n" * 500)

    assert sum(line.count("a") for line in map("".join, found)) == line.count("a") * 500
    assert len(notes) <= 1_001


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=2, max_size=4),
                min_size=1, max_size=6))
def test_whatever_a_writer_of_csv_wrote_comes_back(table: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    out.write("sep=,\n")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(table)

    assert rows(out.getvalue())[0] == table


@given(st.text(st.sampled_from('ab",;\n\r\t'), max_size=40))
def test_no_letter_is_lost_whatever_the_quotes(text: str) -> None:
    def letters(said: str) -> list[str]:
        return sorted(letter for letter in said if letter in "ab")

    found, _ = rows("sep=,\n" + text)

    assert letters("".join(map("".join, found))) == letters(text)
