"""Exports that open safely and come back the same."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, strategies as st

from equipment.exchange import export
from equipment.exchange.reading import tables
from equipment.exchange.spreadsheet import RISKY, guard, unguard

RECORDS = [{"ID": 1, "Comments": "=HYPERLINK(1)"}, {"ID": 2, "Comments": 'a,"b"\nc'}, {"ID": 3}]


@pytest.mark.parametrize("text", ["=1+1", "@x", "-cmd", "+x", "\tx", "\rx"])
def test_a_formula_is_made_inert(text: str) -> None:
    assert guard(text)[0] == "'"


@pytest.mark.parametrize("text", ["-5", "+3,000", "-0.5", "007", "plain", "", "'quoted'"])
def test_harmless_text_stays(text: str) -> None:
    assert guard(text) == text


@given(st.text())
def test_guarding_loses_nothing(text: str) -> None:
    assert unguard(guard(text)) == text


@given(st.text(min_size=1))
def test_no_guarded_cell_runs(text: str) -> None:
    cell = guard(text)

    assert not cell.startswith(RISKY) or (cell == text and any(character.isdigit() for character in text))


def test_csv_comes_back_through_the_import() -> None:
    data = b"".join(export.to_csv(RECORDS, ["ID", "Comments"]))

    table = tables.read(io.BytesIO(data), "export.csv")

    assert [tuple(unguard(cell) for cell in row) for row in table.rows] == [
        ("1", "=HYPERLINK(1)"), ("2", 'a,"b"\nc'), ("3", "")
    ]


def test_csv_is_streamed_in_pieces() -> None:
    pieces = list(export.to_csv(({"ID": number} for number in range(2_500)), ["ID"]))

    assert len(pieces) == 3
    assert b"".join(pieces).count(b"\r\n") == 2_501


def test_xlsx_holds_text_only() -> None:
    data = b"".join(export.to_xlsx(RECORDS, ["ID", "Comments"]))

    table = tables.read(io.BytesIO(data), "export.xlsx")

    assert table.rows == (("1", "=HYPERLINK(1)"), ("2", 'a,"b"\nc'), ("3", ""))
