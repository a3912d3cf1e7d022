"""Column types interpret text; they sort, filter and warn."""

from __future__ import annotations

import pytest

from equipment.domain.fields import TYPES, read_number


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("3,000", 3000),
        ("3.000", 3000),
        ("3,5", 3.5),
        ("3.5", 3.5),
        ("1,234.50", 1234.5),
        ("1.234,50", 1234.5),
        ("1'234'567", 1234567),
        ("1 200", 1200),
        ("~500", 500),
        ("<2015", 2015),
        ("ca. 2009", 2009),
        ("1,200.00 EUR", 1200),
        ("€ 99", 99),
        ("-5", -5),
        ("0.500", 0.5),
        ("2,500,000", 2500000),
        ("1e5", None),
        ("leased", None),
        ("", None),
        ("192.168.1.2", None),
        ("5 apples", None),
        ("3000,-", 3000),
        ("007", 7),
    ],
)
def test_the_number_a_text_states(typed: str, number: float | None) -> None:
    assert read_number(typed) == number


@pytest.mark.parametrize(
    ("kind", "fits", "does_not"),
    [
        ("number", "3,000", "leased"),
        ("date", "6.8.2013", "31.2.2021"),
        ("yes/no", "ok", "?"),
        ("link", "https://example.org/x", "example"),
        ("text", "anything", None),
        ("choice", "anything", None),
    ],
)
def test_what_fits_a_type(kind: str, fits: str, does_not: str | None) -> None:
    assert TYPES[kind].fits(fits)
    assert TYPES[kind].fits("")
    assert does_not is None or not TYPES[kind].fits(does_not)
