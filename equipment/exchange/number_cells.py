"""Numbers and dates of an XLSX export: real ones, so that a spreadsheet reckons with them, where nothing is lost so.

A spreadsheet keeps 15 digits of a number and no zeros around it, and a date without knowing how it was written. So
only what reads back as the same text is one: ``12.5`` and ``2026-01-31``, and neither ``007`` nor ``31.1.2026``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from bson.decimal128 import Decimal128

__all__ = ["Formats", "write_as_seen"]

DIGITS = 15
"""Digits that a number of a spreadsheet keeps."""
EARLIEST = date(1900, 3, 1)
"""Before it a spreadsheet counts a day that there was not, 29 February 1900."""
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?", re.ASCII)


@dataclass(frozen=True)
class Formats:
    """The formats of a workbook for days and for moments."""

    day: Any
    moment: Any

    @classmethod
    def of(cls, book: Any) -> Formats:
        """Add them to a workbook."""
        return cls(*(book.add_format({"num_format": code}) for code in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss")))


def write_as_seen(
    sheet: Any, place: tuple[int, int], value: Any, shown: str, kind: str, formats: Formats
) -> bool:
    """Write ``value``, which is ``shown`` so, as a number or a date; says whether it is one.

    A text is one only in a column of that ``kind`` (``number``, ``date``).
    """
    is_text = isinstance(value, str)
    if (kind == "number" if is_text else isinstance(value, int | float | Decimal128)) and _is_number(shown):
        sheet.write_number(*place, float(shown))
        return True
    if (kind == "date" if is_text else isinstance(value, datetime)) and (moment := _moment(shown)) is not None:
        sheet.write_datetime(*place, moment, formats.day if len(shown) == len("2026-01-31") else formats.moment)
        return True
    return False


def _is_number(shown: str) -> bool:
    if not _NUMBER.fullmatch(shown) or sum(map(str.isdigit, shown)) > DIGITS:
        return False
    number = float(shown)
    return (str(int(number)) if number.is_integer() else str(number)) == shown


def _moment(shown: str) -> datetime | None:
    if not _MOMENT.fullmatch(shown):
        return None
    try:
        moment = datetime.fromisoformat(shown)
    except ValueError:
        return None
    is_day = len(shown) == len("2026-01-31")
    # a moment at midnight is read back as the day alone
    return moment if moment.date() >= EARLIEST and is_day == (moment.time() == time()) else None
