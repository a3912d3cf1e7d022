"""Numbers as their format shows them, and never a digit less."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from equipment.exchange.reading.number_formats import parse


@pytest.mark.parametrize(("code", "number", "seen"), [
    ("00000", "42", "00042"), ("00000", "1234567", "1234567"), ("00000", "-42", "-00042"), ("000", "1.5", "1.5"),
    ("000-000", "42", "000-042"), ("(000) 000-0000", "5551234567", "(555) 123-4567"), ('"SN-"0000', "17", "SN-0017"),
    ("0%", "0.15", "15%"), ("0.00 %", "0.155", "15.5 %"), ('#,##0.00 "€"', "1234.5", "1234.5 €"),
    ("[$$-409]#,##0.00", "1234.567", "$1234.567"), ('0.0" V"', "12", "12 V"), ("0.0", "3.14159", "3.14159"),
    ("0.00E+00", "1.5E+15", "1500000000000000"), ("General", "12345678901234567", "12345678901234567"),
    ('[Red]0.0;[Blue]"minus "0.0', "2.5", "2.5"), ('0"x"0', "42", "4x2"), ("0%", "not a number", "not a number"),
])
def test_a_number_is_what_the_person_sees(code: str, number: str, seen: str) -> None:
    assert parse(code).text(number) == seen


@pytest.mark.parametrize("code", ["General", "0", "0.00", "#,##0", "@", "0.00E+00", "# ?/?", "[Red]0", "",
                                  "yyyy-mm-dd"])
def test_formats_that_say_no_more_than_the_number_are_plain(code: str) -> None:
    assert parse(code).plain


@pytest.mark.parametrize(("code", "parts"), [
    ("mmm yyyy", "my"), ("yyyy", "y"), ("h:mm", "h"), ("d.m.yyyy", "dmy"), ("[h]:mm:ss", "e"),
])
def test_the_parts_of_a_date_that_are_seen(code: str, parts: str) -> None:
    assert parse(code).parts == parts


@given(st.text('0#?.,%"\\[]_*;/Ee$-Vymdh ', max_size=40), st.integers(0, 10**12))
def test_no_format_loses_a_digit(code: str, number: int) -> None:
    format_ = parse(code)
    digits = "".join(filter(str.isdigit, format_.text(str(number))))
    text = f"{number * 100 if format_.percent else number}"

    assert text in digits
