"""What happens in the course of a day: when people change the list, and what goes wrong when."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from backup_engine import api
from equipment import schedules
from equipment.messages.troubles import Trouble
from equipment.store.access import SYSTEM, USERS
from equipment.store.messages import choose
from scripts.day_parts.place import Place
from scripts.day_parts.post import Post

__all__ = ["BEFORE", "BEGIN", "DAY", "END", "Event", "at", "edits_at", "events", "excused", "prepare"]

BEGIN: Final = datetime(2026, 10, 24, 22, tzinfo=UTC)
"""Midnight in Berlin. It is the day on which clocks are set back, of 25 hours."""
END: Final = BEGIN + timedelta(hours=25)
DAY: Final = timedelta(days=1)
BEFORE: Final = 10
"""Days before it, with a backup every six hours."""
MANY: Final = 10_000


@dataclass(frozen=True)
class Event:
    """Something that happens."""

    at: datetime
    words: str
    do: Callable[[Place, Post], None]
    until: datetime | None = None
    """Until when changes may wait for a set because of it."""


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment by the clock on the wall, after the hour that comes twice."""
    return BEGIN + timedelta(hours=hour + 1 if hour >= 3 else hour, minutes=minute, seconds=second)


def events() -> list[Event]:
    """What happens, in its order."""
    return [
        Event(at(0, 30), "A file of a backup of last Sunday rots on the disk", _rot),
        Event(at(3) - timedelta(hours=1), "Clocks are set back: 03:00 is 02:00", lambda *_: None),
        Event(at(5), "The place off this machine is gone", lambda place, _: _move(place, True)),
        Event(at(7, 1), "It is there again", lambda place, _: _move(place, False)),
        Event(at(7, 30), "ada deletes the damaged backup", _delete_damaged),
        Event(at(8, 10), "The database cannot be reached", lambda place, _: setattr(place, "away", True), at(8, 31)),
        Event(at(8, 30), "The database answers again", lambda place, _: setattr(place, "away", False)),
        Event(at(9, 10), "The disk of the backups is full", lambda place, _: setattr(place, "full", True), at(9, 42)),
        Event(at(9, 40), "There is room again", lambda place, _: setattr(place, "full", False)),
        Event(at(10, 20), "Somebody renames the collection and back: the change stream ends", _rename, at(10, 22)),
        Event(at(10, 40), "The mail server refuses every mail",
              lambda _, post: post.refuses.update(mail="550 no such user here")),
        Event(at(10, 45), "Somebody asks for an account", lambda place, _: _ask(place)),
        Event(at(11), "The mail server takes mails again", lambda _, post: post.well()),
        Event(at(11, 25), "The mail server hangs", lambda _, post: post.hang()),
        Event(at(11, 30), "ada has dealt with the account", lambda place, _: _deal(place)),
        Event(at(11, 40), "The mail server answers again", lambda _, post: post.well()),
        Event(at(13, 5), "The app is stopped", lambda place, _: place.stop(), at(16, 7)),
        Event(at(16, 5), "The app is started", lambda place, _: place.start()),
        Event(at(16, 40), "This machine's clock jumps an hour ahead", lambda place, _: _ahead(place, 1)),
        Event(at(16, 55), "It is right again", lambda place, _: _ahead(place, 0)),
        Event(at(17, 20), "This machine's clock jumps an hour back", lambda place, _: _ahead(place, -1)),
        Event(at(17, 35), "It is right again", lambda place, _: _ahead(place, 0)),
        Event(at(18, 10), "ben switches automatic backups off", lambda place, _: _switch(place, "ben", False),
              at(21, 32)),
        Event(at(21, 30), "ada switches them on again", lambda place, _: _switch(place, "ada", True)),
        Event(at(22, 10), f"{MANY:,} places off this machine fail at once", lambda place, _: _fail(place, MANY)),
        Event(at(22, 20), "All of them are reached again", lambda place, _: _fail(place, 0)),
    ]


def excused(moment: datetime) -> bool:
    """Whether a change made at that moment may have to wait for more than a minute."""
    return any(event.until is not None and event.at - timedelta(minutes=1) <= moment <= event.until
               for event in events())


def edits_at(moment: datetime) -> bool:
    """Whether somebody changes a record at a tick."""
    wall = (moment - BEGIN) / timedelta(hours=1)
    clock = wall if wall < 3 else wall - 1
    second = round((moment - BEGIN).total_seconds())
    if 8 <= clock < 12 or 16 <= clock < 18:  # people at work
        return second % 120 in (0, 45)
    if 1 <= clock < 1.25:  # an import
        return second % 15 == 0
    return (13 <= clock < 16 or 18 <= clock < 22) and second % 900 == 60


def prepare(place: Place, days: int) -> Iterator[datetime]:
    """Choose what administrators choose, and give the moments of the days before at which something is done."""
    choose(place.database, SYSTEM, {"weekday": 6, "hour": 7}, 0, "")
    for step in range(4 * days):
        yield BEGIN - days * DAY + timedelta(hours=6 * step)


def _rot(place: Place, _: Post) -> None:
    assert place.backups is not None
    # the one that the verification of this night has to read: nobody has, for seven days
    backup = next(backup for backup in place.backups.engine.workspace.catalog.sets()
                  if backup.started >= BEGIN - 7 * DAY)
    name = place.backups.engine.first_file(backup)
    assert name is not None
    data = bytearray(Path(name).read_bytes())
    data[-1] ^= 1
    Path(name).write_bytes(data)


def _delete_damaged(place: Place, _: Post) -> None:
    assert place.backups is not None
    bad = api.bad(place.backups.checks())
    for backup in place.backups.engine.workspace.catalog.sets():
        if backup.backup_id in bad:
            place.backups.delete(place.anybody("ada"), backup)


def _move(place: Place, gone: bool) -> None:
    here, aside = place.remote, place.folder / "aside"
    shutil.move(here, aside) if gone else shutil.move(aside, here)


def _rename(place: Place, _: Post) -> None:
    place.database["Equipment"].rename("Equipment_tmp")
    place.database["Equipment_tmp"].rename("Equipment")


def _ask(place: Place) -> None:
    place.database[USERS].insert_one({"_id": "bob", "state": "pending"})


def _deal(place: Place) -> None:
    place.database[USERS].delete_many({"state": "pending"})


def _ahead(place: Place, hours: int) -> None:
    place.clock.ahead = timedelta(hours=hours)


def _switch(place: Place, who: str, on: bool) -> None:
    assert place.backups is not None
    schedules.change(place.backups, place.anybody(who), automatic=on)


def _fail(place: Place, number: int) -> None:
    place.failing = tuple(Trouble("upload", f"place{each}", "1 backup waiting.") for each in range(number))
