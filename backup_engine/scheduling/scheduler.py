"""Backups without anybody asking: a loop in the server process, and a check at every page load.

Several processes may run this loop over one database: the leader does what is scheduled, the others look after nothing
but the leader (``scheduling.leader``). A page load and a check by hand make a due backup in any of them. Whether one is
due is decided again under the engine's locks, so two leaders, two tabs or two hosts still make one set.

A recovered copy that stands by makes none, and no drill either: a drill would hold the locks of a folder that may be
the original's. The loop goes on asking the database, so what another process said counts at the next tick.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from backup_engine.create import create, is_due
from backup_engine.errors import BackupError, BadInput, Busy, Cancelled, DatabaseUnreachable
from backup_engine.model import Trigger, Watch
from backup_engine.ownership import lookup
from backup_engine.ownership.standby import Standby
from backup_engine.policy.due import Due
from backup_engine.policy.schedule import Schedule
from backup_engine.replacing.recovery import recover_now
from backup_engine.repository.notes import Note
from backup_engine.scheduling import preferences as choices, proving
from backup_engine.scheduling.continuous import Continuous
from backup_engine.scheduling.leader import Leader
from backup_engine.scheduling.preferences import Preferences
from backup_engine.scheduling.uploads import Uploads
from backup_engine.workspace import Workspace

log = logging.getLogger(__name__)
CHECKS_KEPT = 50
TICK_SECONDS = 30.0
GIVE_BACK_SECONDS = 1.0
"""A server that answers takes milliseconds; one that does not lets the lease lapse after a minute."""
INDEX_BYTES = 32 << 20
"""Of CSV, 70,000 of the usual records: up to which the loop notes a set's records itself."""

PROOF = "proof"
"""What started a check that was a verification or a drill: each is told as what it is, and no backup has failed."""

Result = Literal["created", "not needed", "failed"]


@dataclass(frozen=True)
class Check:
    """One look at whether a backup is due; looks with the same result in a row are counted, not repeated."""

    result: Result
    message: str
    trigger: str
    first: datetime
    last: datetime
    times: int = 1


class Scheduler:
    """Watches one workspace. ``start`` runs the loop; ``page_check`` and ``check`` work without it too."""

    def __init__(
        self, workspace: Workspace, defaults: Preferences, *, tick_seconds: float = TICK_SECONDS,
        tell: Callable[[Check], None] | None = None,
    ) -> None:
        """``tell`` hears of every check that created a set or failed (the activity log of the application)."""
        self.workspace = workspace
        self._given = choices.given_by(workspace.schedules)
        self.preferences = replace(defaults, **self._given)
        self._defaults = defaults
        self._tick_seconds = tick_seconds
        self._tell = tell
        self.leader = Leader(workspace.storage.describe())
        self.uploads = Uploads(workspace, leads=lambda: self.leads,
                               when=lambda name: self.preferences.sending(name))
        self.continuous = Continuous(workspace, lambda: self.preferences, leads=lambda: self.leads,
                                     made=self.uploads.wake, say=self._say)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._loop: threading.Thread | None = None
        self._checking = threading.Lock()
        self._excused: datetime | None = None
        self.begun: Callable[[], Callable[[Check], None]] | None = None
        """Is called when a backup that is due begins by itself, and gives what hears how it ended."""
        self._indexed = frozenset[str]()
        """Labels of the sets whose records can be looked up at once."""
        self._checks: deque[Check] = deque(_note.read_anyway(workspace.storage), maxlen=CHECKS_KEPT)

    def start(self) -> None:
        """Start the loop once."""
        if self._loop is None:
            self._loop = threading.Thread(target=self._run, name="backup-scheduler", daemon=True)
            self._loop.start()
        self.uploads.start()
        self.continuous.start()

    def stop(self, seconds: float = 3) -> bool:
        """End all loops: what they are at is cancelled at its next step, and then the schedule given back.

        Waits so many seconds in all, and a second more to give it back; gives False when something was still at work
        then. Each may be waiting for a database that does not answer; what has not ended by then ends with the process.
        """
        until = time.monotonic() + seconds
        self._stop.set()
        self._wake.set()
        self.uploads.end()
        self.continuous.end()
        ended = [each.stop(until - time.monotonic()) for each in (self.uploads, self.continuous)]
        if self._loop is not None:
            self._loop.join(max(0.0, until - time.monotonic()))
            ended.append(not self._loop.is_alive())
            self._loop = None
        self.leader.give_back(GIVE_BACK_SECONDS)
        return all(ended)

    def checks(self) -> list[Check]:
        """Give the last checks, newest first."""
        return list(reversed(self._checks))

    def due(self) -> Due:
        """Say whether a backup is due, from the folder and the remembered preferences: no MongoDB command."""
        return is_due(self.workspace, lookup.seen(self.workspace), self.preferences.backups, fresh=False)

    def next_times(self, count: int = 5, schedule: Schedule | None = None) -> list[datetime]:
        """Give the next times at which a backup is made (UTC), or would be by another ``schedule``; the first of them
        is now when one is due."""
        last = self.workspace.catalog.last(lookup.seen(self.workspace).owns, fresh=False)
        chosen = schedule or self.preferences.backups
        return chosen.coming(last.started if last else None, self.workspace.clock(), count)

    @property
    def standby(self) -> Standby | None:
        """Whose copy this is, while nothing is made by itself for that reason: as last heard."""
        return lookup.seen(self.workspace).standby

    @property
    def leads(self) -> bool:
        """Whether what is scheduled is this process's to do: as last heard, and never for a copy that stands by."""
        return self.leader.leads and self.standby is None

    @property
    def keeper(self) -> str:
        """Who keeps the schedule, as last heard, in words."""
        if self.leader.words:
            return self.leader.words
        if self._loop is None:
            return "This process keeps no schedule: a backup that is due is made when a page is loaded"
        return "It is not known yet who keeps the schedule"

    def page_check(self) -> Check | None:
        """Look whether a backup is due and start one in a thread when it is. Never waits, never raises.

        Gives the failed check to show when the last one failed, else ``None``.
        """
        try:
            if self._acts() and self.due().is_due and not self._checking.locked():
                threading.Thread(target=self.check, args=("auto",), name="backup-auto", daemon=True).start()
        except BackupError as error:
            self._remember("failed", str(error), "auto")
        newest = self._checks[-1] if self._checks else None
        if newest is None or newest.result != "failed" or (self._excused and newest.last <= self._excused):
            return None
        return newest

    def excuse(self) -> None:
        """Somebody has just taken the reason away for what failed or was not done: what failed is not shown any more,
        and what there is to do is looked for at once."""
        self._excused = self.workspace.clock()
        self._wake.set()
        self.uploads.wake()

    def check(self, trigger: Trigger = "manual") -> Check:
        """Make a backup if one is due, now, in this thread; remember and return what came of it.

        While a recovered copy stands by only a check by hand makes one.
        """
        with self._checking:
            ended = self._attended(trigger)
            check = self._checked(trigger)
            if ended is not None:
                ended(check)
            return check

    def _attended(self, trigger: Trigger) -> Callable[[Check], None] | None:
        if self.begun is None or trigger == "manual":
            return None
        try:
            begins = self.standby is None and self.due().is_due
        except BackupError:  # the check itself fails by that, and says it
            begins = True
        return self.begun() if begins else None

    def _checked(self, trigger: Trigger) -> Check:
        try:
            self.refresh()
            if trigger != "manual" and self.standby is not None:  # said elsewhere since the last tick
                return self._remember("not needed", self.standby.refusal.message, trigger)
            created = create(self.workspace, trigger=trigger, schedule=self.preferences.backups, force=False,
                             watch=Watch(cancelled=self._stop.is_set))
        except (Busy, Cancelled) as error:  # somebody else is at it, or this process ends
            return self._remember("not needed", str(error), trigger)
        except BackupError as error:
            return self._remember("failed", str(error), trigger)
        if created.set:
            self.uploads.wake()
        return self._remember("created" if created.set else "not needed", created.message, trigger)

    def refresh(self) -> Preferences:
        """Read the preferences again; raises ``DatabaseUnreachable``."""
        database = self.workspace.connect()
        self.preferences = choices.load(database, self._defaults, self.workspace.schedules)
        lookup.of(self.workspace, database)  # somebody may have adopted backups, or answered a question, elsewhere
        return self.preferences

    def change(self, *, by: str = "", version: int | None = None, **changes: Any) -> Preferences:
        """Store preferences and use them at once.

        ``version`` is that of the preferences somebody looked at. Raises ``BadInput``, also when they were changed
        meanwhile and for what an option decides, and ``DatabaseUnreachable``.
        """
        if said := sorted(self.given & changes.keys()):
            raise BadInput(f"An option of this installation decides about {', '.join(said)}.",
                           hint="Change it there, or take it away first.")
        choices.save(self.workspace.connect(), by=by, at=self.workspace.clock(), version=version, **changes)
        return self.refresh()

    @property
    def given(self) -> frozenset[str]:
        """Names of the preferences that an option of the installation decides about."""
        return frozenset(self._given)

    def seed(self, interval_hours: float) -> None:
        """Use this interval unless somebody stored one; with the database down it serves until that can be asked."""
        self._defaults = replace(self._defaults, interval_hours=interval_hours)
        self.preferences = replace(self.preferences, interval_hours=interval_hours)
        try:
            choices.seed(self.workspace.connect(), interval_hours)
            self.refresh()
        except BackupError as error:
            log.warning("the backup interval was not stored: %s", error)

    def _run(self) -> None:
        self._wake.set()  # what a crash left is settled at once, not after the first pause
        while True:
            self._wake.wait(self._tick_seconds)
            if self._stop.is_set():
                return
            self._wake.clear()
            self.look()

    def look(self) -> None:
        """Do what the loop does at every tick: settle what a crash left, ask who keeps the schedule, and keep it where
        that is this process. Never raises."""
        try:
            for done in recover_now(self.workspace):
                log.warning("recovered after a crash: %s", done)
            self.refresh()
            led = self.leads
            self.leader.ask(self.workspace.connect())
            if self.leads:
                if not led:
                    self.uploads.wake()
                    # before the schedule makes a set over what was missed, and it is not said
                    self.continuous.catch_up()
                self._keep_the_schedule()
            self._index()
        except Cancelled:
            log.info("the check ended with the server")
        except Busy as error:
            log.info("this check leaves it to the next one: %s", error)
        except BackupError as error:
            if isinstance(error, DatabaseUnreachable):
                self.leader.unheard()
            self._remember("failed", str(error), "scheduled")
        except Exception:  # a loop that ended here would make no more backups until a restart
            log.exception("scheduled check failed")
            self._remember("failed", "Backup error: unexpected fault in a check. See the log.", "scheduled")

    def _keep_the_schedule(self) -> None:
        if self._acts() and self.due().is_due:
            self.check("scheduled")
        try:
            proving.verify_if_due(self.workspace, self.preferences.verification, interrupted=self._has_other_work,
                                  watch=Watch(cancelled=self._stop.is_set))
            proving.rehearse_if_due(self.workspace, self.preferences.drills, watch=Watch(cancelled=self._stop.is_set))
        except (Busy, Cancelled, DatabaseUnreachable):
            raise
        except BackupError as error:
            self._remember("failed", str(error), PROOF)

    def _has_other_work(self) -> bool:
        return self._stop.is_set() or (self._acts() and self.due().is_due)

    def _say(self, result: Result, message: str) -> None:
        self._remember(result, message, "continuous")

    def _acts(self) -> bool:
        return self.preferences.automatic and self.standby is None

    def _index(self) -> None:
        """Note the records of new sets, so that nobody waits for a record's history: 0.2 s for 5,000 records.

        Of long lists only when somebody asks, because it takes a core from the pages for as long as a backup.
        """
        owner = lookup.seen(self.workspace)
        sets = [backup for backup in owner.at_hand(self.workspace.catalog.sets()) if backup.usable]
        labels = frozenset(backup.label for backup in sets)
        if labels == self._indexed:
            return
        # Loaded here: it needs numpy, a fifth of a second that a page load need not pay.
        from backup_engine.repository import history_index

        watch = Watch(cancelled=self._stop.is_set)
        for source in self.workspace.sources:
            sizes = [backup.parts[source.key].plain_bytes for backup in sets if source.key in backup.parts]
            if sizes and max(sizes) < INDEX_BYTES:
                history_index.index_of(self.workspace, source.key, owner.may_restore, watch=watch)
        self._indexed = labels

    def _remember(self, result: Result, message: str, trigger: str) -> Check:
        now = self.workspace.clock()
        newest = self._checks[-1] if self._checks else None
        # Counted: a server that is away fails every 30 s, and 50 rows would be full of that after 25 minutes.
        same = newest is not None and (newest.result, newest.trigger == PROOF) == (result, trigger == PROOF)
        if newest is not None and same and result != "created":
            self._checks.pop()
            check = replace(newest, message=message, trigger=trigger, last=now, times=newest.times + 1)
        else:
            check = Check(result, message, trigger, now, now)
        self._checks.append(check)
        if check.times == 1:
            self._store()
            if self._tell is not None and result != "not needed" and trigger != PROOF:
                self._tell(check)
        return check

    def _store(self) -> None:
        try:
            _note.write(self.workspace.storage, [asdict(check) for check in self._checks])
        except BackupError as error:
            log.warning("the list of checks was not stored: %s", error)


def _parsed(rows: list[Mapping[str, Any]]) -> list[Check]:
    return [_check(**row) for row in rows]


def _check(*, result: Result, message: str, trigger: str, first: str, last: str, times: int) -> Check:
    if result not in get_args(Result) or type(times) is not int:
        raise ValueError("a check is not described")
    return Check(result, str(message), str(trigger), _moment(first), _moment(last), times)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.astimezone()


_note: Note[list[Check]] = Note("checks.json", _parsed, list)
