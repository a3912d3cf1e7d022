"""Records as they were read, against what the index says of them."""

from __future__ import annotations

from equipment.index.column import Column
from equipment.index.proof import differing
from equipment.index.segment import Segment
from equipment.index.sheet import Sheet

SHEET = Sheet.of([(["a", "b"], {"Name": ["Vötsch", "Fluke"]}), (["c"], {"Name": ["x"], "Room": ["1"]})])


def test_what_is_the_same_does_not_differ_whatever_columns_it_was_read_with() -> None:
    read = (["c", "a", "b"], {"Room": ["1", "", ""], "Name": ["x", "Vötsch", "Fluke"], "New": ["", "", ""]})

    assert differing(SHEET, SHEET.rows(), read) == []
    assert differing(SHEET, SHEET.rows()[:1], (["a"], {"Name": ["Vötsch"]})) == []


def test_another_text_a_new_one_one_that_is_gone_and_a_record_that_is_gone_are_told() -> None:
    assert differing(SHEET, SHEET.rows(), (["a", "b"], {"Name": ["Votsch", "Fluke"]})) == ["a", "c"]
    assert differing(SHEET, SHEET.rows(), (["a", "b", "c"], {"Name": ["Vötsch", "Fluke", "x"]})) == ["c"]
    assert differing(SHEET, SHEET.rows()[:1], (["a"], {"Name": ["Vötsch"], "Room": ["2"]})) == ["a"]


def test_a_row_that_would_be_found_by_another_text_is_told() -> None:
    base = Segment(SHEET.base.keys, SHEET.base.all.take([1, 1, 2]), {
        name: Column(SHEET.base.column(name).words, SHEET.base.column(name).codes) for name in ("Name", "Room")})

    assert differing(Sheet(base), SHEET.rows(), (["a", "b", "c"], {
        "Name": ["Vötsch", "Fluke", "x"], "Room": ["", "", "1"]})) == ["a"]
