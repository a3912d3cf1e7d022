"""Send to a remote what waits for it.

One process at a time sends to a remote. What goes wrong there is remembered with the line of that remote and tried
again later, each pause longer than the one before; it never fails a backup. A piece that has arrived is not sent again,
after a restart neither. The application's own data goes before the set it was made with, so that whoever finds the set
there finds both; trouble with that data alone is said, and never keeps the list's set from going.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from pymongo.database import Database

from backup_engine import offsite
from backup_engine.deeds import told
from backup_engine.errors import (
    BackupError,
    BackupFileNotFound,
    Busy,
    Cancelled,
    ChoiceNeeded,
    PermissionDenied,
    VerificationFailed,
)
from backup_engine.locking.file_lock import file_lock
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.ownership import lookup
from backup_engine.ownership.owner import Owner
from backup_engine.remotes import claims, queue, registry, replaced, target as targets
from backup_engine.remotes.address import Address
from backup_engine.remotes.probe import probe
from backup_engine.remotes.queue import Line, Replaced, stay_there
from backup_engine.remotes.registry import Remote
from backup_engine.remotes.target import Sending, Target
from backup_engine.repository import companions
from backup_engine.workspace import Workspace

__all__ = ["Pushed", "has_work", "is_due", "push", "sending_alone"]

log = logging.getLogger(__name__)
SMALLEST_PIECE = 256 << 10
TICK_SECONDS = 0.5


class _Closed(Exception):
    """The hours in which uploads may run are over."""


@dataclass(frozen=True)
class Pushed:
    """What came of sending to one remote."""

    name: str
    sent: tuple[BackupSet, ...]
    waiting: int
    """Sets that are still to be sent."""
    problem: str = ""
    new_problem: bool = False
    """Whether the last try before this one went well."""
    with_own: int = 0
    """For how many sets the application's own data was sent, before them or later."""
    called: str = ""
    """What that is."""
    cleared: tuple[str, ...] = ()
    """Labels of what was deleted there because it was stored anew here."""
    replaced: tuple[Replaced, ...] = ()
    """What was stored anew here and still lies there as it was before."""

    @property
    def message(self) -> str:
        """In words."""
        counted = f"{_backups(len(self.sent))} sent to remote {self.name}"
        if self.with_own and not self.sent:
            counted = f"{self.called} of {_backups(self.with_own)} sent to remote {self.name}"
        elif self.with_own:
            counted += f" with {self.called}"
        counted = f"{counted[0].upper()}{counted[1:]}"
        if self.cleared:
            counted += f", {len(self.cleared):,} as they were before deleted there"
        if self.problem:
            return f"{counted}, {self.waiting:,} still waiting: {self.problem}"
        counted += f", {self.waiting:,} still waiting." if self.waiting else "."
        return counted + (f" As they were before stay there: {stay_there(self.replaced)}." if self.replaced else "")

    @property
    def deed(self) -> str:
        """What was done, or went wrong for the first time; trouble that goes on is not told every time."""
        return self.message if self.sent or self.with_own or self.cleared or self.new_problem else ""


def is_due(ws: Workspace, remote: Remote, line: Line) -> bool:
    """Whether the queue would try now: within the hours, and not while it waits after a failure."""
    now = ws.clock()
    return remote.address.open_at(now.hour) and (line.next_try is None or now >= line.next_try)


def has_work(ws: Workspace, remote: Remote) -> bool:
    """Whether something waits that the queue would try now, as far as the folder says."""
    line = queue.read(ws.storage, remote.name)
    if not is_due(ws, remote, line):
        return False
    owner = lookup.seen(ws)
    sets = offsite.own_sets(owner, ws.catalog.sets(fresh=False))
    own = offsite.application_sets(ws, owner, fresh=False)
    return bool(queue.waiting(line, sets, own)) or replaced.is_due(line, ws.clock()) or any(
        not line.is_said(backup) for backup in sets if backup.backup_id in line.sent)


@told("backup.remote.push")
def push(ws: Workspace, name: str, *, now: bool = False, watch: Watch = SILENT) -> Pushed:
    """Send everything that waits for a remote; what is wrong with the remote stands in the answer and is not raised.

    ``now`` does not wait for the hours of the remote, nor after a failure. Raises ``BadInput`` for an unknown remote,
    ``Busy`` when another process is at it, ``DatabaseUnreachable`` and ``ChoiceNeeded`` when it is not known whose the
    backups are.
    """
    database = ws.connect()
    remote, owner = registry.one(ws, name, database), offsite.writer_of(ws, database)
    with sending_alone(ws, name):
        line = queue.read(ws.storage, name)
        sets, own = offsite.own_sets(owner, ws.catalog.sets()), offsite.application_sets(ws, owner)
        if not now and not is_due(ws, remote, line):
            return Pushed(name, (), len(queue.waiting(line, sets, own)), line.problem)
        return _Sender(ws, database, remote, owner, line, sets, own, now, watch).run()


@contextmanager
def sending_alone(ws: Workspace, name: str) -> Iterator[None]:
    """Be the only process that writes to this remote. Raises ``Busy``."""
    path = ws.storage.lock_file()
    if path is None:
        yield
        return
    try:
        with file_lock(path.with_name(f".uploads-{name}.lock"), "upload", time.monotonic()):
            yield
    except Busy as busy:
        raise Busy(f"another process is sending to remote {name}", hint="Try again when it has finished.") from busy


@dataclass
class _Sender:
    ws: Workspace
    database: Database[dict[str, Any]]
    remote: Remote
    owner: Owner
    line: Line
    sets: list[BackupSet]
    own: list[BackupSet]
    """Those of the application's own data."""
    now: bool
    watch: Watch
    cleared: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._beside = queue.beside(self.own)
        self._own_there = set[str]()
        self._with_own = 0

    def run(self) -> Pushed:
        """Send, and remember how it went."""
        sent: list[BackupSet] = []
        had_problem, problem = bool(self.line.problem), ""
        try:
            with offsite.open_store(self.remote) as store:
                problem = self._send_all(self._target(store), sent)
        except _Closed:
            log.info("the hours of remote %s are over", self.remote.name)
        except (Cancelled, ChoiceNeeded):
            self._save()
            raise
        except BackupError as trouble:
            problem = str(trouble)
        if problem:
            self.line.failed(problem, self.ws.clock())
        elif self.line.problem:
            self.line.went_well()
        self._save()
        waiting = len(queue.waiting(self.line, self.sets, self.own))
        return Pushed(self.remote.name, tuple(sent), waiting, problem, bool(problem) and not had_problem,
                      self._with_own, self._called, tuple(self.cleared), tuple(self.line.replaced.values()))

    def _target(self, store: Any) -> Target:
        # asked before every run: somebody may have taken it over since
        claims.require(store, self.owner.database_id, self.owner.database, self.ws.clock())
        if self.remote.proven is None:
            proven = probe(store, self.remote.address)
            self.remote = replace(self.remote, cannot=proven.cannot, lock=proven.lock, proven=self.ws.clock())
            registry.note(self.database, self.remote)
        return Target(store, self.ws.sources, piece_bytes=_piece_bytes(self.remote.address))

    def _send_all(self, target: Target, sent: list[BackupSet]) -> str:
        """Send every set that waits; says which one could not be sent for a reason of its own."""
        there, own = target.backup_ids(), self.ws.application
        self.line.there = len(there)
        of_own = target.of_application(own.sources) if own is not None else None
        self._own_there = of_own.backup_ids() if of_own is not None else set()
        self._look_over(there)
        self._look_over_own(there)
        problems: list[str] = []
        for backup in queue.waiting(self.line, self.sets, self.own):
            sent_before = backup.backup_id in self.line.sent
            if sent_before and backup.backup_id not in there:  # deleted there: nothing goes with it any more
                continue
            if own is not None and of_own is not None:
                problems += filter(None, [self._send_own(own, of_own, backup)])
            if sent_before:  # by a version that sent the list alone
                continue
            if backup.base is not None and backup.base not in self.line.sent:
                problems.append(f"backup {backup.label} waits for the full backup {backup.base} it rests on")
                continue
            try:
                self._send(self.ws, target, backup)
            except VerificationFailed as damage:
                problems.append(f"backup {backup.label}: {damage.message}")
                continue
            except BackupFileNotFound:
                if any(here.backup_id == backup.backup_id for here in self.ws.catalog.sets()):
                    raise
                # deleted or stored anew since this run began; what has arrived of it is cleared away by and by
                self.sets.remove(backup)
                self.line.sending.pop(backup.backup_id, None)
                continue
            sent.append(backup)
            self.line.there = len(there | {known.backup_id for known in sent})
        self._say_pins(target, self.sets)
        if own is not None and of_own is not None:
            self._say_pins(of_own, self.own)
        again = replaced.is_due(self.line, self.ws.clock())
        if own is not None and of_own is not None:
            self._clear_replaced(own, of_own, self.own, self._own_there, again=again)
        self._clear_replaced(self.ws, target, self.sets, there, again=again)
        return "; ".join(problems)

    def _send_own(self, own: Workspace, target: Target, backup: BackupSet) -> str:
        """Send what was made with a set, and the full one that rests on; says why it could not be sent."""
        beside, missing = self._beside(backup), ""
        if backup.companion and not beside and backup.backup_id not in self.line.sent:
            missing = companions.trouble(self.ws, backup) or (
                f"{self._called}: the full backup that theirs rests on is missing")
        try:
            for companion in beside:
                if companion.backup_id not in self._own_there:
                    self._send(own, target, companion)
                    self._own_there.add(companion.backup_id)
                self.line.sent.setdefault(companion.backup_id, self.ws.clock().isoformat())
        except (VerificationFailed, PermissionDenied) as damage:
            return f"backup {backup.label}, {self._called}: {damage.message}"
        except BackupFileNotFound as damage:
            lying = {here.backup_id for here in own.catalog.sets()}
            if any(companion.backup_id not in lying for companion in beside):  # stored anew or deleted meanwhile
                return ""
            return f"backup {backup.label}, {self._called}: {damage.message}"
        self._with_own += bool(beside)
        return f"backup {backup.label}: {missing}" if missing else ""

    @property
    def _called(self) -> str:
        return self.ws.annex.about.called if self.ws.annex is not None else ""

    def _send(self, ws: Workspace, target: Target, backup: BackupSet) -> None:
        sending = self.line.sending.setdefault(backup.backup_id, Sending())
        pace = _Pace(self.remote.address.bytes_per_second, self.watch)

        def arrived(size: int) -> None:
            self._save()
            self._require_open()
            pace.wait(size)

        self._require_open()
        target.send(ws, backup, sending, sent=arrived, watch=self.watch)
        del self.line.sending[backup.backup_id]
        self.line.sent[backup.backup_id] = self.ws.clock().isoformat()
        self.line.has_said(backup)
        self.line.last_sent = self.ws.clock()
        self._save()

    def _look_over(self, there: set[str]) -> None:
        """Believe what lies there rather than the note. What somebody deleted there is sent again, unless retention
        there may have been it."""
        now, there = self.ws.clock().isoformat(), there | self._own_there
        for backup_id in there:
            self.line.sent.setdefault(backup_id, now)
        if not self.remote.address.keep_days:
            self.line.sent = {name: when for name, when in self.line.sent.items() if name in there}
        queue.keep_only(self.line, there | {backup.backup_id for backup in (*self.sets, *self.own)})

    def _look_over_own(self, there: set[str]) -> None:
        """The same for the application's own data, of which retention there deletes nothing that a set there names."""
        wanted, let_go = set[str](), set[str]()
        for backup in self.sets:
            gone = backup.backup_id in self.line.sent and backup.backup_id not in there
            (let_go if gone else wanted).update(companion.backup_id for companion in self._beside(backup))
        for backup_id in wanted - self._own_there:
            self.line.sent.pop(backup_id, None)
        now = self.ws.clock().isoformat()
        for backup_id in let_go - wanted:  # with its set, perhaps before it was ever sent
            self.line.sent.setdefault(backup_id, now)

    def _say_pins(self, target: Target, sets: list[BackupSet]) -> None:
        for backup in sets:
            if backup.backup_id not in self.line.sent or self.line.is_said(backup):
                continue
            target.say(backup, self.ws.clock())
            self.line.has_said(backup)

    def _clear_replaced(
        self, ws: Workspace, target: Target, sets: list[BackupSet], there: set[str], *, again: bool
    ) -> None:
        """What was stored anew and removed here goes there as well, now that its copy has arrived."""
        copies = replaced.originals(ws.catalog.sets(), self.line)
        new = copies.keys() & there - self.line.replaced.keys()
        # a folder that cannot be read may hold what looks removed
        if ws.catalog.unreadable or not (new or again):
            return
        own = {backup.backup_id for backup in sets}
        mine = {name: copy for name, copy in copies.items() if copy.backup_id in own}
        self.cleared += replaced.clear(target, self.remote.address, self.line, mine, save=self._save, watch=self.watch)
        self.line.cleared = self.ws.clock()

    def _require_open(self) -> None:
        if not self.now and not self.remote.address.open_at(self.ws.clock().hour):
            raise _Closed

    def _save(self) -> None:
        try:
            queue.write(self.ws.storage, self.remote.name, self.line)
        except BackupError as refusal:  # a folder that can only be read: the remote itself knows what is there
            log.warning("how sending to %s goes was not noted: %s", self.remote.name, refusal)


@dataclass
class _Pace:
    """Sends no more bytes in a second than allowed, over the length of a set."""

    bytes_per_second: float
    watch: Watch
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._started = self.clock()
        self._sent = 0

    def wait(self, size: int) -> None:
        """Wait until that many bytes more are within the limit; a cancelled watch ends it."""
        self._sent += size
        if not self.bytes_per_second:
            return
        until = self._started + self._sent / self.bytes_per_second
        while (left := until - self.clock()) > 0:
            self.watch.step("Keeping to the limit of this remote")
            self.sleep(min(left, TICK_SECONDS))


def _backups(number: int) -> str:
    return "1 backup" if number == 1 else f"{number:,} backups"


def _piece_bytes(address: Address) -> int:
    """Smaller pieces on a slow line, so that the limit holds over seconds and not over minutes."""
    limit = address.bytes_per_second
    return min(targets.PIECE_BYTES, max(SMALLEST_PIECE, int(limit * 4))) if limit else targets.PIECE_BYTES
