"""What of the activity log is asked for, as the screen's filters and the address of the file say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from backup_engine.errors import BadInput
from equipment.domain.actions import WORDS
from equipment.store.access import Db
from equipment.store.activity import Filter
from equipment.store.deeds import names

__all__ = ["ACTIONS", "KINDS", "from_parameters", "to_filter"]

KINDS: Final = {
    "Records": ("records.", "trash.", "labels."), "Options": ("options.",), "Columns and views": ("columns.", "views."),
    "Backups": ("backup.",), "Sign-ins": ("sign_in", "sign_out"), "Accounts": ("user.",),
    "Settings": ("settings.", "sample."),
}
"""Groups of deeds, by the beginnings of their actions."""
ACTIONS: Final = {words: action for action, words in WORDS.items()}
"""Single deeds, by what they are called."""
LONGEST: Final = 200


def to_filter(
    db: Db, *, who: Sequence[str] = (), what: Sequence[str] = (), record: str = "", text: str = "",
    since: datetime | None = None, until: datetime | None = None,
) -> Filter:
    """Give the filter. *what* are names of ``KINDS`` or ``ACTIONS``; *record* is an ID or a key of a record."""
    kinds = tuple(beginning for name in what for beginning in KINDS.get(name, ()))
    exactly = tuple(action for name in what if (action := ACTIONS.get(name)))
    targets = tuple(names.keys_of(db, record)) if record.strip() else None
    return Filter(names=tuple(who), actions=kinds, exactly=exactly, targets=targets, text=text.strip()[:LONGEST],
                  since=since, until=until)


def from_parameters(db: Db, asked: Mapping[str, Sequence[str]]) -> Filter:
    """Give the filter of an address. Raises ``BadInput`` for a time that is none, and a deed that is not known."""
    unknown = [name for name in asked.get("what", ()) if name not in KINDS and name not in ACTIONS]
    if unknown:
        raise BadInput(f"There is no deed called {unknown[0][:100]!r}.")
    first = {name: next(iter(asked.get(name, ())), "") for name in ("record", "text", "since", "until")}
    return to_filter(db, who=asked.get("who", ()), what=asked.get("what", ()), record=first["record"],
                     text=first["text"], since=_moment(first["since"]), until=_moment(first["until"]))


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: the first day of all, in a zone east of UTC
        raise BadInput(f"{text[:100]!r} is no time.", hint="Write it as 2026-01-31T12:00:00+00:00.") from None
