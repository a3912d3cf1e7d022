"""Prove that a set restores: load it into scratch collections, build its indexes, compare, drop them."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass

from backup_engine.deeds import told
from backup_engine.errors import (
    BackupError,
    Cancelled,
    DatabaseUnreachable,
    NoBackupsFound,
    PermissionDenied,
    RestoreStopped,
    VerificationFailed,
)
from backup_engine.failpoints import reach
from backup_engine.keys import proofs
from backup_engine.locking.locks import Hold, hold
from backup_engine.model import SILENT, BackupSet, Part, Watch
from backup_engine.mongo import kinds
from backup_engine.mongo.capabilities import answers_commands
from backup_engine.mongo.rights import LacksBypass
from backup_engine.ownership import lookup
from backup_engine.records.content_sum import Content
from backup_engine.replacing import journal, recovery, staging
from backup_engine.replacing.journal import Entry, Swap
from backup_engine.replacing.prepare import prepare
from backup_engine.repository import companions, contents, ledger
from backup_engine.workspace import Workspace

__all__ = ["Drilled", "drill"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drilled:
    """A drill that succeeded: the set is proven restorable."""

    message: str
    backup: BackupSet
    counts: dict[str, int]
    notes: tuple[str, ...] = ()
    """What a person should know of a restore of it, and what could not be drilled."""


@told("backup.drill")
def drill(ws: Workspace, backup: BackupSet | None = None, *, watch: Watch = SILENT) -> Drilled:
    """Restore a set (by default the newest good one) beside the live data and compare; live data is not touched.

    A drill of an encrypted set is the proof that the identity at hand opens what is made for its public half.
    Raises ``NoBackupsFound``, ``KeyNeeded``, ``VerificationFailed``, ``RestoreStopped`` and what reading raises.
    """
    owner = lookup.seen(ws)
    chosen = backup or ws.catalog.newest_good(owner.owns)
    if chosen is None:
        raise NoBackupsFound(ws.catalog.why_empty(owner.may_restore))
    proofs.require_key(ws, chosen)  # before anything is made: a key that is not there says nothing about the set
    with hold(ws, "drill") as held:
        recovery.recover(ws, held)
        try:
            counts, notes = _rehearse(ws, held, chosen, watch)
        # these say nothing about the set, so the ledger keeps what it knew
        except (DatabaseUnreachable, Cancelled, PermissionDenied, LacksBypass):
            raise
        except BackupError:
            _note(ws, chosen, ok=False)
            raise
        trouble = _note(ws, chosen, ok=True)
        beside = _rehearse_companion(ws, held, chosen, watch)
    what = ", ".join(f"{count:,} in {key}" for key, count in counts.items())
    said = [f"{note[:1].upper()}{note[1:]}." for note in notes]
    message = f"Backup {chosen.label} is restorable: {what}, indexes built, every record compared.{trouble}{beside}"
    return Drilled(" ".join((message, *said)), chosen, counts, tuple(notes))


def _note(ws: Workspace, backup: BackupSet, *, ok: bool) -> str:
    """Note the outcome; says why that failed, which does not change what was proven."""
    try:
        ledger.remember(ws.storage, backup, ledger.DRILL, ok, ws.clock())
        if ok and backup.encrypted:
            proofs.note_drill(ws, backup, ws.clock())
    except BackupError as problem:
        log.warning("the drill of %s is not noted: %s", backup.label, problem)
        return f" This is not noted: {problem.detail}."
    return ""


def _rehearse(ws: Workspace, held: Hold, backup: BackupSet, watch: Watch) -> tuple[dict[str, int], list[str]]:
    notes = list[str]()
    if not answers_commands(held.need_database()):
        return {key: _decode(ws, backup, part, watch) for key, part in backup.parts.items()}, notes
    # First the journal, then the scratch collections: recovery drops those that an open entry names.
    entry = journal.start(held.need_database(), _entry(ws, backup))
    reach("D1")
    try:
        loaded = {swap.key: _load(ws, held, backup, entry, swap, notes, watch) for swap in entry.swaps}
        counts = {key: count for key, count in loaded.items() if count is not None}
        if not counts:
            raise RestoreStopped("; ".join(notes))
    except BaseException:
        with suppress(BackupError):  # what stopped it is what has to be said
            _clear_up(held, entry)
        raise
    with suppress(DatabaseUnreachable):  # the next start of anything clears up
        _clear_up(held, entry)
    return counts, notes


def _rehearse_companion(ws: Workspace, held: Hold, backup: BackupSet, watch: Watch) -> str:
    """Do the same with the application's own data that was saved with it; says what was proven."""
    own, companion = ws.application, companions.of(ws, backup)
    if own is None or ws.annex is None or not backup.companion:
        return ""
    called = ws.annex.about.called
    if companion is None:
        raise VerificationFailed(f"the list is restorable; {companions.trouble(ws, backup)}")
    try:
        counts, _ = _rehearse(own, held, companion, watch)
    except (DatabaseUnreachable, Cancelled, PermissionDenied, LacksBypass):
        raise
    except BackupError as problem:
        _note(own, companion, ok=False)
        raise VerificationFailed(f"the list is restorable; {called}: {problem.message}") from problem
    what = ", ".join(f"{count:,} in {key}" for key, count in counts.items())
    return f" Restorable with it: {called} ({what}).{_note(own, companion, ok=True)}"


def _clear_up(held: Hold, entry: Entry) -> None:
    for swap in entry.swaps:
        staging.drop(held.need_database(), swap.staging)
    journal.close(held.need_database(), entry, "done", step="")


def _entry(ws: Workspace, backup: BackupSet) -> Entry:
    name = journal.new_id()
    swaps = tuple(Swap(key, part.collection, f"{part.collection}__drill_{name}") for key, part in backup.parts.items())
    return Entry(name, "drill", backup.backup_id, backup.label, "", ws.clock(), swaps)


def _load(
    ws: Workspace, held: Hold, backup: BackupSet, entry: Entry, swap: Swap, notes: list[str], watch: Watch
) -> int | None:
    """Do exactly what a restore will do; None, and why, where this collection cannot be restored into a database."""
    database, kind = held.need_database(), kinds.kind_of(backup.parts[swap.key].options)
    try:
        prepared = prepare(ws, database, held.capabilities, backup, swap, step="D",
                           beat=lambda: journal.beat(database, entry.id), watch=watch)
    except RestoreStopped as problem:
        if kind is None or kind.unique_id or isinstance(problem, LacksBypass):
            raise
        notes.append(f"{swap.key} was not drilled: it was {kind.name} when it was saved, and as an ordinary collection "
                     f"it cannot be restored ({problem.detail}); its CSV file holds every record")
        return None
    notes += prepared.notes
    return prepared.records


def _decode(ws: Workspace, backup: BackupSet, part: Part, watch: Watch) -> int:
    """On a stand-in in memory: decode and compare, which is what it can do."""
    content = Content.of_batches(contents.documents(ws, backup, part.key, watch=watch))
    if part.content_sha256:
        staging.check(content, Content.of_part(part), part.key)
    return content.records
