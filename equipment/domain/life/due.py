"""Due work: what the dates of the records, the plans and the events ask for, each with the day it is due. Pure.

Of a record's calibration its own date speaks. A plan for calibrations speaks where that date says nothing, so that
nothing is asked for twice; a day that an event names, where no plan of its kind is there for the thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from equipment.domain import calibration
from equipment.domain.life import plan as plans_of
from equipment.domain.life.event import Kind
from equipment.domain.life.plan import Last, Plan
from equipment.domain.record import ID, LAST_CALIBRATION, NEXT_CALIBRATION
from equipment.domain.search import Listed, Rows
from equipment.domain.values.fields import FieldType, dates_of

__all__ = ["CATEGORY", "Due", "due_work", "of_plans", "rows_of"]

CATEGORY = "Category"
"""The column whose texts plans name."""


@dataclass(frozen=True)
class Due:
    """One thing to be done; ``thing`` is the record's key, ``title`` says what."""

    thing: str
    number: str
    """Its ID, as the list shows it."""
    name: str
    location: str
    kind: Kind
    title: str
    day: date
    last: date | None = None
    plan: str = ""

    @property
    def called(self) -> str:
        """The thing, for people."""
        return " · ".join(part for part in (self.number and f"ID {self.number}", self.name) if part) or "record"


@dataclass(frozen=True)
class _Open:
    """What is due, before anybody has looked up what the thing is called."""

    thing: str
    kind: Kind
    title: str
    day: date
    last: date | None
    plan: str = ""


def due_work(
    sheet: Listed, types: Mapping[str, FieldType], plans: Sequence[Plan], lasts: Iterable[Last], today: date,
    days: int,
) -> list[Due]:
    """Give what is overdue or falls due within so many days, the most urgent first. Ended plans ask for nothing."""
    until = today + timedelta(days=days)
    last_read = dates_of(types, LAST_CALIBRATION)
    own = [Due(item.key, item.number, item.name, item.location, "calibration", "Calibration", item.day,
               last_read.read(item.last).last_day)
           for item in calibration.due_within(sheet, types, today, days) if item.day is not None]
    return _in_order([*own, *of_plans(sheet, types, plans, lasts, date.min, until)])


def of_plans(
    sheet: Listed, types: Mapping[str, FieldType], plans: Sequence[Plan], lasts: Iterable[Last], first: date,
    until: date,
) -> list[Due]:
    """Give what plans and events ask for from one day to another, both included, without the records' own dates."""
    by_thing: dict[str, list[Last]] = {}
    for last in lasts:
        by_thing.setdefault(last.thing, []).append(last)
    found = list[_Open]()
    planned = set[tuple[str, Kind]]()
    for plan in plans:
        if plan.ended is None:
            for thing in sheet.keys(_asked(sheet, types, plan)):
                planned.add((thing, plan.rhythm.kind))
                day, done = plans_of.due(plan, by_thing.get(thing, ()))
                found.append(_Open(thing, plan.rhythm.kind, plan.title, day, done, plan.number))
    found += _of_events(by_thing, planned)
    return _in_order(_named(sheet, [each for each in found if first <= each.day <= until]))


def rows_of(sheet: Listed, plan: Plan) -> Rows:
    """Give the rows of the list that a plan is for: its one thing, or whatever has its category, however spelt."""
    if plan.rhythm.thing:
        return sheet.rows_of([plan.rhythm.thing])
    return sheet.rows_alike(CATEGORY, plan.rhythm.category)


def _asked(sheet: Listed, types: Mapping[str, FieldType], plan: Plan) -> Rows:
    rows = rows_of(sheet, plan)
    if plan.rhythm.kind != "calibration" or not len(rows):
        return rows
    before, after = dates_of(types, LAST_CALIBRATION), dates_of(types, NEXT_CALIBRATION)
    silent = [after.read(due).kind in ("empty", "unreadable") and before.read(last).kind != "not needed"
              for last, due in zip(sheet.texts(LAST_CALIBRATION, rows), sheet.texts(NEXT_CALIBRATION, rows),
                                   strict=True)]
    return rows[np.array(silent, dtype=bool)]


def _of_events(by_thing: Mapping[str, Sequence[Last]], planned: set[tuple[str, Kind]]) -> list[_Open]:
    """Give the days that the last events name, of what no plan looks after. A calibration's is the record's own."""
    found = []
    for thing, lasts in by_thing.items():
        newest: dict[Kind, Last] = {}
        for last in sorted(lasts, key=lambda each: each.day):
            newest[last.kind] = last
        found += [_Open(thing, kind, kind.capitalize(), last.next_due, last.day) for kind, last in newest.items()
                  if last.next_due and not last.plan and kind != "calibration" and (thing, kind) not in planned]
    return found


def _named(sheet: Listed, found: Sequence[_Open]) -> list[Due]:
    rows = sheet.rows_of(list({each.thing for each in found}))
    columns = [sheet.texts(name, rows) for name in (ID, "Vendor", "Model", "Location")]
    called = dict(zip(sheet.keys(rows), zip(*columns, strict=True), strict=True))
    return [Due(each.thing, number, f"{vendor} {model}".strip(), location, each.kind, each.title, each.day, each.last,
                each.plan)
            for each in found if each.thing in called
            for number, vendor, model, location in [called[each.thing]]]


def _in_order(found: Iterable[Due]) -> list[Due]:
    return sorted(found, key=lambda due: (due.day, due.number, due.kind, due.plan))
