"""One change to many records: set a column, clear it, replace text in it, or write its dates year-month-day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from equipment.domain.values.dates import Order, rewritten

Operation = Literal["set", "clear", "replace", "dates"]


@dataclass(frozen=True)
class BulkEdit:
    """What to do to one column. ``find`` is literal text and only used by ``replace``, ``order`` by ``dates``."""

    operation: Operation
    column: str
    value: str = ""
    find: str = ""
    order: Order = ""

    @property
    def is_complete(self) -> bool:
        """Whether there is enough to go by."""
        needed = {"set": self.value, "replace": self.find}
        return bool(self.column and needed.get(self.operation, self.column))

    def apply(self, text: str) -> str:
        """Give the new text of a cell."""
        if self.operation == "replace":
            return text.replace(self.find, self.value)
        if self.operation == "dates":
            return rewritten(text, self.order)
        return self.value if self.operation == "set" else ""

    def words(self) -> str:
        """Say it in words, for the activity log."""
        if self.operation == "replace":
            return f"{self.column}: “{self.find}” replaced by “{self.value}”"
        if self.operation == "dates":
            return f"{self.column} rewritten as dates" + (f", read as {self.order}" if self.order else "")
        return f"{self.column} set to “{self.value}”" if self.operation == "set" else f"{self.column} cleared"


def preview(edit: BulkEdit, texts: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Give ``(key, now, new)`` for every cell that would change."""
    if not edit.is_complete:
        return []
    return [(key, now, new) for key, now in texts if (new := edit.apply(now)) != now]
