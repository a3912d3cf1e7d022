"""Values as text, and back without changing what was not touched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.objectid import ObjectId
from hypothesis import given, strategies as st

from equipment.domain.record import MISSING, arrange, name_of, read, same, text

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("007", "007"),
        (None, ""),
        (MISSING, ""),
        (NAN, ""),
        (5, "5"),
        (5.0, "5"),
        (5.25, "5.25"),
        (True, "yes"),
        (datetime(2013, 8, 6), "2013-08-06"),
        (datetime(2013, 8, 6, 9, 30), "2013-08-06 09:30:00"),
        ([1, "a"], '[1, "a"]'),
        (Decimal128("1.50"), "1.50"),
        ("", ""),
        (" x ", " x "),
    ],
)
def test_text(value: Any, shown: str) -> None:
    assert text(value) == shown


@pytest.mark.parametrize(
    "value",
    [
        "007",
        None,
        NAN,
        5,
        Int64(5),
        5.0,
        -0.0,
        1e300,
        True,
        datetime(2013, 8, 6),
        datetime(2013, 8, 6, tzinfo=UTC),
        [1],
        {"a": 1},
        Decimal128("1.50"),
        ObjectId(),
        b"x",
        "",
        MISSING,
    ],
)
def test_what_is_not_touched_stays_the_very_same_value(value: Any) -> None:
    assert read(text(value), value) is value


@given(st.text(max_size=20), st.text(max_size=20) | st.none())
def test_text_is_stored_as_typed(typed: str, now: str | None) -> None:
    stored = read(typed, now)

    assert stored == typed or (now is None and typed == "" and stored is None)


@pytest.mark.parametrize(
    ("typed", "now", "stored"),
    [
        ("7", 5, 7),
        ("7", Int64(5), Int64(7)),
        ("7.5", 5, "7.5"),
        ("007", 5, "007"),
        ("abc", 5, "abc"),
        ("", 5, None),
        ("7.5", 5.0, 7.5),
        ("1e400", 5.0, "1e400"),
        ("no", True, False),
        ("maybe", True, "maybe"),
        ("1" * 30, 5, "1" * 30),
        ("2014-01-02", datetime(2013, 8, 6), datetime(2014, 1, 2)),
        ("6.8.2013", datetime(2013, 8, 6, 1), "6.8.2013"),
        ("2.50", Decimal128("1.50"), Decimal128("2.50")),
        ("", "x", ""),
        ("5", MISSING, "5"),
        ("5", None, "5"),
        ("5", NAN, "5"),
    ],
)
def test_a_new_text_keeps_the_type_where_it_can(typed: str, now: Any, stored: Any) -> None:
    assert same(read(typed, now), stored)


def test_names_and_order() -> None:
    assert name_of({"ID": 5, "Vendor": "Fluke", "Model": "87V"}) == "ID 5 · Fluke 87V"
    assert name_of({"Description": "a box"}) == "a box"
    assert name_of({}) == "record without ID"
    assert arrange(["zeta", "uuid", "ID", "alpha"]) == ["ID", "uuid", "zeta", "alpha"]


def test_the_same_value_of_another_type_is_not_the_same() -> None:
    assert same(NAN, NAN) and same([5, {"a": 1}], [5, {"a": 1}])
    assert not same(5, 5.0)
    assert not same({"a": 1, "b": 2}, {"b": 2, "a": 1})
