"""Playing a day: each tick what the script says, then what the installation does, and a line where anything came of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from pymongo.database import Database

from backup_engine import api
from backup_engine.api import BackupSet
from scripts.day_parts import script
from scripts.day_parts.clock import Clock, turned
from scripts.day_parts.place import TICK, Place
from scripts.day_parts.post import Post, said

__all__ = ["play"]

Doc = dict[str, Any]


def play(
    database: Database[Doc], folder: Path, say: Callable[[Doc], None], *, begin: datetime = script.BEGIN,
    until: datetime = script.END, before: int = script.BEFORE,
) -> None:
    """Let the day pass from one moment until another, after so many days ``before``; tells lines.

    A line has ``at`` (local time), what ``happened``, the ``sets`` that were made and up to which change each holds the
    list, and the ``messages`` that arrived. The last one has the sets ``kept`` and why, the moments of the ``edits``,
    and what is ``wrong`` with sets.
    """
    clock, post = Clock(script.BEGIN - before * script.DAY), Post()
    with turned(clock), post.installed():
        place = Place(database, folder, clock)
        place.edits.fill(database)
        with place.running():
            _Day(place, post, say).pass_from(begin, until, before)


class _Day:
    def __init__(self, place: Place, post: Post, say: Callable[[Doc], None]) -> None:
        self._place, self._post, self._say = place, post, say
        self._known = dict[str, BackupSet]()
        self._wrong = list[str]()

    def pass_from(self, begin: datetime, until: datetime, before: int) -> None:
        place = self._place
        for moment in script.prepare(place, before):
            place.clock.true = moment
            place.work()
        self._new_sets()
        place.noted.clear()
        self._post.arrived.clear()
        events = [event for event in script.events() if event.at >= begin]
        place.clock.true = begin
        while place.clock.true < until:
            happened = []
            if script.edits_at(place.clock.true) and not place.away:
                place.edits.edit(place.database)
            while events and events[0].at <= place.clock.true:
                happened.append(events[0].words)
                events.pop(0).do(place, self._post)
            place.work()
            self._line(happened)
            place.clock.true += TICK
        self._end()

    def _line(self, happened: list[str]) -> None:
        place = self._place
        happened += place.noted
        sets, messages = self._new_sets(), [
            {"to": name, "subject": message.subject, "says": said(message)} for name, message in self._post.arrived]
        place.noted.clear()
        self._post.arrived.clear()
        if happened or sets or messages:
            self._say({"at": _local(place.clock.true), "happened": happened, "sets": sets, "messages": messages})

    def _new_sets(self) -> list[Doc]:
        if self._place.backups is None:
            return []
        now = self._sets()
        new = [backup for backup in now if backup.backup_id not in self._known]
        self._known = {backup.backup_id: backup for backup in now}
        return [self._described(backup) for backup in new]

    def _described(self, backup: BackupSet) -> Doc:
        assert self._place.backups is not None
        edits, ws = self._place.edits, self._place.backups.engine.workspace
        if trouble := edits.missing(ws, backup):
            self._wrong.append(trouble)
        return {"label": backup.label, "trigger": backup.trigger, "kind": backup.kind, "holds": edits.holds(backup)}

    def _sets(self) -> list[BackupSet]:
        assert self._place.backups is not None
        return self._place.backups.engine.workspace.catalog.sets()

    def _end(self) -> None:
        assert self._place.backups is not None
        pruned = api.prune(self._place.backups.engine.workspace, dry_run=True)
        kept = [{"label": each.backup.label, "trigger": each.backup.trigger, "kind": each.backup.kind,
                 "keep": each.keep, "rules": list(each.rules), "why": each.reason} for each in pruned.decisions]
        self._say({"kept": kept, "edits": [_local(moment) for moment in self._place.edits.at], "wrong": self._wrong})


def _local(moment: datetime) -> str:
    return moment.astimezone().isoformat(timespec="seconds")
