"""Things worth a second look before a record is stored. They warn; they never refuse."""

from __future__ import annotations

from collections.abc import Mapping

from equipment.domain.record import ID, SERIAL, name_of
from equipment.domain.search import Listed
from equipment.domain.values.fields import FieldType

MOST_NAMED = 3
MOST_QUOTED = 200
"""Characters of a text that a warning repeats."""


def of_edits(sheet: Listed, types: Mapping[str, FieldType], key: str, texts: Mapping[str, str]) -> list[str]:
    """Warn about a serial or an ID that another record has, and about dates that cannot be read; ``key`` is the record
    itself, '' for a new one."""
    warnings = []
    for column in (SERIAL, ID):
        value = texts.get(column, "").strip()
        if value and (others := _others(sheet, column, value, key)):
            more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
            names = ", ".join(others[:MOST_NAMED]) + more
            warnings.append(f"{column} {value} is also in {names}.")
    for column, value in texts.items():
        if column in types and (why := types[column].why(value)):
            warnings.append(f"{column}: {value[:MOST_QUOTED]} cannot be read so: {why}.")
    return warnings


def _others(sheet: Listed, column: str, value: str, key: str) -> list[str]:
    rows = sheet.rows_alike(column, value)
    known = ("ID", "Vendor", "Model", "Description")
    texts = {name: sheet.texts(name, rows) for name in known}
    keys = sheet.keys(rows)
    return [name_of({name: texts[name][place] for name in known}) for place, holder in enumerate(keys) if holder != key]
