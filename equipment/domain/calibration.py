"""What is due for calibration, read from the dates as they were typed."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from equipment.domain.counting import due_in
from equipment.domain.record import ID, LAST_CALIBRATION, NEXT_CALIBRATION
from equipment.domain.search import Listed, Rows
from equipment.domain.values import dates
from equipment.domain.values.dates import Status
from equipment.domain.values.fields import Date, FieldType, dates_of

SOON_DAYS = 30
CERTIFICATE = "Cal Certificate"
"""Column of the certificate's number; it comes into being with the first one."""
MONTHS = 12
"""Interval where a record's own dates tell none."""
DAYS_OF_A_MONTH = 30.44
NAMING = ("Vendor", "Model", "Location")


@dataclass(frozen=True)
class Item:
    """One record as calibration sees it: the day it is due (of a month the last; None when its text says none) and its
    status."""

    key: str
    number: str
    name: str
    location: str
    last: str
    next: str
    day: date | None
    status: Status
    why: str = ""
    """Why the text cannot be read, where it cannot."""


def items(sheet: Listed, types: Mapping[str, FieldType], today: date, rows: Rows) -> list[Item]:
    """Read some records of the list; the types of its columns say how their dates are read."""
    names = (ID, *NAMING, LAST_CALIBRATION, NEXT_CALIBRATION)
    columns = [sheet.texts(name, rows) for name in names]
    keys = sheet.keys(rows)
    kinds = dates_of(types, LAST_CALIBRATION), dates_of(types, NEXT_CALIBRATION)
    return [_item(key, cells, kinds, today) for key, *cells in zip(keys, *columns, strict=True)]


def _item(key: str, cells: Sequence[str], kinds: tuple[Date, Date], today: date) -> Item:
    number, vendor, model, location, last, due = cells
    before, reading = kinds[0].read(last), kinds[1].read(due)
    return Item(
        key, number, f"{vendor} {model}".strip(), location, last, due, reading.last_day,
        dates.status(reading, before, today, SOON_DAYS), reading.why,
    )


def due_rows(sheet: Listed, types: Mapping[str, FieldType], first: date, last: date) -> Rows:
    """Give the rows due from one day to another, both included, in the list's order."""
    kind = dates_of(types, NEXT_CALIBRATION)
    days = ((text, kind.read(text).last_day) for text in sheet.values(NEXT_CALIBRATION))
    return sheet.rows_having(NEXT_CALIBRATION, [text for text, day in days if day and first <= day <= last])


def due_within(sheet: Listed, types: Mapping[str, FieldType], today: date, days: int) -> list[Item]:
    """Give what is overdue or falls due within so many days, the most urgent first."""
    last = today + timedelta(days=days)
    near = items(sheet, types, today, due_rows(sheet, types, date.min, last))
    return sorted(near, key=lambda item: item.day or last)


def unreadable(sheet: Listed, types: Mapping[str, FieldType], today: date) -> list[Item]:
    """Give the records whose next date cannot be read."""
    kind = dates_of(types, NEXT_CALIBRATION)
    texts = [text for text in sheet.values(NEXT_CALIBRATION) if kind.read(text).kind == "unreadable"]
    return items(sheet, types, today, sheet.rows_having(NEXT_CALIBRATION, texts))


def days_due(sheet: Listed, types: Mapping[str, FieldType]) -> dict[date, int]:
    """Count the records that are due on each day."""
    kind, counted = dates_of(types, NEXT_CALIBRATION), dict[date, int]()
    for text, count in sheet.values(NEXT_CALIBRATION).items():
        if (day := kind.read(text).last_day) is not None:
            counted[day] = counted.get(day, 0) + count
    return counted


def month(
    sheet: Listed, types: Mapping[str, FieldType], today: date, year: int, number: int
) -> list[list[tuple[date, list[Item]]]]:
    """Lay a month out in weeks from Monday to Sunday, each day with what is due on it."""
    weeks = calendar.Calendar().monthdatescalendar(year, number)
    due: dict[date, list[Item]] = {}
    for item in items(sheet, types, today, due_rows(sheet, types, weeks[0][0], weeks[-1][-1])):
        due.setdefault(item.day or today, []).append(item)
    return [[(day, due.get(day, [])) for day in week] for week in weeks]


def interval(last: str, due: str, kinds: tuple[Date, Date]) -> int | None:
    """Give the months between a record's last and next date; None where they say none. ``kinds`` read the two."""
    before, after = kinds[0].read(last).day, kinds[1].read(due).day
    if before is None or after is None or after <= before:
        return None
    return max(1, round((after - before).days / DAYS_OF_A_MONTH))


def after_months(day: date, months: int) -> date:
    """Give the same day so many months later, or the last one of a month that is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def due_in_words(day: date | None, today: date) -> str:
    """Say how long something is due or overdue: ``379 days overdue``, ``due today``, ``due in 1 day``."""
    return "" if day is None else due_in(day, today)
