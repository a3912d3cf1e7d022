"""What Activity tells that a folder does not: restores, and backups and drills that failed or succeeded. Pure.

By whatever door something was done, the page, the command line or another server, it stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from backup_engine import errors
from equipment.messages.kinds import RESTORED
from equipment.messages.troubles import News
from equipment.messages.wording import in_one_line

__all__ = ["OVERLAP", "Heard", "counts_in", "hear", "reason_in"]

OVERLAP: Final = timedelta(minutes=10)
"""Entries are looked at again for so long: clocks of hosts differ, and an entry may come late."""
RESTORES: Final = frozenset({"backup.replace", "backup.merge", "backup.undo", "backup.recover",
                             "backup.restore_application", "backup.undo_application"})
ENDINGS: Final = {"backup.create": "backup", "backup.auto.created": "backup", "backup.drill": "drill"}
FAILURES: Final = {"backup.create.failed": "backup", "backup.auto.failed": "backup", "backup.drill.failed": "drill"}
NO_FAILURE: Final = (errors.Busy, errors.RestoreRunning, errors.Cancelled, errors.WrongKey, errors.KeyNeeded)
"""Somebody else was at work, or nobody had the key, or a person stopped it: nothing is wrong."""
COUNTS: Final = re.compile(r"\b(\d[\d,]*) (records in \w[\w.-]*|added|changed|unchanged|brought back)")


@dataclass(frozen=True)
class Heard:
    """What was heard of Activity until now."""

    position: datetime | None = None
    """The moment of the newest entry."""
    seen: tuple[str, ...] = ()
    """Ids of the entries that were heard of those that are looked at again."""
    failing: tuple[tuple[str, str], ...] = ()
    """What failed last and has not succeeded since: the kind, and why in fixed words."""


def hear(
    heard: Heard, entries: Iterable[Mapping[str, Any]], first: datetime, now: datetime
) -> tuple[Heard, list[News]]:
    """Go on from what was heard with the entries since ``position`` less the overlap, oldest first.

    Those from before ``first`` do not count: nobody had asked to be told.
    """
    known, failing = set(heard.seen), dict(heard.failing)
    position = heard.position or first
    seen: list[str] = []
    news: list[News] = []
    for entry in entries:
        action, key, at = str(entry.get("action", "")), str(entry["_id"]), entry["at"]
        if not (action in RESTORES or action in ENDINGS or action.endswith(".failed")):
            continue
        seen.append(key)
        position = max(position, min(at, now))  # an entry dated in the future must not hide all until then
        if key in known or at < first:
            continue
        kind, note = FAILURES.get(action) or ENDINGS.get(action), str(entry.get("note", ""))
        if kind and action in ENDINGS:
            failing.pop(kind, None)
        elif kind and not _is_no_failure(note):
            failing[kind] = reason_in(note)
        news += _restored(action, entry, at)
    return Heard(position, tuple(seen), tuple(failing.items())), news


def reason_in(note: str) -> str:
    """Give the fixed words with which an error begins. What follows could name what is in a record; it stays here."""
    found = max((opening for opening in _openings() if note.startswith(opening)), key=len, default="")
    return f"{found}. Activity has the rest." if found else "Activity says why."


def counts_in(note: str) -> str:
    """Give the counts that an answer names, and nothing else of it."""
    return ", ".join(f"{number} {what}" for number, what in COUNTS.findall(note))


def _restored(action: str, entry: Mapping[str, Any], at: datetime) -> Iterator[News]:
    note = str(entry.get("note", ""))
    halfway = action.removesuffix(".failed") in RESTORES and note.startswith(errors.RestoreIncomplete.opening)
    if action not in RESTORES and not halfway:
        return
    who = in_one_line(str(entry.get("who", ""))) or "somebody"
    counts = counts_in(note)
    words = f"By {who}{f': {counts}' if counts else ''}."
    if halfway:
        words += f" {errors.RestoreIncomplete.opening}."
    yield News("done", RESTORED, "", words, at, at)


def _is_no_failure(note: str) -> bool:
    return note.startswith(tuple(error.opening for error in NO_FAILURE))


def _openings() -> list[str]:
    kinds = [getattr(errors, name) for name in errors.__all__]
    return [kind.opening for kind in kinds if kind.opening]
