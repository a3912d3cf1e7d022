"""The quick way to a decimal's digits says what the slow one says."""

from __future__ import annotations

from decimal import DecimalException
from struct import pack

import pytest
from bson import Decimal128
from hypothesis import given, settings, strategies as st

from backup_engine.records.decimals import decimal_text, parse_decimal


def finite(negative: bool, coefficient: int, exponent: int) -> Decimal128:
    high = negative << 63 | (exponent + 6176) << 49 | coefficient >> 64
    return Decimal128.from_bid(pack("<QQ", coefficient & (2**64 - 1), high))


ANY = st.binary(min_size=16, max_size=16).map(Decimal128.from_bid)
PLAIN = st.builds(finite, st.booleans(), st.integers(0, 2**113 - 1) | st.integers(0, 999), st.integers(-40, 10))


@settings(max_examples=500, deadline=None)
@given(ANY | PLAIN)
def test_the_text_is_that_of_the_library_or_there_is_none(value: Decimal128) -> None:
    text = decimal_text(value)

    assert text == (str(value) if Decimal128(str(value)).bid == value.bid else None)
    assert text is None or parse_decimal(text).bid == value.bid


@pytest.mark.parametrize("text", ["", "-", ".", "1.", "abc", "1.2.3", "--1", "1_0", "0x1", "-.5"])
def test_what_is_read_is_what_the_library_reads(text: str) -> None:
    try:
        expected = Decimal128(text)
    except (DecimalException, ValueError):
        with pytest.raises((DecimalException, ValueError)):
            parse_decimal(text)
    else:
        assert parse_decimal(text).bid == expected.bid
