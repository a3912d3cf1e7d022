"""Currencies and units beside a number, and letters that are neither."""

from __future__ import annotations

import pytest

from equipment.domain.values.fields import read_number
from equipment.domain.values.units import is_currency, is_unit


@pytest.mark.parametrize("text", ["€", "$", "£", "₹", "¥", "US$", "R$", "EUR", "chf", "DEM"])
def test_a_sign_or_a_code(text: str) -> None:
    assert is_currency(text)
    assert read_number(f"1 200.50 {text}") == read_number(f"{text} 1 200.50") == 1200.5


@pytest.mark.parametrize("text", ["CAL", "LAB", "", "x", "%", "§", "EU", "EURO", "ABC$", "-$"])
def test_anything_else_is_none(text: str) -> None:
    assert not is_currency(text)


@pytest.mark.parametrize("text", [
    "V", "kHz", "MHZ", "GS/s", "V/μs", "m²", "m2", "cm^3", "°C", "%", "inch", '"', "VDC", "V AC", "dBm", "Ω", "kΩ",
    "μF", "months", "Jahre", "Stück", "€/h", "EUR/Stk", "GiB", "kB/s"])
def test_units(text: str) -> None:
    assert is_unit(text)
    assert read_number(f"10 {text}") == read_number(f"10{text}") == 10


@pytest.mark.parametrize("text", ["", "M", "k", "apples", "/", "x 20", "x", "D", "V/V/V/V/V", "V " * 20, "(V)"])
def test_what_is_no_unit(text: str) -> None:
    assert not is_unit(text)


@pytest.mark.parametrize("text", ["CAL-10", "LAB 7", "10 x 20", "#5", "PSU-2", "3M", "V 10", "kHz 5", "2N2222", "2N22"])
def test_a_name_with_a_number_is_no_number(text: str) -> None:
    assert read_number(text) is None
