"""Which columns the list has, and how they are to be understood.

The columns are what the records hold. ``equipment_columns`` only says how to show and read them, one document per
column: ``{_id: name, type?, position?, hidden?}``; a column nobody has configured needs no document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from equipment.domain.fields import TYPES, USUAL_TYPES, FieldType
from equipment.domain.record import USUAL_COLUMNS, arrange
from equipment.store.access import Db
from equipment.store.list import listing, options

COLUMNS: Final = "equipment_columns"


@dataclass(frozen=True)
class Column:
    """One column of the list."""

    name: str
    type: str = "text"
    hidden: bool = False

    @property
    def kind(self) -> FieldType:
        """The type's behaviour."""
        return TYPES.get(self.type, TYPES["text"])


def columns(db: Db, *, hidden: bool = False) -> list[Column]:
    """Give the columns in the order people see them; with ``hidden`` also those that are not shown."""
    configured = {row["_id"]: row for row in db[COLUMNS].find({"deleted": {"$exists": False}})}
    present = listing.sheet(db).columns
    names = arrange([*(present or USUAL_COLUMNS), *(name for name in configured if name not in present)])
    choices = set(options.choices(db))
    made = [
        Column(name, _type(name, configured.get(name, {}).get("type"), choices),
               bool(configured.get(name, {}).get("hidden")))
        for name in names
    ]
    place = {name: configured.get(name, {}).get("position", index) for index, name in enumerate(names)}
    return [column for column in sorted(made, key=lambda column: place[column.name]) if hidden or not column.hidden]


def types(db: Db) -> dict[str, FieldType]:
    """Give the type of every column by name."""
    return {column.name: column.kind for column in columns(db, hidden=True)}


def _type(name: str, configured: str | None, choices: set[str]) -> str:
    if configured in TYPES:
        return str(configured)
    usual = USUAL_TYPES.get(name, "text")
    return "choice" if name in choices and usual == "text" else usual
