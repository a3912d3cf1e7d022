"""A cell of an exported workbook is a number or a date exactly where it reads back the same."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pytest
from bson import Decimal128, Int64
from python_calamine import CalamineWorkbook

from equipment.domain.values.fields import TYPES
from equipment.exchange import cell_values, export


def cell(value: Any, kind: str = "text") -> Any:
    data = b"".join(export.to_xlsx([{"v": value}], ["v"], cell_values.shown, types={"v": TYPES[kind]}))
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()[1][0]


@pytest.mark.parametrize(("value", "kind", "there"), [
    (5, "text", 5.0), (Int64(-7), "text", -7.0), (12.5, "text", 12.5), (Decimal128("12.5"), "text", 12.5),
    ("12.5", "number", 12.5), (10**15 - 1, "text", 1e15 - 1),
    (datetime(2026, 1, 31), "text", date(2026, 1, 31)), ("2026-01-31", "date", date(2026, 1, 31)),
    (datetime(2026, 1, 31, 7, 8, 9), "text", datetime(2026, 1, 31, 7, 8, 9)),
    ("2026-01-31 07:08:09", "date", datetime(2026, 1, 31, 7, 8, 9)),
])
def test_what_surely_is_one_is_one(value: Any, kind: str, there: Any) -> None:
    assert cell(value, kind) == there and not isinstance(cell(value, kind), str)


@pytest.mark.parametrize(("value", "kind", "there"), [
    ("5", "text", "5"), ("007", "number", "007"), ("3,000", "number", "3,000"), ("1.50", "number", "1.50"),
    ("²", "number", "²"), (10**15, "text", "1000000000000000"), (Decimal128("1.50"), "text", "1.50"),
    (0.1 + 0.2, "text", "0.30000000000000004"), ("1234567890.123456", "number", "1234567890.123456"),
    (True, "number", "yes"), (1e-7, "text", "1e-07"), ("31.1.2026", "date", "31.1.2026"),
    ("2026-02-31", "date", "2026-02-31"), ("2026-01-31", "text", "2026-01-31"), ("2026-01-31 00:00:00", "date",
                                                                                "2026-01-31 00:00:00"),
    (datetime(1900, 2, 28), "text", "1900-02-28"), (datetime(2026, 1, 31, 7, 8, 9, 5000), "text",
                                                    "2026-01-31 07:08:09.005"),
])
def test_what_would_not_come_back_the_same_is_text(value: Any, kind: str, there: str) -> None:
    assert cell(value, kind) == there
