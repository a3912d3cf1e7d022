"""One grammar of rows: what is written is cut again, one by one and together, and as any CSV reader does."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, strategies as st

from backup_engine.csv_format import rows
from backup_engine.csv_format.rows import ROW_END, cells_of, columns_of, quote, rows_of
from backup_engine.errors import VerificationFailed

CELLS = st.text(st.sampled_from('ab",\n \x01\ufeffü😀'), max_size=6) | st.text(
    st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=6
)
TABLES = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1))
SCRAPS = st.lists(st.sampled_from(['"', '""', ",", "a", " ", "\n", "\r", "\0", "\x01", ROW_END]), max_size=14)


def written(table: list[list[str]]) -> str:
    return "".join(",".join(map(quote, row)) + ROW_END for row in table)


@given(TABLES)
def test_what_is_written_is_cut_again_one_by_one_and_together(table: list[list[str]]) -> None:
    text = written(table)

    assert [cells_of(row) for row in text.split(ROW_END)[:-1]] == table
    assert columns_of(text, len(table[0])) == [list(column) for column in zip(*table, strict=True)]


@given(TABLES)
def test_any_csv_reader_sees_the_same(table: list[list[str]]) -> None:
    seen = list(csv.reader(io.StringIO(written(table), newline=""), strict=True))

    assert seen == [[] if row == [""] else row for row in table]  # the module takes an empty line for no row


@given(SCRAPS)
def test_one_by_one_and_together_refuse_the_same(scraps: list[str]) -> None:
    lines = "".join(scraps).split(ROW_END)
    for line in lines:
        cells = cut(line)
        if cells is None:
            with pytest.raises(ValueError, match=r"NUL|quote"):
                columns_of(line + ROW_END, 1)
        else:
            assert columns_of(line + ROW_END, len(cells)) == [[cell] for cell in cells]

            with pytest.raises(ValueError, match="does not have"):
                columns_of(line + ROW_END, len(cells) + 1)


def cut(line: str) -> list[str] | None:
    try:
        return cells_of(line)
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("row", "why"),
    [('"', "not closed"), ('a,"b', "not closed"), ('a"', "not closed"), ('"a""', "not closed"),
     ('"a"b', "beside"), ('a"b"', "beside"), ('"a" "b"', "beside"), ('x,"a"b,"c"', "beside"),
     ("a\0b", "NUL"), ('"a\0b"', "NUL"), ("\0", "NUL"), ("\x01\0", "NUL"), ('"a",\0', "NUL")],
)
def test_what_the_writer_never_writes_is_refused(row: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        cells_of(row)
    with pytest.raises(ValueError, match=why):
        columns_of(row + ROW_END, 1)


@pytest.mark.parametrize("text", ["", "a", "a\n", "a\r", f"a{ROW_END}b"])
def test_rows_that_do_not_end_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not end"):
        columns_of(text, 1)


@pytest.mark.parametrize("text", ["a,b", "a,b,c,d", f"a,b,c{ROW_END}a,b", f"a,b{ROW_END}a,b,c,d", f"a,b,c{ROW_END}"])
def test_rows_of_another_width_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not have 3 cells"):
        columns_of(text + ROW_END, 3)


@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 18])
def test_a_stream_is_cut_at_row_ends_only(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(rows, "CHUNK", chunk)
    stored = 'a,"b\nc"\r\n\r\nü\r,\r\nrest'.encode() + b"\xff"

    assert list(rows_of(io.BufferedReader(io.BytesIO(stored)))) == ['a,"b\nc"', "", "ü\r,", "rest\udcff"]


def test_a_row_that_does_not_end_stays_out_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "CHUNK", 10)
    monkeypatch.setattr(rows, "LONGEST_ROW", 25)
    source = io.BytesIO(b"a" * 12 + b"\r\n" + b"b" * 1000)
    stream = io.BufferedReader(source, buffer_size=1)
    given = rows_of(stream)

    assert next(given) == "a" * 12
    with pytest.raises(VerificationFailed, match="does not end"):
        next(given)
    assert source.tell() < 100
