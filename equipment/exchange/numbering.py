"""IDs stay unique: what an import adds never gets one that another record has, and never changes one that is there.

Labels on the equipment bear the ID, and so do references in other lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from backup_engine.records import raw
from backup_engine.records.changes import Change
from backup_engine.records.live_profile import key_text
from backup_engine.records.planner import Planned
from equipment.domain.record import ID

__all__ = ["brings", "id_of", "keep_ids", "needs_id", "without_id"]

_NAME = ID.encode()


def keep_ids(planned: Iterable[Planned]) -> Iterator[Planned]:
    """Take the ID out of what would change it: a record that was recognised by something else keeps its own."""
    return (_with_its_id(entry) if entry.action == "update" else entry for entry in planned)


def brings(planned: Planned) -> str:
    """Give the ID that comes into the list with the row, for a new record or for one that has none; empty for none."""
    brought = planned.action == "insert" or any(
        field.name == _NAME and field.before is None for field in planned.fields)
    return id_of(planned) if brought else ""


def needs_id(planned: Planned) -> bool:
    """Whether a record is added that brings no ID."""
    return planned.action == "insert" and not id_of(planned)


def id_of(planned: Planned) -> str:
    """Give the ID that the record will have by the plan, as ``key_text`` writes it; empty for none."""
    after = planned.change.after if planned.change is not None else None
    if after is None or _NAME + b"\0" not in after:  # asked three times of every row, and most bring none
        return ""
    element = dict(raw.elements(after)).get(_NAME)
    return "" if element is None else key_text(raw.value_of(element))


def _with_its_id(planned: Planned) -> Planned:
    change = planned.change
    if change is None or change.before is None or change.after is None or all(
            field.name != _NAME or field.before is None for field in planned.fields):
        return planned
    own = dict(raw.elements(change.before))[_NAME]
    fields = tuple(field for field in planned.fields if field.name != _NAME)
    if not fields:
        return Planned("unchanged", planned.identity, row=planned.row)
    after = raw.build([(name, own if name == _NAME else element) for name, element in raw.elements(change.after)])
    return replace(planned, change=Change(change.before, after), fields=fields)


def without_id(planned: Planned) -> Planned:
    """Take the ID out of what adds a record."""
    assert planned.change is not None and planned.change.after is not None  # it is an insert
    after = raw.build([(name, element) for name, element in raw.elements(planned.change.after) if name != _NAME])
    return replace(planned, change=Change(None, after),
                   fields=tuple(field for field in planned.fields if field.name != _NAME))
