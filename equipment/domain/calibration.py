"""What is due for calibration, read from the dates as they were typed."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from equipment.domain.record import ID, LAST_CALIBRATION, NEXT_CALIBRATION
from equipment.domain.search import Sheet
from equipment.domain.values import dates
from equipment.domain.values.dates import Status
from equipment.domain.values.fields import Date, FieldType, dates_of

SOON_DAYS = 30
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


def items(sheet: Sheet, types: Mapping[str, FieldType], today: date) -> list[Item]:
    """Read every record of the list, in the list's order; the types of its columns say how their dates are read."""
    names = (ID, *NAMING, LAST_CALIBRATION, NEXT_CALIBRATION)
    columns = [sheet.texts(name).to_pylist() for name in names]
    keys = sheet.all_keys()
    kinds = dates_of(types, LAST_CALIBRATION), dates_of(types, NEXT_CALIBRATION)
    return [_item(key, cells, kinds, today) for key, *cells in zip(keys, *columns, strict=True)]


def _item(key: str, cells: Sequence[str], kinds: tuple[Date, Date], today: date) -> Item:
    number, vendor, model, location, last, due = cells
    before, reading = kinds[0].read(last), kinds[1].read(due)
    return Item(
        key, number, f"{vendor} {model}".strip(), location, last, due, reading.last_day,
        dates.status(reading, before, today, SOON_DAYS), reading.why,
    )


def by_status(listed: Iterable[Item]) -> dict[Status, list[Item]]:
    """Group by status; every status is there, in the order of ``dates.STATUSES``."""
    groups: dict[Status, list[Item]] = {status: [] for status in dates.STATUSES}
    for item in listed:
        groups[item.status].append(item)
    return groups


def due_within(listed: Iterable[Item], today: date, days: int) -> list[Item]:
    """Give what is overdue or falls due within so many days, the most urgent first."""
    last = today + timedelta(days=days)
    near = (item for item in listed if item.day is not None and item.day <= last)
    return sorted(near, key=lambda item: item.day or last)


def month(listed: Iterable[Item], year: int, number: int) -> list[list[tuple[date, list[Item]]]]:
    """Lay a month out in weeks from Monday to Sunday, each day with what is due on it."""
    due: dict[date, list[Item]] = {}
    for item in listed:
        if item.day is not None:
            due.setdefault(item.day, []).append(item)
    weeks = calendar.Calendar().monthdatescalendar(year, number)
    return [[(day, due.get(day, [])) for day in week] for week in weeks]
