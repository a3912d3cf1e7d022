"""Currencies beside a number, and letters that are none."""

from __future__ import annotations

import pytest

from equipment.domain.currencies import is_currency
from equipment.domain.fields import read_number


@pytest.mark.parametrize("text", ["€", "$", "£", "₹", "¥", "EUR", "chf", "DEM"])
def test_a_sign_or_a_code(text: str) -> None:
    assert is_currency(text)
    assert read_number(f"1 200.50 {text}") == read_number(f"{text} 1 200.50") == 1200.5


@pytest.mark.parametrize("text", ["CAL", "LAB", "", "x", "%", "§", "EU", "EURO"])
def test_anything_else_is_none(text: str) -> None:
    assert not is_currency(text)


@pytest.mark.parametrize("text", ["CAL-10", "LAB 7", "10 VDC", "#5", "5 %", "PSU-2"])
def test_a_name_with_a_number_is_no_number(text: str) -> None:
    assert read_number(text) is None
