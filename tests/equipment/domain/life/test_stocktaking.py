"""What a stocktaking finds, and what a scanner reads."""

from __future__ import annotations

import pytest

from equipment.domain.life.stocktaking import LONGEST_SCAN, Result, compared, scanned


def test_what_is_there_what_is_missing_and_what_belongs_elsewhere() -> None:
    found = compared("Lab 3", ["a", "b", "c"], ["b", "x", "gone", "y"], {"b": "Lab 3", "x": "Lab 1", "y": ""})

    assert found == Result(("b",), ("a", "c"), ("x", "y"))


def test_a_place_is_the_same_in_any_case() -> None:
    assert compared("lab 3", [], ["a"], {"a": " LAB 3 "}) == Result((), (), ())


@pytest.mark.parametrize(("code", "read"), [
    ("https://lab.example.org/eq/?id=abc", ("abc", "")), ("?id=abc&x=1", ("abc", "")), (" 12 ", ("", "12")),
    ("12A", ("", "12A")), ("", ("", "")), ("http://[", ("", "http://[")), ("?id=", ("", "?id=")),
    ("?id=" + "x" * 9_000, ("x" * (LONGEST_SCAN - 4), "")),
])
def test_a_code_is_an_address_or_an_id(code: str, read: tuple[str, str]) -> None:
    assert scanned(code) == read
