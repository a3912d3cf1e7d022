"""Prove that a set restores: load it into scratch collections, build its indexes, compare, drop them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from backup_engine.errors import BackupError, Cancelled, DatabaseUnreachable, NoBackupsFound
from backup_engine.failpoints import reach
from backup_engine.locking.locks import Hold, hold
from backup_engine.model import SILENT, BackupSet, Part, Watch
from backup_engine.mongo.capabilities import answers_commands
from backup_engine.records.content_sum import Content
from backup_engine.records.live_profile import LiveProfile
from backup_engine.replacing import journal, recovery, staging
from backup_engine.replacing.journal import Entry, Swap
from backup_engine.repository import contents, ledger
from backup_engine.workspace import Workspace

__all__ = ["Drilled", "drill"]


@dataclass(frozen=True)
class Drilled:
    """A drill that succeeded: the set is proven restorable."""

    message: str
    backup: BackupSet
    counts: dict[str, int]


def drill(ws: Workspace, backup: BackupSet | None = None, *, watch: Watch = SILENT) -> Drilled:
    """Restore a set (by default the newest good one) beside the live data and compare; live data is not touched.

    Raises ``NoBackupsFound``, ``VerificationFailed``, ``RestoreStopped`` and what reading the set raises.
    """
    chosen = backup or ws.catalog.newest_good()
    if chosen is None:
        raise NoBackupsFound(ws.catalog.why_empty())
    with hold(ws, "drill") as held:
        recovery.recover(ws, held)
        try:
            counts = _rehearse(ws, held, chosen, watch)
        except (DatabaseUnreachable, Cancelled):  # says nothing about the set, so the ledger keeps what it knew
            raise
        except BackupError:
            ledger.remember(ws.storage, chosen, ledger.DRILL, False, ws.clock())
            raise
        ledger.remember(ws.storage, chosen, ledger.DRILL, True, ws.clock())
    what = ", ".join(f"{count:,} in {key}" for key, count in counts.items())
    message = f"Backup {chosen.label} is restorable: {what}, indexes built, every record compared."
    return Drilled(message, chosen, counts)


def _rehearse(ws: Workspace, held: Hold, backup: BackupSet, watch: Watch) -> dict[str, int]:
    if not answers_commands(held.need_database()):
        return {key: _decode(ws, backup, part, watch) for key, part in backup.parts.items()}
    # First the journal, then the scratch collections: recovery drops those that an open entry names.
    entry = journal.start(held.need_database(), _entry(ws, backup))
    reach("D1")
    try:
        return {swap.key: _load(ws, held, backup, entry, swap, watch) for swap in entry.swaps}
    finally:
        with suppress(DatabaseUnreachable):  # the next start of anything clears up
            for swap in entry.swaps:
                staging.drop(held.need_database(), swap.staging)
            journal.close(held.need_database(), entry, "done", step="")


def _entry(ws: Workspace, backup: BackupSet) -> Entry:
    name = journal.new_id()
    swaps = tuple(Swap(key, part.collection, f"{part.collection}__drill_{name}") for key, part in backup.parts.items())
    return Entry(name, "drill", backup.backup_id, backup.label, "", ws.clock(), swaps)


def _load(ws: Workspace, held: Hold, backup: BackupSet, entry: Entry, swap: Swap, watch: Watch) -> int:
    database, part = held.need_database(), backup.parts[swap.key]
    profile = LiveProfile.of(database[swap.live]) if backup.state == "legacy" else None
    staging.create(database, swap.staging, part.options)
    documents = contents.documents(ws, backup, swap.key, live=profile, watch=watch)
    # Old records may violate a validator that came later; passing it by takes a privilege, so only where there is one.
    loaded = staging.load(database, swap.staging, documents, expected=part.records, digest=not part.content_sha256,
                          bypass="validator" in part.options, phase=f"Loading {swap.key}", watch=watch)
    reach("D2")
    measured = staging.build_and_measure(database, swap.staging, part.indexes, total=loaded.records,
                                         beat=lambda: journal.beat(database, entry.id), watch=watch)
    reach("D3")
    staging.prove(measured, loaded, part, swap.key)
    return loaded.records


def _decode(ws: Workspace, backup: BackupSet, part: Part, watch: Watch) -> int:
    """On a stand-in in memory: decode and compare, which is what it can do."""
    content = Content.of_batches(contents.documents(ws, backup, part.key, watch=watch))
    if part.content_sha256:
        staging.check(content, Content.of_part(part), part.key)
    return content.records
