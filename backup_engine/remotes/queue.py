"""What waits for a remote, and how sending goes: a note a remote in the state folder, so that a restart goes on.

It can be lost: what lies in the remote is looked at before anything is sent.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from backup_engine.errors import BackupError
from backup_engine.model import BackupSet
from backup_engine.policy.minutes import CONTINUOUS
from backup_engine.remotes.target import Sending
from backup_engine.repository import companions
from backup_engine.repository.notes import Note
from backup_engine.storage.base import STATE, Storage

__all__ = ["AWAITED_DAYS", "Line", "Replaced", "awaited_by", "beside", "forget", "in_order", "is_there", "keep_only",
           "noted", "read", "stay_there", "to_send", "troubles", "waiting", "write"]

AWAITED_DAYS = 30
"""How long local retention leaves a set alone that a remote still waits for."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True)
class Replaced:
    """A backup there that was stored anew here: its label, and why it is still there."""

    label: str
    why: str
    role: str = ""
    """As in ``Catalog``: whether it is of the application's own data."""


@dataclass
class Line:
    """How sending to one remote goes."""

    sent: dict[str, str] = field(default_factory=dict)
    """When each set was seen there, by ``backup_id``; those of the application's own data as well."""
    pins: dict[str, bool] = field(default_factory=dict)
    """What was last said there about each set."""
    sending: dict[str, Sending] = field(default_factory=dict)
    """Sets that are under way."""
    failures: int = 0
    """In a row."""
    problem: str = ""
    """What is wrong now, in words; empty when the last try went well."""
    next_try: datetime | None = None
    last_sent: datetime | None = None
    read_back: datetime | None = None
    """When a set was last read back and found as it was sent."""
    read_back_label: str = ""
    damage: str = ""
    """What the last reading back found wrong."""
    cared: datetime | None = None
    """When it was last read back, cleared of left-overs and old sets."""
    retention: str = ""
    """Why the last look there deleted nothing although something was old enough; empty when it could."""
    replaced: dict[str, Replaced] = field(default_factory=dict)
    """Backups that were stored anew here and still lie there as they were before, by ``backup_id``."""
    cleared: datetime | None = None
    """When it was last tried to delete those."""
    comments: dict[str, str] = field(default_factory=dict)
    """What was last said there about each set; none for most."""
    failed_at: datetime | None = None
    """When the last try failed; None when it went well."""
    failing_since: datetime | None = None
    """When the first of these failures in a row was."""
    there: int | None = None
    """How many sets of the lists lie there, as of the last look; None before the first."""

    def is_said(self, backup: BackupSet) -> bool:
        """Whether what a person said of a set stands there as it does here."""
        return self.pins.get(backup.backup_id, False) is backup.pinned and (
            self.comments.get(backup.backup_id, "") == backup.comment)

    def has_said(self, backup: BackupSet) -> None:
        """Note that it does."""
        self.pins[backup.backup_id] = backup.pinned
        self.comments.pop(backup.backup_id, None)
        if backup.comment:
            self.comments[backup.backup_id] = backup.comment

    def failed(self, problem: str, now: datetime) -> None:
        """Wait longer after every failure, never the same time twice."""
        self.failures += 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self.failures - 1, 12))
        self.problem, self.next_try = problem, now + pause * random.uniform(0.5, 1)
        self.failed_at, self.failing_since = now, self.failing_since or now

    def went_well(self) -> None:
        """Forget the failures."""
        self.failures, self.problem, self.next_try = 0, "", None
        self.failed_at, self.failing_since = None, None


def read(storage: Storage, name: str) -> Line:
    """Give the line of a remote; an empty one where there is none."""
    return _note(name).read_anyway(storage)


def write(storage: Storage, name: str, line: Line) -> None:
    """Keep it. Raises what the storage raises."""
    _note(name).write(storage, asdict(line))


def forget(storage: Storage, name: str) -> None:
    """Take the line of a remote away."""
    _note(name).delete(storage)


def noted(storage: Storage) -> list[str]:
    """The remotes of which there is a line."""
    try:
        names = sorted(storage.names(STATE))
    except BackupError:
        return []
    return [name.removeprefix("uploads-").removesuffix(".json") for name in names
            if name.startswith("uploads-") and name.endswith(".json")]


def to_send(sets: Iterable[BackupSet]) -> list[BackupSet]:
    """The complete sets that remotes are to get.

    Not one that was stored anew, for its copy holds the same rows: what was readable before must not leave the machine
    after it was encrypted here. Unless something that stays as it was rests on it.

    Of those made continuously the newest alone, and what it rests on: one that was not sent before the next was made
    is passed over, so that a slow remote never has more than one of them to wait for.
    """
    return _to_send(_without_passed_over([backup for backup in sets if backup.state == "complete"]))


def _to_send(complete: Sequence[BackupSet]) -> list[BackupSet]:
    copied = {name for backup in complete for name in backup.originals}
    needed = {backup.base for backup in complete if not backup.superseded}
    return [backup for backup in complete
            if not backup.superseded or backup.backup_id not in copied or backup.backup_id in needed]


def _without_passed_over(sets: list[BackupSet]) -> list[BackupSet]:
    continuous = [backup for backup in sets if backup.trigger == CONTINUOUS and not backup.pinned]
    if not continuous:
        return sets
    passed_over = {backup.backup_id for backup in continuous}
    passed_over.discard(max(continuous, key=lambda backup: backup.rank).backup_id)
    needed = {backup.base for backup in sets if backup.backup_id not in passed_over}
    return [backup for backup in sets if backup.backup_id not in passed_over or backup.backup_id in needed]


def waiting(line: Line, sets: Iterable[BackupSet], own: Iterable[BackupSet] = ()) -> list[BackupSet]:
    """What is to be sent and not there yet, in the order in which it is to be sent.

    With the application's ``own`` sets, a set waits as long as what goes with it is not there.
    """
    wanted, with_it = to_send(sets), beside(own)
    return in_order([backup for backup in wanted if not is_there(line, backup, with_it(backup))], wanted)


def beside(own: Iterable[BackupSet]) -> Callable[[BackupSet], tuple[BackupSet, ...]]:
    """From a set to what goes with it of the application's ``own`` sets, in the order in which it is to be sent: the
    one that was made with it, after the full one that rests on. Nothing where that is not whole."""
    # also one that was made continuously and is not the newest: a later set of the list may name it
    wanted = _to_send([backup for backup in own if backup.state == "complete"])
    find, by_id = companions.finder(wanted), {backup.backup_id: backup for backup in wanted}

    def of(backup: BackupSet) -> tuple[BackupSet, ...]:
        found = find(backup)
        if found is None or found.base is None:
            return (found,) if found is not None else ()
        base = by_id.get(found.base)
        return (base, found) if base is not None else ()

    return of


def in_order(wanted: Sequence[BackupSet], everything: Sequence[BackupSet]) -> list[BackupSet]:
    """Newest first, because that is what a fire would take; before a differential set the full one it rests on."""
    by_id = {backup.backup_id: backup for backup in everything}
    missing = {backup.backup_id for backup in wanted}
    ordered: dict[str, BackupSet] = {}
    for backup in sorted(wanted, key=lambda backup: backup.rank, reverse=True):
        base = by_id.get(backup.base or "")
        if base is not None and base.backup_id in missing:
            ordered.setdefault(base.backup_id, base)
        ordered.setdefault(backup.backup_id, backup)
    return list(ordered.values())


def awaited_by(
    lines: Mapping[str, Line], backup: BackupSet, now: datetime, with_it: Iterable[BackupSet] = ()
) -> list[str]:
    """The remotes for which local retention has to leave a set alone: not there yet, or not all that goes with it, and
    not waited for too long."""
    if backup.state != "complete" or now - backup.started > timedelta(days=AWAITED_DAYS):
        return []
    return [name for name, line in lines.items() if not is_there(line, backup, with_it)]


def is_there(line: Line, backup: BackupSet, with_it: Iterable[BackupSet]) -> bool:
    """Whether a set is whole in a remote as far as the line knows: itself, and what goes with it."""
    return all(each.backup_id in line.sent for each in (backup, *with_it))


def troubles(lines: Mapping[str, Line]) -> list[str]:
    """What is wrong with the remotes, a sentence each."""
    said = [f"the remote {name} is in trouble: {line.problem}" for name, line in lines.items() if line.problem]
    return said + [f"the remote {name} gave back a damaged backup: {line.damage}"
                   for name, line in lines.items() if line.damage]


def stay_there(replaced: Iterable[Replaced]) -> str:
    """Name what was stored anew and still lies in a remote as it was before, the reasons once each."""
    by_reason = dict[str, list[str]]()
    for each in replaced:
        by_reason.setdefault(each.why, []).append(each.label)
    return "; ".join(f"{', '.join(sorted(labels)[:3])}{' …' if len(labels) > 3 else ''} ({why})"
                     for why, labels in by_reason.items())


def _note(name: str) -> Note[Line]:
    return Note(f"uploads-{name}.json", _line, Line)


def _line(about: Mapping[str, Any]) -> Line:
    sending = {str(backup_id): Sending(str(each["random"]), _texts(each["done"]))
               for backup_id, each in about["sending"].items()}
    if type(about["failures"]) is not int or not all(type(pin) is bool for pin in about["pins"].values()):
        raise TypeError("a line is not described")
    return Line(
        sent=_texts(about["sent"]), pins=dict(about["pins"]), sending=sending, failures=about["failures"],
        problem=str(about["problem"]), next_try=_moment(about["next_try"]), last_sent=_moment(about["last_sent"]),
        read_back=_moment(about["read_back"]), read_back_label=str(about["read_back_label"]),
        damage=str(about["damage"]), cared=_moment(about["cared"]), retention=str(about["retention"]),
        # a line that an earlier version has written knows nothing of these
        replaced={str(backup_id): Replaced(str(each["label"]), str(each["why"]), str(each.get("role", "")))
                  for backup_id, each in about.get("replaced", {}).items()},
        cleared=_moment(about.get("cleared")), comments=_texts(about.get("comments", {})),
        failed_at=_moment(about.get("failed_at")), failing_since=_moment(about.get("failing_since")),
        there=None if about.get("there") is None else int(about["there"]),
    )


def _texts(about: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in about.items()}


def _moment(text: object) -> datetime | None:
    return None if text is None else datetime.fromisoformat(str(text)).astimezone()


def keep_only(line: Line, known: Collection[str]) -> None:
    """Drop what is said about sets that lie neither here nor there."""
    line.sent = {name: when for name, when in line.sent.items() if name in known}
    line.pins = {name: pin for name, pin in line.pins.items() if name in known}
    line.comments = {name: said for name, said in line.comments.items() if name in known}
    line.sending = {name: each for name, each in line.sending.items() if name in known}
