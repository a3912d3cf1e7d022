"""Column types interpret text; they sort, filter and warn."""

from __future__ import annotations

import pytest

from equipment.domain.values.fields import TYPES, read_number


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
        ("(1,234.00)", -1234),
        ("$(5)", -5),
        ("(5.20 EUR)", -5.2),
        ("(-5)", -5),
        ("-$5", -5),
        ("$-5", -5),
        ("−5", -5),
        ("--5", None),
        ("5 (old)", None),
        ("(1) 234", None),
        ("((5))", None),
        ("()", None),
        ("1.23E+15", 1.23e15),
        ("1,234E-03", 0.001234),
        ("1e-07", 1e-7),
        ("1.5e6", 1.5e6),
        ("1.2E+3 V", 1200),
        ("1E+999", None),
        ("₹ 1,23,456.00", 123456),
        ("₹12,34,567", 1234567),
        ("1,2,3", None),
        ("1 000 000", 1000000),
        ("1\u202f234,56 €", 1234.56),
        ("１２，５", 12.5),
        ("٣", 3),
        ("10²", None),
        ("5 m²", 5),
        ("±5 V", 5),
        (">= 5 %", 5),
        ("50 \u2126", 50),
        ("5 \u00b5s", 5),
        ("25 ℃", 25),
        (".5", 0.5),
        ("1234.567", 1234.567),
        ("10 20", None),
        ("5' 3\"", None),
        ("2024-03-04", None),
        ("12:30", None),
        ("1 kHz", 1),
        ("20.–", 20),
        ("9" * 300, None),
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
