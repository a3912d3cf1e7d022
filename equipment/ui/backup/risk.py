"""What speaks against the backups, worst first: the judgement behind the badge. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from backup_engine.api import Loss
from equipment.copies import Empty
from equipment.ui.backup import words

__all__ = ["LEVELS", "Badge", "Facts", "Level", "Slow", "judge"]

Level = Literal["ok", "note", "due", "alarm"]
LEVELS: tuple[Level, ...] = ("alarm", "due", "note", "ok")
"""The worst first."""
ALARM_AFTER = timedelta(hours=25)
"""One day and the interval that belongs to it; with long intervals two of them."""
A_MINUTE = timedelta(seconds=75)
"""And some for the backup itself: what continuous protection promises, and what the schedule may be late."""
LATE = timedelta(minutes=10)
"""With continuous protection."""
MANY = 25
"""Changes that nobody types again in a quarter of an hour: from here on their number counts, however young they are."""


@dataclass(frozen=True)
class Badge:
    """Text and how serious it is."""

    text: str
    level: Level
    more: tuple[str, ...] = ()
    """What else there is to say, worst first."""


@dataclass(frozen=True)
class Slow:
    """What takes a while to find out, and serves all pages for some seconds."""

    loss: Loss | None = None
    """What is not backed up; None where nobody knows."""
    empty: Empty = ""
    damaged: int = 0
    """Backups here that a verification or a look into the folder found damaged."""
    newest_damaged: bool = False
    """Whether one of them is the newest, or what the newest rests on."""
    away: datetime | None = None
    """When the newest backup on another machine was begun, as far as that is known; None for none."""
    is_away: bool = False
    """Whether there is a backup on another machine."""
    unreached: tuple[str, ...] = ()
    """Names of the remotes that take nothing or gave back a damaged backup."""


@dataclass(frozen=True)
class Facts:
    """Everything that is judged."""

    newest: datetime | None
    """Start of the newest good set."""
    now: datetime
    interval: timedelta
    verified: str = "read back"
    """How deep it was verified; each is read back when it is made."""
    off: str = ""
    """Since when automatic backups are off, and by whom, as ``Automatic backups are off since …``; empty while on."""
    protected: bool = False
    """Whether every change is to be backed up within a minute."""
    failed: bool = False
    """Whether the last check by itself failed."""
    application_safe: bool = True
    """Whether accounts, settings, trash and activity were saved with it."""
    slow: Slow | None = None
    """None while that is not known yet."""


def judge(facts: Facts) -> Badge:
    """Say the worst; the others stand in ``more``. Green only when nothing speaks against it."""
    said = [*_no_backup(facts), *_of_newest(facts), *_changes(facts), *_elsewhere(facts)]
    said.sort(key=lambda badge: LEVELS.index(badge.level))  # keeps the order within a level
    plain = _plain(facts)
    if not said:
        return Badge(plain, "ok", _depth(facts))
    worst, others = said[0], [badge.text for badge in said[1:]]
    if worst.level == "note" and facts.newest is not None:
        text = plain if _has_loss(facts) else f"Backup {_when(facts)}, {worst.text[:1].lower()}{worst.text[1:]}"
        return Badge(text, "note", (f"{worst.text}.", *_sentences(others), f"{plain}.", *_depth(facts)))
    rest = [*others, plain] if facts.newest is not None else others
    return Badge(worst.text, worst.level, (*_sentences(rest), *_depth(facts)))


def _no_backup(facts: Facts) -> list[Badge]:
    said = []
    overdue = facts.newest is not None and facts.now - facts.newest > max(ALARM_AFTER, 2 * facts.interval)
    if facts.off:  # first, because it is why the others are so
        said.append(Badge(facts.off, "alarm" if overdue else "due"))
    if facts.newest is None:
        said.append(Badge("No good backup", "alarm") if facts.failed or (facts.slow and facts.slow.damaged)
                    else Badge("No backup yet", "due"))
    elif overdue:
        said.append(Badge(f"No verified backup for {words.lasting(facts.now - facts.newest)}", "alarm"))
    elif facts.now - facts.newest > facts.interval and not facts.off:
        late = "The last automatic backup failed" if facts.failed else f"Backup {_when(facts)}: the next one is late"
        said.append(Badge(late, "due"))
    return said


def _of_newest(facts: Facts) -> list[Badge]:
    said, slow = [], facts.slow or Slow()
    if slow.newest_damaged and facts.newest is not None:
        said.append(Badge("The newest backup is damaged", "alarm"))
    elif slow.damaged and facts.newest is not None:
        said.append(Badge(f"{words.count(slow.damaged, 'older backup')} damaged", "due"))
    if slow.empty == "list not":
        said.append(Badge("The newest backup is empty, and the list is not", "alarm"))
    elif slow.empty:
        said.append(Badge("The newest backup is empty", "due" if slow.empty == "was not" else "note"))
    if not facts.application_safe:
        said.append(Badge("Accounts and trash are not safely backed up", "alarm"))
    return said


def _changes(facts: Facts) -> list[Badge]:
    if facts.newest is None:
        return []
    loss = facts.slow.loss if facts.slow else None
    if loss is None:
        return [Badge("What changed since is not known", "note")]
    waits = timedelta(seconds=loss.seconds or 0)
    text = f"{words.at_risk(loss)} not backed up" if facts.protected else (
        f"{words.count(loss.changes, 'change')} not backed up")
    if facts.protected and waits > LATE:
        return [Badge(text, "alarm")]
    allowed = A_MINUTE if facts.protected else facts.interval + A_MINUTE
    many = loss.changes >= MANY and not facts.protected
    return [Badge(text, "due")] if loss.changes and (many or waits > allowed or facts.off) else []


def _elsewhere(facts: Facts) -> list[Badge]:
    if facts.newest is None or facts.slow is None:
        return []
    slow = facts.slow
    said = [Badge(f"Remote {name} is in trouble", "due") for name in slow.unreached]
    if not slow.is_away:
        return said if slow.unreached else [Badge("Only on this machine", "note")]
    if slow.away is not None and facts.newest - slow.away > max(ALARM_AFTER, 2 * facts.interval):
        said.append(Badge(f"The newest copy elsewhere is {words.lasting(facts.now - slow.away)} old", "due"))
    return said


def _plain(facts: Facts) -> str:
    """What there is to say when all is well."""
    loss = facts.slow.loss if facts.slow else None
    if loss is None:
        return f"Backup {_when(facts)}"
    if loss.changes and facts.protected:
        return f"{words.at_risk(loss)} not backed up"
    changes = words.count(loss.changes, "change") if loss.changes else "nothing changed"
    return f"Backup {_when(facts)}, {changes} since"


def _has_loss(facts: Facts) -> bool:
    return bool(facts.protected and facts.slow and facts.slow.loss and facts.slow.loss.changes)


def _when(facts: Facts) -> str:
    age = max(facts.now - facts.newest, timedelta(0)) if facts.newest is not None else timedelta(0)
    return words.ago(age)


def _depth(facts: Facts) -> tuple[str, ...]:
    return (f"Verified: {facts.verified}.",) if facts.newest is not None else ()


def _sentences(texts: list[str]) -> list[str]:
    return [f"{text}." for text in texts]
