"""The digits of a Decimal128 and back, for the plain numbers people write.

``str(Decimal128)`` and ``Decimal128(str)`` go through the decimal module: 10 and 15 µs a value, more than all other
columns of a record together. What is below takes 1 µs; everything unusual is left to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import starmap
from struct import Struct
from typing import Any

from bson import Decimal128

__all__ = ["decimal_text", "decimal_texts", "parse_decimal"]

BIAS = 6176
SHAPES = {negative << 63 | (BIAS - places) << 49: ("-" * negative, places)
          for negative in (0, 1) for places in range(21)}
"""Sign and decimal places by the upper half of a value whose digits all lie in the lower one: below 1.8e19."""
_halves = Struct("<QQ")


def decimal_text(value: Decimal128) -> str | None:
    """The digits of a decimal; ``None`` for an encoding that its digits do not give back."""
    return _digits(*_halves.unpack(value.bid)) or _slow_text(value)


def decimal_texts(values: Sequence[Decimal128]) -> list[str] | None:
    """The digits of several decimals, or ``None`` when any of them is unusual."""
    texts = list(starmap(_digits, _halves.iter_unpack(b"".join([value.bid for value in values]))))
    return None if "" in texts else texts


def _digits(low: int, high: int) -> str:
    """The digits of a usual decimal, and nothing for others."""
    shape = SHAPES.get(high)
    if shape is None:
        return ""
    sign, places = shape
    digits = str(low)
    if not places:
        return sign + digits
    if len(digits) <= places:
        if len(digits) < places - 5:
            return ""  # below 0.000001 str() writes an exponent
        digits = digits.rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def _slow_text(value: Decimal128) -> str | None:
    text = str(value)
    return text if Decimal128(text).bid == value.bid else None


def parse_decimal(text: str) -> Decimal128:
    """The inverse of ``decimal_text``. Raises ``ValueError`` and ``decimal.DecimalException``."""
    whole, _, fraction = text.removeprefix("-").partition(".")
    digits = whole + fraction
    # isdecimal alone takes the digits of every script; 34 is what a Decimal128 holds.
    if not (whole and digits.isdecimal() and digits.isascii() and len(digits) <= 34) or text[-1] == ".":
        return Decimal128(text)
    coefficient = int(digits)
    sign = 1 << 63 if text[0] == "-" else 0
    halves: Any = (sign | (BIAS - len(fraction)) << 49 | coefficient >> 64, coefficient & 0xFFFFFFFFFFFFFFFF)
    return Decimal128(halves)
