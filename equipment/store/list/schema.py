"""Which columns the list has, and how they are to be understood.

The columns are what the records hold. ``equipment_columns`` only says how to show and read them, one document per
column: ``{_id: name, type?, position?, hidden?, date_order?}``; a column nobody has configured needs no document.
``date_order`` is ``day/month`` or ``month/day``; where it is not, nobody has decided it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from equipment.domain.record import USUAL_COLUMNS, arrange
from equipment.domain.values.dates import ORDERS, Order
from equipment.domain.values.fields import DATES, TYPES, USUAL_TYPES, FieldType
from equipment.index.sheet import Sheet
from equipment.store.access import Db
from equipment.store.list import listing, options

COLUMNS: Final = "equipment_columns"


@dataclass(frozen=True)
class Column:
    """One column of the list."""

    name: str
    type: str = "text"
    hidden: bool = False
    date_order: Order = ""
    """Which comes first in its dates, as somebody decided it; empty while nobody has."""

    @property
    def kind(self) -> FieldType:
        """The type's behaviour."""
        return DATES[self.date_order] if self.type == "date" else TYPES.get(self.type, TYPES["text"])


def columns(db: Db, *, hidden: bool = False, sheet: Sheet | None = None) -> list[Column]:
    """Give the columns in the order people see them; with ``hidden`` also those that are not shown.

    ``sheet`` is the list as the caller has just looked at it, if it has.
    """
    configured = {row["_id"]: row for row in db[COLUMNS].find({"deleted": {"$exists": False}})}
    present = (listing.shown(db) if sheet is None else sheet).columns
    names = arrange([*(present or USUAL_COLUMNS), *(name for name in configured if name not in present)])
    choices = set(options.choices(db))
    made = [_column(name, configured.get(name, {}), choices) for name in names]
    place = _places(names, configured)
    return [column for column in sorted(made, key=lambda column: place[column.name]) if hidden or not column.hidden]


def ordered(db: Db, names: Iterable[str]) -> list[str]:
    """Put column names, as of a backup, in the order in which people see those of the list."""
    usual = arrange(names)
    place = _places(usual, {row["_id"]: row for row in db[COLUMNS].find({"position": {"$exists": True}})})
    return sorted(usual, key=place.__getitem__)


def types(db: Db) -> dict[str, FieldType]:
    """Give the type of every column by name."""
    return types_of(columns(db, hidden=True))


def types_of(known: Iterable[Column]) -> dict[str, FieldType]:
    """Give the type of each of these columns by name."""
    return {column.name: column.kind for column in known}


def _places(names: Sequence[str], configured: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    return {name: configured.get(name, {}).get("position", index) for index, name in enumerate(names)}


def _column(name: str, noted: Mapping[str, Any], choices: set[str]) -> Column:
    order: Order = noted["date_order"] if noted.get("date_order") in ORDERS else ""
    return Column(name, _type(name, noted.get("type"), choices), bool(noted.get("hidden")), order)


def _type(name: str, configured: str | None, choices: set[str]) -> str:
    if configured in TYPES:
        return str(configured)
    usual = USUAL_TYPES.get(name, "text")
    return "choice" if name in choices and usual == "text" else usual
