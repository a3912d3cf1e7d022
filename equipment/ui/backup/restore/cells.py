"""Records of a backup as tables: in the words and the order of the list, or as they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import pandas as pd
import streamlit as st
from pymongo.errors import PyMongoError

from backup_engine.api import BackupError, Comparison, Difference
from backup_engine.records import raw
from equipment.backups import LIST, Backups, Caller
from equipment.domain.record import arrange, name_of, text
from equipment.store.list import raw_texts, schema
from equipment.ui.backup.restore.picks import Part
from equipment.ui.records.table import shown

__all__ = ["arranged", "as_stored", "field_rows", "record_rows"]

IDENTITY = "_id"
NAMED = 3
"""Values that name a row of the select options, which has nothing else to tell it by."""


def as_stored() -> bool:
    """Draw the switch between the words of the list and what is stored; True for the latter."""
    return st.toggle("Show stored values", key="restore_stored",
                     help="Values as the database keeps them, and fields in their stored order")


def arranged(backups: Backups, caller: Caller, key: str, table: pd.DataFrame) -> pd.DataFrame:
    """Put the columns into the list's order, ``_id`` last, and cut what is longer than a grid can carry."""
    names = [name for name in table.columns if name != IDENTITY]
    last = [name for name in table.columns if name == IDENTITY]
    if key == LIST:
        names = _ordered(backups, caller, names)
    return table[[*names, *last]].map(shown)


def record_rows(rows: Iterable[Difference], *, stored: bool) -> pd.DataFrame:
    """Give one row of texts for each record that only one side has."""
    write = raw.element_text if stored else raw_texts.element_text
    texts = [{raw.name_text(name): write(element) for name, element in raw.elements(row.left or row.right or b"")}
             for row in rows]
    return pd.DataFrame(texts, dtype=str).fillna("")


def field_rows(
    comparison: Comparison, rows: Iterable[tuple[Difference, list[Part]]], *, stored: bool
) -> pd.DataFrame:
    """Give one row for each field in which records differ: the record, the field, and both values."""
    write = raw.element_text if stored else raw_texts.element_text
    lines: list[tuple[str, str | None, str, str, str]] = []
    for row, parts in rows:
        changes = {raw.name_text(change.name): change for change in comparison.fields(row)}
        document = row.left or b""
        name, identity = _name(comparison.key, document), write(raw.id_of(document))
        for _, field in parts:
            change = changes.get(field or "")
            before, after = ("", "") if change is None else _sides(change.before, change.after, stored=stored)
            lines.append((name, field, shown(before), shown(after), identity))
    return pd.DataFrame(lines, columns=["Record", "Field", comparison.left, comparison.right, IDENTITY], dtype=str)


def _sides(before: bytes | None, after: bytes | None, *, stored: bool) -> tuple[str, str]:
    """Show two values that differ so that one sees it: to the list 5 and 5.0 are the same, or nothing and null."""
    for write in (raw.element_text, _typed) if stored else (raw_texts.element_text, raw.element_text, _typed):
        sides = write(before), write(after)
        if sides[0] != sides[1]:
            break
    return sides


def _typed(element: bytes | None) -> str:
    return "(missing)" if element is None else \
        f"{raw.element_text(element)} ({type(raw.value_of(element)).__name__})"


def _ordered(backups: Backups, caller: Caller, names: list[str]) -> list[str]:
    try:
        return schema.ordered(backups.workspace(caller).connect(), names)
    except (BackupError, PyMongoError):  # what lies in a folder or a remote can be looked at with the database down
        return arrange(names)


def _name(key: str, document: bytes) -> str:
    record = raw_texts.record_of(document)
    if key == LIST:
        return name_of(record)
    texts = (text(value) for name, value in record.items() if name != IDENTITY)
    return " · ".join(islice(filter(None, texts), NAMED)) or "row without choices"
