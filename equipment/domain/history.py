"""A record's past: each change with the record as it was afterwards, worked out backwards from what is stored now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from equipment.domain.actions import in_words
from equipment.domain.record import MISSING, Record, same


@dataclass(frozen=True)
class Change:
    """One field, before and after (``MISSING`` where there was none)."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Event:
    """Something that happened to a record. ``record`` is how it stood afterwards, None when it was not in the list."""

    at: datetime
    who: str
    what: str
    note: str = ""
    changes: tuple[Change, ...] = ()
    record: Mapping[str, Any] | None = field(default=None, compare=False)
    source: str = "activity"
    created: bool = False
    """Whether the record began with it, so that its changes are simply all of its fields."""


WORDS: Mapping[str, str] = {
    "records.add": "Added", "records.edit": "Edited", "records.bulk_edit": "Edited in bulk",
    "records.delete": "Moved to the trash", "records.bring_back": "Brought back", "records.purge": "Deleted for good",
    "records.import": "Imported", "records.undo": "Undo of a change",
    "records.restore": "Restored", "sample.load": "Loaded as sample data",
    "columns.manage": "Column changed", "options.edit": "Choice renamed",
}


def events(now: Record, entries: Sequence[Mapping[str, Any]]) -> list[Event]:
    """Read the activity entries of a record, newest first, into events with the record as it stood after each."""
    past = []
    state = dict(now)
    for entry in entries:
        changes = changes_of(entry.get("before"), entry.get("after"))
        what = WORDS.get(entry["action"]) or in_words(entry["action"])
        past.append(Event(entry["at"], entry["who"], what, entry["note"], changes, dict(state),
                          created=entry.get("before") is None and bool(changes)))
        for change in changes:
            _put(state, change.name, change.before)
    return past


def changes_of(before: Any, after: Any) -> tuple[Change, ...]:
    """Pair the old and new values that an activity entry kept."""
    old, new = (side if isinstance(side, Mapping) else {} for side in (before, after))
    return tuple(Change(name, old.get(name, MISSING), new.get(name, MISSING)) for name in dict.fromkeys([*old, *new]))


def difference(now: Record, then: Record) -> dict[str, Any]:
    """Give the fields to write so that ``now`` becomes ``then``; ``MISSING`` removes one."""
    names = dict.fromkeys([*now, *then])
    return {name: then.get(name, MISSING) for name in names
            if not same(now.get(name, MISSING), then.get(name, MISSING))}


def _put(record: dict[str, Any], name: str, value: Any) -> None:
    if value is MISSING:
        record.pop(name, None)
    else:
        record[name] = value
