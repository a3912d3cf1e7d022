"""The weekly calibration mail: what is overdue or falls due, grouped by a column that an administrator chose. Pure.

Of a record it names the ID, the day and the group, because nobody could act without them, and nothing else. Other
planned work is only counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from urllib.parse import quote

from equipment.domain import calibration
from equipment.domain.calibration import Item
from equipment.domain.counting import number_of
from equipment.domain.life.due import Due
from equipment.domain.search import Listed
from equipment.domain.values.collation import in_order
from equipment.domain.values.fields import FieldType
from equipment.messages.wording import Message, Sender, in_one_line, letter

__all__ = ["MOST_RECORDS", "due_mail"]

MOST_RECORDS: Final = 500
"""That stand one by one; more are only counted."""


def due_mail(
    sheet: Listed, types: Mapping[str, FieldType], today: date, days: int, column: str, sender: Sender,
    planned: Sequence[Due] = (),
) -> Message:
    """Make the mail from the list as it is now, its dates read as the types of its columns say; ``planned`` is what
    plans and events ask for until then."""
    due = calibration.due_within(sheet, types, today, days)
    rows = sheet.rows_of([item.key for item in due])
    groups = dict(zip(sheet.keys(rows), sheet.texts(column, rows), strict=True))
    overdue = sum(_is_over(item, today) for item in due)
    if not due:
        nothing = f"No record is overdue or falls due within {days} days."
        return letter("Calibration: nothing falls due", [nothing, *_planned(planned, today, days)], sender)
    told = [f"{_records(len(due))} overdue or due within {days} days, {overdue:,} of them overdue. By "
            f"{in_one_line(column)}:"]
    by_group: dict[str, list[Item]] = {}
    for item in due:
        by_group.setdefault(in_one_line(groups[item.key]), []).append(item)
    left = MOST_RECORDS
    for group in in_order(by_group):
        told += ["", *_group(group or f"Without {in_one_line(column)}", by_group[group], today, left, sender)]
        left = max(0, left - len(by_group[group]))
    told += _planned(planned, today, days)
    return letter(f"Calibration: {overdue:,} overdue, {len(due) - overdue:,} due within {days} days", told, sender)


def _planned(planned: Sequence[Due], today: date, days: int) -> list[str]:
    if not planned:
        return []
    overdue = sum(due.day < today for due in planned)
    return ["", f"Planned work: {number_of(len(planned), 'thing')} overdue or due within {days} days, {overdue:,} of "
            "them overdue. Calibration, Due work has the list."]


def _group(name: str, due: Sequence[Item], today: date, most: int, sender: Sender) -> list[str]:
    overdue = sum(_is_over(item, today) for item in due)
    lines = [f"{name}: {overdue:,} overdue, {len(due) - overdue:,} due"]
    for item in due[:most]:
        link = f"  {sender.public_url}/?id={quote(item.key, safe='')}" if sender.public_url else ""
        lines.append(f"  {item.day}  {'overdue' if _is_over(item, today) else 'due    '}  "
                     f"ID {in_one_line(item.number) or '(none)'}{link}")
    if len(due) > most:
        lines.append(f"  and {len(due) - most:,} more")
    return lines


def _is_over(item: Item, today: date) -> bool:
    return item.day is not None and item.day < today


def _records(count: int) -> str:
    return f"{count:,} record is" if count == 1 else f"{count:,} records are"
