"""When somebody is told of a trouble: when it begins, every six hours while it lasts, and once when it is over. Pure.

The moments come in as aware datetimes. What comes and goes more often than every six hours is told once; that it is
over is told only of what was told before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from equipment.messages.kinds import KINDS

__all__ = ["AGAIN", "Known", "News", "Phase", "Trouble", "told"]

AGAIN: Final = timedelta(hours=6)
Phase = Literal["new", "still", "over", "done"]


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong now: its kind, of what, and fixed words or counts about it. Never a value of a record."""

    kind: str
    subject: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Known:
    """A trouble as it is remembered. ``told`` is when somebody was last told that it is there."""

    kind: str
    subject: str
    detail: str
    since: datetime
    told: datetime | None = None
    said: bool = False
    """Whether somebody was told of it since it began; else nobody need hear that it is over."""
    present: bool = True


@dataclass(frozen=True)
class News:
    """Something to tell: that a trouble is new, still there or over, or that something was done."""

    phase: Phase
    kind: str
    subject: str
    detail: str
    since: datetime
    when: datetime


def told(
    known: Iterable[Known], present: Iterable[Trouble], now: datetime, *, unknown: Collection[str] = ()
) -> tuple[tuple[Known, ...], list[News]]:
    """Give what to remember and what to tell, from what was remembered and what is wrong now.

    Of the kinds in ``unknown`` nothing can be said at present: they stay as they were.
    """
    before = {(each.kind, each.subject): each for each in known}
    after: list[Known] = []
    news: list[News] = []
    for trouble in {(each.kind, each.subject): each for each in present if each.kind not in unknown}.values():
        old = before.pop((trouble.kind, trouble.subject), None)
        step, said = _present(trouble, old, now)
        after.append(step)
        news += said
    for old in before.values():
        if old.kind in unknown:
            after.append(old)
            continue
        left, said = _gone(old, now)
        after += left
        news += said
    return tuple(after), news


def _present(trouble: Trouble, old: Known | None, now: datetime) -> tuple[Known, list[News]]:
    if old is None:
        old = Known(trouble.kind, trouble.subject, trouble.detail, now)
    elif not old.present:  # it came back within the six hours after it was told
        old = replace(old, since=now, present=True, said=False)
    old = replace(old, detail=trouble.detail, since=min(old.since, now))  # the clock may have gone back
    waits = now - old.since < KINDS[trouble.kind].patience
    if waits or (old.told is not None and not _again(old.told, now)):
        return replace(old, told=_not_ahead(old.told, now)), []
    phase: Phase = "still" if old.said else "new"
    return replace(old, told=now, said=True), [News(phase, old.kind, old.subject, old.detail, old.since, now)]


def _gone(old: Known, now: datetime) -> tuple[list[Known], list[News]]:
    over = [News("over", old.kind, old.subject, "", old.since, now)] if old.present and old.said else []
    kept = old.told is not None and not _again(old.told, now)
    left = [replace(old, present=False, said=False, detail="", told=_not_ahead(old.told, now))] if kept else []
    return left, over


def _again(told_at: datetime, now: datetime) -> bool:
    return now - told_at >= AGAIN


def _not_ahead(told_at: datetime | None, now: datetime) -> datetime | None:
    """Told at a moment in the future means that the clock went back: without this it would be silent until then."""
    return told_at if told_at is None else min(told_at, now)
