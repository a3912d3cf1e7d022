"""Columns at once give the texts that value by value gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from bson.objectid import ObjectId
from hypothesis import given, strategies as st

from equipment.domain.record import text
from equipment.store.list import keys
from equipment.store.list.texts import BETWEEN, columns, texts

WORDS = st.text() | st.sampled_from(["007", BETWEEN, '", "', "\\"])
STRUCTURES = st.recursive(
    WORDS | st.integers() | st.booleans() | st.none() | st.builds(ObjectId),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(WORDS, inside, max_size=3), max_leaves=6,
)
DECIMALS = st.decimals(allow_nan=True, places=4).map(str) | st.sampled_from(["0E-10", "1E+3", "-0.00", "Infinity"])
COLUMNS: list[st.SearchStrategy[Any]] = [
    WORDS, st.integers(), st.floats(), st.datetimes(max_value=datetime(9999, 1, 1)), DECIMALS.map(Decimal128),
    st.lists(STRUCTURES, max_size=3), st.dictionaries(WORDS, STRUCTURES, max_size=3), st.builds(ObjectId),
]


@given(st.one_of(*(st.lists(column, min_size=1, max_size=5) for column in COLUMNS), st.lists(st.one_of(*COLUMNS))))
def test_a_column_at_once_is_value_by_value(values: list[Any]) -> None:
    assert texts(values) == [text(value) for value in values]


def test_a_structure_that_looks_like_the_mark_between_two() -> None:
    values = [[1, BETWEEN, 2], ["a"]]

    assert texts(values) == [text(value) for value in values]


@pytest.mark.parametrize("make", [lambda number: {}, lambda number: {f"Column {number % 2}": "x"}])
def test_documents_become_keys_and_columns(make: Callable[[int], dict[str, Any]]) -> None:
    documents = [{"_id": ObjectId(), "ID": number, **make(number)} for number in range(5)]

    record_keys, cells = columns(documents)

    assert record_keys == [keys.key_of_id(document["_id"]) for document in documents]
    assert set(cells) == {name for document in documents for name in document} - {"_id"}
    for name, column in cells.items():
        assert column == [text(document.get(name)) for document in documents]


def test_no_documents() -> None:
    assert columns([]) == ([], {})
