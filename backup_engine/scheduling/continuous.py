"""Continuous protection: a backup within a minute of every change, beside the schedule, in a thread of its own.

Every few seconds the server's change stream is asked what was touched since the newest good set, which costs next to
nothing where nothing was. 45 s after the first change a differential set is made of the touched records; no list is
read through. Where the stream cannot tell, or a change has waited for minutes, that is a hole: it is said, noted, and
closed by a full set. How many of these sets stay is a matter of ``policy.minutes``.

Only the leader does it, never while automatic backups are off, a recovered copy stands by, or somebody has to say whose
the backups are. Without a change stream (standalone server, stand-in in memory) the interval goes on alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

from pymongo.database import Database

from backup_engine.create import create
from backup_engine.errors import BackupError, Busy, Cancelled
from backup_engine.keys.proofs import needs_key
from backup_engine.making import following, resume_tokens
from backup_engine.making.digests import WORTH_IT
from backup_engine.making.resume_tokens import Followed, Lost
from backup_engine.model import BackupSet, Kind, Watch
from backup_engine.mongo.capabilities import Capabilities
from backup_engine.ownership import lookup
from backup_engine.scheduling import holes
from backup_engine.scheduling.holes import Hole
from backup_engine.scheduling.preferences import Preferences
from backup_engine.workspace import Workspace

__all__ = ["Continuous"]

log = logging.getLogger(__name__)
Result = Literal["created", "not needed", "failed"]
TICK_SECONDS = 5.0
WAIT_SECONDS = 45
"""From the first change to its set: with a look every 5 s and some for the set itself, within 60 s."""
HOLE_SECONDS = 300
"""A change that has waited longer for its set is in a hole."""
AGAIN_SECONDS = 60.0
"""Between two tries after a failure, and between two full sets because of the stream."""
MOST_TOUCHED = 100_000
"""Touched records beyond this are not followed one by one: a full set is as cheap."""
NO_STREAM = ("Continuous protection needs a replica set, because only that has a change stream. Backups are made at "
             "the interval.")
NO_KEY = ("Continuous protection cannot make differential backups of encrypted ones whose key is not on this machine, "
          f"and the list is too long for full ones ({WORTH_IT:,} records). Backups are made at the interval.")


class Continuous:
    """Watches one workspace. ``start`` runs the loop; ``look`` is one round of it."""

    def __init__(
        self, workspace: Workspace, preferences: Callable[[], Preferences], *, leads: Callable[[], bool] = lambda: True,
        made: Callable[[], None] = lambda: None, say: Callable[[Result, str], None] = lambda *_: None,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        """``leads`` says whether this process is the one to act, ``made`` hears of each set.

        ``say`` hears what people should know, as the result of a check (``created``, ``not needed``, ``failed``) and
        in words: no set that was made as usual.
        """
        self.workspace = workspace
        self._preferences = preferences
        self._leads = leads
        self._made = made
        self._say = say
        self._tick_seconds = tick_seconds
        self._stop = threading.Event()
        self._loop: threading.Thread | None = None
        self._streams: bool | None = None
        self._not_before = float("-inf")
        self._failed = False
        self._looking = threading.Lock()
        self._closed_by = ""

    def start(self) -> None:
        """Start the loop once."""
        if self._loop is None:
            self._stop.clear()
            self._loop = threading.Thread(target=self._run, name="backup-continuous", daemon=True)
            self._loop.start()

    def end(self) -> None:
        """Let the loop end, after the file at hand."""
        self._stop.set()

    def stop(self, seconds: float = 5) -> bool:
        """End the loop; waits so long at most, and gives False when it was still at work then."""
        self.end()
        if self._loop is not None:
            self._loop.join(max(0.0, seconds))
            if self._loop.is_alive():
                return False
            self._loop = None
        return True

    def catch_up(self) -> None:
        """Look at once where there is a backup to go on from; the first of all is the schedule's, not one of each."""
        if self.workspace.catalog.newest_good(lookup.seen(self.workspace).owns) is not None:
            self.look()

    def look(self) -> None:
        """Look once, and make a set when one is due. Raises ``DatabaseUnreachable``."""
        with self._looking:
            self._look()

    def _look(self) -> None:
        if not self._leads():
            return
        wanted = self._preferences()
        if not (wanted.continuous and wanted.automatic):
            holes.ends(self.workspace.storage)
            return
        database = self.workspace.connect()
        owner = lookup.seen(self.workspace)
        if owner.question is not None or owner.standby is not None:
            return
        began = holes.begins(self.workspace.storage, self.workspace.clock())
        newest = self.workspace.catalog.newest_good(owner.owns)
        if trouble := self._cannot(database, newest):
            self._trouble(trouble)
        elif newest is None:
            self._make(database, "full")
        else:
            self._follow(database, newest, began)

    def _follow(self, database: Database[dict[str, Any]], newest: BackupSet, began: datetime) -> None:
        try:
            followed = following.since(self.workspace, database, newest, MOST_TOUCHED)
        except Lost as problem:
            self._lost(database, newest, began, problem)
            return
        self._trouble("")
        age = followed.age
        if age is None or age < WAIT_SECONDS:
            return
        if age > HOLE_SECONDS and _changed(followed) >= began:
            waited = f"the first of {followed.changes:,} changes has waited for {age // 60:,} minutes"
            self._close(database, newest, waited)
        else:
            self._make(database, "differential")

    def _lost(self, database: Database[dict[str, Any]], newest: BackupSet, began: datetime, problem: Lost) -> None:
        if newest.backup_id == self._closed_by and resume_tokens.of(self.workspace.storage, newest) is None:
            self._trouble(f"The change stream cannot follow this list: {problem.detail}. Backups are made at the "
                          "interval.")
        elif holes.read(self.workspace.storage).trouble:
            return  # another set is there, and it is as before
        elif newest.started < began or self._restored_since(newest):
            self._closed_by = self._make(database, "full") or self._closed_by  # where a chain begins nothing is missing
        else:
            self._close(database, newest, f"the change stream does not reach back to it: {problem.detail}")

    def _close(self, database: Database[dict[str, Any]], newest: BackupSet, why: str) -> None:
        """Make a full set, which says so, and note the hole before it."""
        since = newest.local.strftime("%Y-%m-%d %H:%M:%S")
        warning = f"between the backup of {since} and this one there may be states that no backup has ({why})"
        made = self._make(database, "full", (warning,))
        if made:
            self._closed_by = made
            closed = self.workspace.catalog.find(made)
            holes.add(self.workspace.storage, Hole(newest.started, closed.started, why))
            self._say("created", f"A hole in continuous protection was closed by a full backup: {warning}.")

    def _make(self, database: Database[dict[str, Any]], kind: Kind, warnings: tuple[str, ...] = ()) -> str:
        """Make a set; gives its ``backup_id``, or nothing when it has to wait."""
        if time.monotonic() < self._not_before:
            return ""
        lookup.ask(self.workspace, database)  # it may have been said elsewhere since the last tick of the schedule
        try:
            created = create(
                self.workspace, trigger="continuous", force=True, kind=kind, warnings=warnings,
                schedule=self._preferences().backups, watch=Watch(cancelled=self._stop.is_set))
        except Busy as busy:
            log.info("continuous protection waits: %s", busy)
            return ""
        except BackupError as problem:
            self._not_before = time.monotonic() + AGAIN_SECONDS
            if not isinstance(problem, Cancelled):
                self._failed = True
                self._say("failed", str(problem))
            return ""
        if created.set is None:
            return ""
        if kind == "full":
            self._not_before = time.monotonic() + AGAIN_SECONDS
        self._made()
        if self._failed and not warnings:  # of a hole that is closed more is said
            self._say("created", f"Continuous protection goes on. {created.message}")
        self._failed = False
        return created.set.backup_id

    def _cannot(self, database: Database[dict[str, Any]], newest: BackupSet | None) -> str:
        if self._streams is None:
            self._streams = Capabilities.of(database).change_streams
        if not self._streams:
            return NO_STREAM
        if newest is not None and newest.encrypted and sum(newest.counts.values()) >= WORTH_IT and (
                needs_key(self.workspace, newest)):
            return NO_KEY
        return ""

    def _trouble(self, trouble: str) -> None:
        """Note what is in the way, and say it once."""
        if holes.trouble(self.workspace.storage, trouble) and trouble:
            self._say("not needed", trouble)

    def _restored_since(self, newest: BackupSet) -> bool:
        """Whether the list is another one because somebody restored it: nothing is missing, the safety set has it."""
        safety = self.workspace.catalog.latest("pre_restore", lookup.seen(self.workspace).owns)
        return safety is not None and safety.order > newest.order

    def _run(self) -> None:
        reached = True
        while not self._stop.wait(self._tick_seconds):
            try:
                self.look()
                reached = True
            except BackupError as problem:
                self._streams = None  # it may be another server that comes back
                level = logging.WARNING if reached else logging.DEBUG
                log.log(level, "continuous protection did not look: %s", problem)
                reached = False
            except Exception:  # a thread that ended here would protect nothing any more
                log.exception("continuous protection failed")


def _changed(followed: Followed) -> datetime:
    return datetime.fromtimestamp(followed.first or 0, UTC)
