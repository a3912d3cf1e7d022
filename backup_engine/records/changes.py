"""A record before and after, and what a wish to change it means for what is stored now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backup_engine.errors import BadInput
from backup_engine.records import raw

__all__ = ["Applied", "Change", "Status", "judge"]

Status = Literal["inserted", "updated", "deleted", "unchanged", "conflict", "refused"]


@dataclass(frozen=True)
class Change:
    """One record before and after, as raw BSON. ``before`` None inserts, ``after`` None deletes."""

    before: bytes | None
    after: bytes | None

    @property
    def identity(self) -> bytes:
        """The element of ``_id``: type byte and value."""
        known = self.before if self.before is not None else self.after
        if known is None:
            raise BadInput("A change needs a record before or after.")
        return raw.id_of(known)


@dataclass(frozen=True)
class Applied:
    """What became of a change. ``current`` is the record as it is stored afterwards, None when there is none."""

    change: Change
    status: Status
    current: bytes | None
    why: str = ""

    @property
    def written(self) -> bool:
        """Whether the collection was changed."""
        return self.status in ("inserted", "updated", "deleted")


def judge(change: Change, current: bytes | None) -> tuple[Status, str]:
    """Decide what a change means for the record as it is stored now; the reason is for people."""
    if change.after is not None and (refusal := _refusal(change)):
        return "refused", refusal
    # Before the question of conflict: the same change made twice is none.
    if current == (None if change.after is None else raw.id_first(change.after)):
        return "unchanged", ""
    if current != change.before:
        return "conflict", _why_conflict(change, current)
    if change.before is None:
        return "inserted", ""
    return ("deleted", "") if change.after is None else ("updated", "")


def _refusal(change: Change) -> str:
    assert change.after is not None
    if len(change.after) > raw.MAX_DOCUMENT:
        return f"the record would have {len(change.after):,} bytes; MongoDB allows {raw.MAX_DOCUMENT:,}"
    if change.before is not None and raw.id_of(change.before) != raw.id_of(change.after):
        return "the _id of a record cannot change"
    return ""


def _why_conflict(change: Change, current: bytes | None) -> str:
    if current is None:
        return "deleted by someone else meanwhile"
    if change.before is None:
        return "a record with this _id was added by someone else meanwhile"
    return "changed by someone else meanwhile"
