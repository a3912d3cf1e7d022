"""Rows that are kept as one text come back cell by cell, whatever is in them."""

from __future__ import annotations

from hypothesis import given, strategies as st

from backup_engine.records.text import Verbatim
from equipment.exchange.rows import BETWEEN, Rows

CELLS = st.text(st.characters() | st.sampled_from(BETWEEN + "\0\r\n"), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_every_cell_comes_back(given: list[tuple[str, str]]) -> None:
    rows = Rows(["A", "B"])
    rows.extend(given)

    assert [tuple(row.values()) for row in rows] == given
    assert rows[:2] == [dict(zip("AB", cells, strict=True)) for cells in given[:2]]
    assert len(rows) == len(given)


def test_a_text_that_is_to_stay_one_still_does() -> None:
    rows = Rows(["A"])
    rows.extend([(Verbatim("007"),)])

    assert isinstance(rows[0]["A"], Verbatim)


def test_rows_of_nothing_are_rows() -> None:
    rows = Rows([])
    rows.extend([()])

    assert list(rows) == [{}]
