"""What a record is to people: values shown as text, and text read back without changing what was not touched."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

Record = Mapping[str, Any]

ID, SERIAL, UUID = "ID", "Serial", "uuid"
LAST_CALIBRATION, NEXT_CALIBRATION = "Last Cal Date", "Next Cal Date"
USUAL_COLUMNS = (ID, "Category", "Vendor", "Model", SERIAL, "Description", "Modules", "ETAG", LAST_CALIBRATION,
                 NEXT_CALIBRATION, "IP Address", "Purchase Value", "Year of Purchase", "check", "Location", "Comments",
                 UUID)
"""The columns of such a list in their order; others follow in order of first appearance."""

MISSING: Any = object()
"""Stands for a field a record does not have."""


def text(value: Any) -> str:
    """Show one stored value as people read it; a missing field, null and NaN are empty."""
    show = _shows.get(type(value))
    if show is None:
        show = _shows[type(value)] = next((known for kind, known in _SHOW_KINDS if isinstance(value, kind)), str)
    return show(value)


def is_plain(value: Any) -> bool:
    """Whether the value can be edited as text: structures and binary data cannot."""
    return not isinstance(value, (Mapping, list, tuple, bytes))


def read(typed: str, now: Any) -> Any:
    """Give the value to store for ``typed`` where the field holds ``now`` (or ``MISSING``).

    Text stays as typed. A number, a date, a yes/no stays what it was if the new text still is one; otherwise it
    becomes text. Emptied fields become empty text, or null where something other than text was.
    """
    if typed == text(now):
        return now
    if now is MISSING or now is None or isinstance(now, str):
        return typed
    if typed == "":
        return None
    try:
        return _like(typed, now)
    except (ValueError, ArithmeticError):
        return typed


def _like(typed: str, now: Any) -> Any:
    if isinstance(now, bool):
        return {"yes": True, "no": False, "true": True, "false": False}.get(typed.strip().lower(), typed)
    if isinstance(now, float) and math.isnan(now):
        return typed
    if isinstance(now, datetime):
        moment = datetime.fromisoformat(typed.strip())
        return moment if moment.tzinfo == now.tzinfo else typed
    value: Any = type(now)(typed)
    # BSON has no whole numbers beyond int64: such a one stays text.
    if text(value) != typed or (isinstance(value, int) and not -(2**63) <= value < 2**63):
        return typed
    return value


def _moment(value: datetime) -> str:
    if value.hour == value.minute == value.second == value.microsecond == 0:
        return value.date().isoformat()
    return value.isoformat(sep=" ", timespec="seconds" if value.microsecond == 0 else "milliseconds")


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if math.isnan(value) else repr(value)


as_json = json.JSONEncoder(ensure_ascii=False, default=str).encode
"""Shows a structure."""

SHOW: Mapping[type, Callable[[Any], str]] = {
    str: str, int: str, bool: lambda value: "yes" if value else "no", float: _number, datetime: _moment, dict: as_json,
    list: as_json, type(None): lambda value: "", type(MISSING): lambda value: "",
}
"""How values of exactly these types are shown."""
_SHOW_KINDS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (float, _number), (datetime, _moment), ((Mapping, list, tuple), as_json),
)
"""The same for their relatives, such as raw documents."""
_shows = dict(SHOW)
"""What was found for each type: asking ``isinstance`` for every value doubles the time."""


def arrange(names: Iterable[str]) -> list[str]:
    """Put column names in the usual order; unknown ones follow as they come."""
    given = list(dict.fromkeys(names))
    known = [name for name in USUAL_COLUMNS if name in given]
    return known + [name for name in given if name not in USUAL_COLUMNS]


def name_of(record: Record) -> str:
    """Name a record for people: its ID, and what it is."""
    what = " ".join(part for name in ("Vendor", "Model") if (part := text(record.get(name)).strip()))
    number = text(record.get(ID))
    parts = (number and f"ID {number}", what or text(record.get("Description")))
    return " · ".join(part for part in parts if part) or "record without ID"


def same(old: Any, new: Any) -> bool:
    """Whether two stored values are the same in type and content (NaN equals NaN, 5 is not 5.0)."""
    if type(old) is not type(new):
        return False
    if isinstance(old, float):
        return repr(old) == repr(new)  # unlike ==, it tells -0.0 from 0.0
    if isinstance(old, Mapping):
        # Lists, not sets: the order of fields is part of the stored bytes.
        return list(old) == list(new) and all(same(old[name], new[name]) for name in old)
    if isinstance(old, (list, tuple)):
        return len(old) == len(new) and all(map(same, old, new))
    return bool(old == new)
