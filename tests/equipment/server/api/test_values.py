"""Values go out and come back as they are in the database, and text is taken as the form takes it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import bson
import pytest
from bson import Decimal128, Int64, ObjectId
from hypothesis import given, strategies as st

from backup_engine.errors import BadInput
from equipment.domain.record import MISSING
from equipment.server.api import values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2**63, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcü. ", min_size=1), inner, max_size=4),
    max_leaves=20)


@given(JSON)
def test_what_json_has_is_stored_as_it_is_and_comes_back(value: Any) -> None:
    stored = bson.decode(bson.encode(values.new({"a": value})))

    assert json.loads(values.as_json(stored)) == {"a": value}


@pytest.mark.parametrize("value", [
    datetime(2026, 1, 31, 12), ObjectId(), Decimal128("1.50"), b"\x00\xff",
])
def test_other_types_come_back_as_extended_json(value: Any) -> None:
    said = json.loads(values.as_json({"a": value}))["a"]

    assert values.new({"a": said})["a"] == value


def test_text_over_a_number_is_taken_as_the_form_takes_it() -> None:
    now = {"n": Int64(5), "x": 1.5, "t": "a", "flag": True, "in": {"a": 1}, "a.b": 1}

    changed = values.changed({"n": "6", "x": "2.5", "t": "7", "flag": "no", "in": "text", "a.b": 2, "new": "8"},
                             [], now)

    assert changed == {"n": 6, "x": 2.5, "t": "7", "flag": False, "in": "text", "a.b": 2, "new": "8"}
    assert type(changed["n"]) is Int64
    assert values.changed({"n": "six"}, ["t"], now) == {"n": "six", "t": MISSING}


def test_a_field_cannot_be_written_and_go() -> None:
    with pytest.raises(BadInput, match="changed and removed"):
        values.changed({"a": 1}, ["a"], {})


def test_broken_text_in_the_database_can_be_answered() -> None:
    assert json.loads(values.as_json({"a": "\ud800"})) == {"a": "?"}
