"""Bring everything back on a machine that has nothing: the list and the application's own data, from a remote or a
backup folder that is only read.

``look`` finds the newest good pair of the two, ``recover`` restores it into an empty database. V0 refuse what must be
refused, fetch, prove every byte · V1 note what is about to be done, and stand by: a copy does not act as the original ·
V2 the list, by the steps of a replace · V3 the application's data, by its own rules · V4 measure the lists, the end.
Nothing is written before V1. Killed after it, the same once more goes on, and the list is the old one or the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pymongo.database import Database

from backup_engine import fetch, restore, restore_application, verify
from backup_engine.deeds import told
from backup_engine.errors import (
    BackupError,
    BackupFileNotFound,
    Cancelled,
    NoBackupsFound,
    RestoreIncomplete,
    RestoreStopped,
    VerificationFailed,
    WrongKey,
)
from backup_engine.failpoints import reach
from backup_engine.keys.proofs import require_key
from backup_engine.locking.locks import Hold, hold
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.ownership import identity as identities, lookup, standby
from backup_engine.ownership.standby import Standby
from backup_engine.policy.moments import moment_of
from backup_engine.records.content_sum import Content
from backup_engine.recovering import occupied
from backup_engine.recovering.choosing import SHOWN_BEFORE, Pair, Skipped, choose, line_warnings
from backup_engine.recovering.places import Place, place_of
from backup_engine.remotes.view import RemoteView
from backup_engine.replacing import recovery, staging
from backup_engine.replacing.steps import After
from backup_engine.restore import Restored
from backup_engine.restore_application import ApplicationPlan, ApplicationRestored
from backup_engine.storage.beside import BesideStorage
from backup_engine.storage.local import LocalStorage
from backup_engine.storage.read_only import ReadOnlyStorage
from backup_engine.workspace import Workspace

__all__ = ["Pair", "Recoverable", "Recovered", "Skipped", "look", "recover", "require_empty"]

REPLACE_HINT = ("Name an empty database (--database NAME), or replace what is there: --replace-existing. A safety "
                "backup is made first, and undo brings it back.")


@dataclass(frozen=True)
class Recoverable:
    """What lies somewhere and can be recovered."""

    place: Place
    pairs: tuple[Pair, ...]
    """The good ones, newest first."""
    skipped: tuple[Skipped, ...] = ()
    """Sets that are newer than the first pair and are no good."""
    warnings: tuple[str, ...] = ()
    closed: WrongKey | None = None
    """Why the keys at hand do not open the first pair; None where they do."""

    @property
    def chosen(self) -> Pair:
        """What ``recover`` brings back."""
        return self.pairs[0]

    @property
    def before(self) -> tuple[Pair, ...]:
        """The three before it."""
        return self.pairs[1:SHOWN_BEFORE + 1]

    def without(self, problem: BackupError, now: datetime) -> Recoverable:
        """The same without the first pair, whose bytes are no good. Raises ``NoBackupsFound`` when it was the last."""
        skipped = (Skipped(self.chosen.backup, problem.message.rstrip(".")), *self.skipped)
        if len(self.pairs) == 1:
            words = "; ".join(f"{each.backup.label}: {each.why}" for each in skipped)
            raise NoBackupsFound(f"none of those in {self.place.shown} is good ({words})") from problem
        rest = self.pairs[1:]
        return replace(self, pairs=rest, skipped=skipped, warnings=tuple(line_warnings(rest, now)))


@dataclass(frozen=True)
class Recovered:
    """What came of it."""

    sentences: tuple[str, ...]
    found: Recoverable
    """Of which the first pair was recovered: where bytes were no good, another one than was asked for."""
    restored: Restored | None
    """None where an interrupted recovery had brought the list back already."""
    application: ApplicationRestored | None
    verified: bool
    """Whether number and content of every list in the database, measured last of all, are those of the backup."""
    lost: tuple[str, ...]
    """What is not in it, in sentences."""
    to_be_given_again: dict[str, str]
    """Settings that no backup holds and this machine has not been told: what each is for."""

    @property
    def message(self) -> str:
        """All of it in words."""
        return " ".join(self.sentences)

    @property
    def backup(self) -> BackupSet:
        """The set of the list."""
        return self.found.chosen.backup


def look(
    ws: Workspace, source: str, *, at: str | None = None, of: str = "", host_key: str = "", watch: Watch = SILENT
) -> Recoverable:
    """Look at what lies at an address or in a folder; the database is not asked, and nothing is written anywhere.

    ``at``: the newest at or before that moment, or the set of that label or id; ``of``: the database, where several
    keep backups there; ``host_key``: an SSH server's fingerprint that a person has confirmed. Raises ``BadInput``,
    ``NoBackupsFound``, ``RemoteFailed`` and its kin, among them ``HostKeyUnknown``.
    """
    now = ws.clock()
    moment = moment_of(at, now) if at is not None else None
    place = place_of(source, host_key)
    with _looking(ws, place, moment if isinstance(moment, str) else "", watch) as there:
        hosts = {entry.backup.backup_id: entry.host for entry in there.storage.found} if isinstance(
            there.storage, RemoteView) else {}
        choice = choose(there, hosts, at=moment, of=of)
        closed = _closed(there, choice.pairs[0])
        unseen = fetch.unseen(there)
    warnings = (*choice.warnings, *unseen, *line_warnings(choice.pairs, now))
    return Recoverable(place, choice.pairs, choice.skipped, warnings, closed)


def require_empty(ws: Workspace, found: Recoverable, *, replace_existing: bool = False) -> None:
    """Raise ``RestoreStopped``, naming what is there, unless the database is empty, what is there is meant to be
    replaced, or it is left of this very recovery, as far as can be told without fetching anything."""
    database = ws.connect()
    there = {} if replace_existing else occupied.counts(ws, database)
    begun = occupied.begun(database) if there else None
    if there and not (begun is not None and begun.is_of(found.chosen)):
        raise _refusal(database, there, begun)


@told("backup.recover")
def recover(
    ws: Workspace, found: Recoverable, *, replace_existing: bool = False, actor: str = "", after: After | None = None,
    agree: Callable[[Recoverable], None] = lambda found: None, watch: Watch = SILENT,
) -> Recovered:
    """Restore the first pair of what was found; a pair whose bytes turn out to be no good is passed over.

    ``agree`` hears what is to be recovered instead then, and may raise. Raises ``KeyNeeded``, ``WrongKey``,
    ``NoSpace``, ``RemoteFailed``, and ``RestoreStopped`` for a database that is not empty, before anything is written;
    ``RestoreIncomplete`` when something was: then the same once more.
    """
    require_empty(ws, found, replace_existing=replace_existing)
    while True:
        with ExitStack() as opened:
            try:
                near, pair = opened.enter_context(_near(ws, found, watch))
                _prove(near, pair, watch)
            except (VerificationFailed, BackupFileNotFound) as problem:
                found = found.without(problem, ws.clock())
                agree(found)
                continue
            reach("V0")
            run = _Recovering(near, replace(found, pairs=(pair, *found.pairs[1:])), actor, after, watch)
            with hold(near, "restore") as held:
                recovery.recover(near, held)
                return run.run(held, replace_existing=replace_existing)


@dataclass
class _Recovering:
    """One recovery under its locks: V1 to V4."""

    ws: Workspace
    found: Recoverable
    actor: str
    after: After | None
    watch: Watch

    def run(self, held: Hold, *, replace_existing: bool) -> Recovered:
        database, pair, now = held.need_database(), self.found.chosen, self.ws.clock()
        resumed = self._resumed(database, replace_existing)
        keys = tuple(source.key for source in self.ws.sources if source.key in pair.backup.parts)
        plan = restore.plan_replace(self.ws, pair.backup, keys, foreign=True, watch=self.watch)
        planned = restore_application.plan(self.ws, pair.backup, foreign=True, watch=self.watch) if pair.own else None
        occupied.begin(database, pair, self.found.place.shown, now)
        copy = self._stand_by(database, now)
        reach("V1")
        # the list first: what is in its trash must not be left out because the old list still has it
        restored = None
        if not (resumed and self._is_there(database, keys)):
            restored = restore.replace_held(
                self.ws, held, plan, actor=self.actor, after=self.after, watch=self.watch)
        reach("V2")
        application = None
        if planned is not None:
            application = self._bring_back(held, planned)
        reach("V3")
        problems = self._measured(database, keys)
        occupied.finish(database, self.ws.clock())
        lookup.of(self.ws, database)  # what this process remembers of the empty database is no longer so
        return self._recovered(restored, application, problems, copy)

    def _resumed(self, database: Database[dict[str, Any]], replace_existing: bool) -> bool:
        """Whether an interrupted recovery of this pair goes on. Raises ``RestoreStopped`` for what may not be there."""
        there, begun = occupied.counts(self.ws, database), occupied.begun(database)
        resumed = begun is not None and begun.is_of(self.found.chosen)
        if not there or replace_existing:
            return resumed
        if resumed and occupied.is_part_of(self.ws, self.found.chosen, database, self.watch):
            return True
        raise _refusal(database, there, begun)

    def _stand_by(self, database: Database[dict[str, Any]], now: datetime) -> Standby | None:
        backup, known = self.found.chosen.backup, identities.read(database)
        if known is not None and known.database_id == backup.database_id:
            return None  # no copy: the database that made the backup is brought back to it
        copy = standby.enter(database, backup, self.found.place.shown, now)
        # an id of its own: what is in the folder of the original belongs to the original
        identities.create(database, claimed=False)
        return copy

    def _bring_back(self, held: Hold, planned: ApplicationPlan) -> ApplicationRestored:
        try:
            return restore_application.restore_held(self.ws, held, planned, watch=self.watch)
        except (Cancelled, RestoreIncomplete):
            raise
        except BackupError as problem:
            raise RestoreIncomplete(f"the list is recovered, and what was saved beside it is not: {problem.message}",
                                    hint=f"{problem.hint} Then give the same command once more.".strip()) from problem

    def _is_there(self, database: Database[dict[str, Any]], keys: tuple[str, ...]) -> bool:
        return all(occupied.holds_the_list(self.ws, self.found.chosen, key, database, self.watch) for key in keys)

    def _measured(self, database: Database[dict[str, Any]], keys: tuple[str, ...]) -> list[str]:
        """V4: say which list is not the backup's, read after the last thing that could have changed it."""
        problems = []
        for key in keys:
            part, name = self.found.chosen.backup.parts[key], self.ws.source(key).collection
            measured = staging.measure(database, name, watch=self.watch)
            legacy = not part.content_sha256  # its rows have no content that was promised
            if measured.records != part.records or not (legacy or measured == Content.of_part(part)):
                problems.append(f"{name} holds {measured.records:,} records, and not just the {part.records:,} of the "
                                "backup: others have written to it meanwhile, or records have expired")
        return problems

    def _recovered(
        self, restored: Restored | None, application: ApplicationRestored | None, problems: list[str],
        copy: Standby | None,
    ) -> Recovered:
        pair, place = self.found.chosen, self.found.place.shown
        made = pair.backup.started.astimezone(self.ws.clock().tzinfo)
        counts = ", ".join(f"{count:,} {key}" for key, count in pair.backup.counts.items())
        sentences = [f"Recovered backup {pair.backup.label} from {place}: {counts}."]
        if application is not None:
            sentences.append(application.message)
        notes = [*problems, *(restored.problems if restored is not None else ())]
        sentences += [f"{note[:1].upper()}{note[1:]}." for note in notes]
        if not problems:
            how = "number; the original system kept no sums of content" if pair.backup.state == "legacy" else (
                "number and content")
            sentences.append(f"The lists in the database are those of the backup, by {how}.")
        sentences += [f"{copy.words[:1].upper()}{copy.words[1:]}."] if copy is not None else []
        lost = [f"What was changed after {made:%Y-%m-%d %H:%M:%S} is not in it."]
        lost += [f"Backup {each.backup.label} is newer and could not be used: {each.why}." for each in
                 self.found.skipped]
        lost += [f"{pair.lacks[:1].upper()}{pair.lacks[1:]}."] if pair.lacks else []
        about = self.ws.annex.about if self.ws.annex is not None else None
        given = dict(about.not_given()) if about is not None else {}
        return Recovered((*sentences, *lost), self.found, restored, application, not problems, tuple(lost), given)


@contextmanager
def _looking(ws: Workspace, place: Place, meant: str, watch: Watch) -> Iterator[Workspace]:
    """Give a workspace over what lies there alone."""
    if place.remote is not None:
        with fetch.viewed(ws, place.remote, meant=meant, watch=watch) as there:
            yield there
        return
    yield fetch.over(ws, ReadOnlyStorage(LocalStorage(_folder_of(place))))


@contextmanager
def _near(ws: Workspace, found: Recoverable, watch: Watch) -> Iterator[tuple[Workspace, Pair]]:
    """Give a workspace in which the first pair lies beside the backup folder, and the pair as it is there.

    Raises ``KeyNeeded``, ``WrongKey`` and ``NoSpace`` before anything is fetched.
    """
    pair, place = found.chosen, found.place
    with ExitStack() as opened:
        if place.remote is not None:
            near, _ = opened.enter_context(fetch.spooled(
                ws, place.remote, lambda there: _found(there, pair.backup), meant=pair.backup.backup_id, watch=watch))
        else:
            near = _beside(ws, _folder_of(place))
        yield near, _found_again(near, pair)


def _beside(ws: Workspace, folder: Path) -> Workspace:
    here = Path(ws.storage.describe())
    if here.is_dir() and folder.samefile(here):
        return ws  # the database is gone and the folder is not: what is written goes where it always did
    return fetch.over(ws, BesideStorage(ws.storage, ReadOnlyStorage(LocalStorage(folder))))


def _folder_of(place: Place) -> Path:
    assert place.folder is not None  # else it is a remote
    return place.folder


def _found_again(near: Workspace, pair: Pair) -> Pair:
    """The pair as it lies in a workspace. Raises ``BackupFileNotFound``."""
    backup = _found(near, pair.backup)
    if pair.own is None or near.application is None or near.annex is None:
        return replace(pair, backup=backup)
    try:
        return replace(pair, backup=backup, own=_found(near.application, pair.own))
    except BackupFileNotFound as problem:  # left out, as a piece of it was no good
        raise BackupFileNotFound(f"{near.annex.about.called}: a part of their backup {pair.own.label} is damaged or "
                                 "gone") from problem


def _found(ws: Workspace, backup: BackupSet) -> BackupSet:
    """The set as it lies there. Raises ``BackupFileNotFound`` when it no longer does."""
    try:
        return ws.catalog.find({"backup_id": backup.backup_id, "folder": backup.day})
    except NoBackupsFound as problem:
        raise BackupFileNotFound(problem.detail) from problem


def _closed(there: Workspace, pair: Pair) -> WrongKey | None:
    try:
        _require_keys(there, pair)
    except WrongKey as closed:
        return closed
    return None


def _require_keys(there: Workspace, pair: Pair) -> None:
    require_key(there, pair.backup)
    if pair.own is not None and there.application is not None:
        require_key(there.application, pair.own)


def _prove(near: Workspace, pair: Pair, watch: Watch) -> None:
    """V0: every row of both sets. Raises ``VerificationFailed``, ``BackupFileNotFound``, ``WrongKey``."""
    _require_keys(near, pair)
    verify.require(near, pair.backup, 2, watch=watch)
    if pair.own is not None and near.application is not None:
        verify.require(near.application, pair.own, 2, watch=watch)


def _refusal(
    database: Database[dict[str, Any]], there: dict[str, int], begun: occupied.Begun | None
) -> RestoreStopped:
    counted = ", ".join(f"{count:,} in {name}" for name, count in there.items())
    hint = REPLACE_HINT
    if begun is not None and not begun.finished:
        hint = (f"A recovery of backup {begun.label} was interrupted here: give the same command with "
                f"--at {begun.label} to go on. {REPLACE_HINT}")
    return RestoreStopped(f"the database {database.name} is not empty: {counted}", hint=hint)
