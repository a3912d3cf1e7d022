"""What differs between two versions, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from equipment.domain.differences import differences


@pytest.mark.parametrize(("before", "after", "expected"), [
    ({"a": 1, "b": 2}, {"a": 1, "b": 3}, [("b", 2, 3)]),
    ({"a": 1}, {}, [("a", 1, None)]),
    ({}, {"a": 1}, [("a", None, 1)]),
    (None, {"a": 1}, [("a", None, 1)]),
    ({"a": None}, {}, [("a", None, None)]),
    ({"a": 1}, {"a": 1.0}, [("a", 1, 1.0)]),
    ({"a": True}, {"a": 1}, [("a", True, 1)]),
    (None, None, []),
    ("x", "y", [("", "x", "y")]),
    (None, "y", [("", None, "y")]),
    ("x", "x", []),
])
def test_cases(before: Any, after: Any, expected: list[Any]) -> None:
    assert differences(before, after) == expected


def test_the_order_is_that_of_the_record() -> None:
    changes = differences({"z": 1, "a": 1}, {"a": 2, "z": 2, "m": 2})

    assert [field for field, _, _ in changes] == ["z", "a", "m"]
