"""The cells of a backup's rows in somebody's words: ``~""`` is how a file keeps a value, not how a person reads it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any

from backup_engine.csv_format.cells import PARSERS, parse_typed
from backup_engine.csv_format.decoder import FAULTS
from backup_engine.csv_format.extended import loads
from backup_engine.errors import VerificationFailed
from backup_engine.model import Layout
from backup_engine.records.raw import elements, name_text, value_of

__all__ = ["Cells", "Words", "worded"]

Words = Callable[[Any], str]
"""How a value is written."""
Cells = Callable[[list[str]], list[str]]

MARK = "~"


def worded(layout: Layout, words: Words) -> Cells:
    """Give what writes the cells of a row in those words.

    The last cell then holds ``name: value`` of the fields that have no column. What cannot be read stays as it is.
    """
    names = [column.name for column in layout.columns]
    parsers = [PARSERS[column.type] for column in layout.columns]

    def word(cell: str, parse: Callable[[str], Any] | None) -> str:
        try:
            return words(parse_typed(cell) if cell[0] == MARK else parse(cell) if parse is not None else cell)
        except FAULTS:
            return cell

    def write(cells: list[str]) -> list[str]:
        # Most cells are text and stay: of 100,000 records a search would else spend its time here.
        shown = [cell if not cell or (parse is None and cell[0] != MARK) else word(cell, parse)
                 for cell, parse in zip(cells, parsers, strict=False)]
        return [*shown, ""] if not cells[-1] else special(cells, shown)

    def special(cells: list[str], shown: list[str]) -> list[str]:
        try:
            whole, fields = _said(cells[-1])
            texts = {name: words(value) for name, value in fields.items()}
        except (*FAULTS, VerificationFailed):
            return [*shown, cells[-1]]
        if whole:
            shown = [texts.get(name, "") for name in names]
        return [*shown, ", ".join(f"{name}: {text}" for name, text in texts.items() if name not in names)]

    return write


def _said(cell: str) -> tuple[bool, dict[str, Any]]:
    """Give the fields that the last cell of a row holds, and whether they are all of the document."""
    said = loads(cell)
    if not isinstance(said, dict) or not isinstance(said.get("more", {}), dict):
        raise ValueError("the ~ cell is not one of ours")
    if "bson" not in said:
        return False, said.get("more", {})
    return True, {name_text(name): value_of(element) for name, element in elements(b64decode(said["bson"]))}
