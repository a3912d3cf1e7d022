"""Edits on their way to the database: what someone typed, against what the record held then and holds now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from equipment.domain.record import MISSING, Record, is_plain, read, same, text

Choice = Literal["mine", "theirs"]


@dataclass(frozen=True)
class FieldEdit:
    """One cell: ``seen`` when editing began, ``now`` stored, ``mine`` to be stored (``MISSING`` = no such field)."""

    name: str
    seen: Any
    now: Any
    mine: Any
    problem: str = ""

    @property
    def in_conflict(self) -> bool:
        """Whether someone else has changed the same cell to something else meanwhile."""
        return not same(self.seen, self.now) and not same(self.now, self.mine)

    @property
    def is_change(self) -> bool:
        """Whether saving it would change anything."""
        return not self.problem and not same(self.now, self.mine)


def field_edits(seen: Record, now: Record, typed: Mapping[str, str]) -> list[FieldEdit]:
    """Compare what was typed with what was seen and what is stored now, cell by cell."""
    return [_field_edit(name, seen.get(name, MISSING), now.get(name, MISSING), words) for name, words in typed.items()]


def chosen(edits: list[FieldEdit], choices: Mapping[str, Choice]) -> dict[str, Any]:
    """Give the values to write: every change, and of those in conflict the ones decided for ``mine``."""
    return {
        edit.name: edit.mine
        for edit in edits
        if edit.is_change and not (edit.in_conflict and choices.get(edit.name) != "mine")
    }


def undecided(edits: list[FieldEdit], choices: Mapping[str, Choice]) -> list[str]:
    """Name the fields in conflict that nobody has decided yet."""
    return [edit.name for edit in edits if edit.in_conflict and edit.name not in choices]


def _field_edit(name: str, seen: Any, now: Any, words: str) -> FieldEdit:
    if not is_plain(seen) and words != text(seen):
        return FieldEdit(name, seen, now, now, "holds a structure that cannot be edited as text")
    if seen is MISSING and words == "":
        return FieldEdit(name, seen, now, now)
    return FieldEdit(name, seen, now, read(words, seen))
