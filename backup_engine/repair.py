"""Mending what can be mended, never over the old.

* Metadata that is lost or damaged comes back from its copy in the state folder, if the files are those it describes.
* A CSV without metadata and without a copy becomes a new set: of this product's format with types guessed from the
  text, of the original system by eight keys beside it.
* Damaged files give their readable rows to a new, pinned set, and the result says how many rows are missing.
* Of the set of the application's own data that goes with it the metadata comes back from its copy as well. What is
  damaged beyond that is named and never rests under a later one; no new set is made of its readable rows, because an
  account that is missing in it would be taken for one that is to be disabled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from backup_engine.deeds import told
from backup_engine.errors import BackupFileNotFound, BadInput, NewerFormat, VerificationFailed
from backup_engine.keys.proofs import needs_key
from backup_engine.locking import locks
from backup_engine.making.write_set import write_documents
from backup_engine.model import SILENT, BackupSet, Part, Watch
from backup_engine.repository import companions, legacy, manifest, manifest_reader
from backup_engine.repository.manifest import Origin
from backup_engine.repository.salvage import Salvage, guessed_documents
from backup_engine.repository.type_guess import is_ours
from backup_engine.storage.base import STATE
from backup_engine.verify import Verification, verify, with_companion
from backup_engine.workspace import Workspace

__all__ = ["Repaired", "repair"]

Action = Literal["nothing", "metadata", "legacy", "salvaged"]
BATCH = 1_000
SHOWN = 20
GUESSED = "its metadata was lost: the types of the values were guessed from their text"


@dataclass(frozen=True)
class Repaired:
    """What was done: the set as it is now, or the new one beside it."""

    backup: BackupSet
    action: Action
    message: str
    lost: Mapping[str, int] = field(default_factory=dict)
    """Rows that could not be read, by collection key."""
    beside: str = ""
    """What is wrong with the application's own data that goes with it; empty when nothing is."""


@told("backup.repair")
def repair(ws: Workspace, backup: BackupSet, *, watch: Watch = SILENT) -> Repaired:
    """Mend one set under the locks. Works with the database down.

    Raises ``NewerFormat``, ``WrongKey``, ``VerificationFailed`` when nothing can be brought back, ``Busy``.
    """
    if backup.state == "newer":
        raise NewerFormat(f"backup {backup.label}", hint="Update this program and try again.")
    with locks.hold(ws, "repair", wait=5) as held:
        done = _repaired(ws, held, backup, watch)
        # a new set of readable rows has none of its own
        return _with_companion(ws, done, done.backup if done.backup.companion else backup, watch)


def _repaired(ws: Workspace, held: locks.Hold, backup: BackupSet, watch: Watch) -> Repaired:
    # No hash: the metadata cannot be read. Sets of the original system never had one.
    if _is_unreadable(backup) and backup.state != "legacy":
        mended = _from_copy(ws, backup)
        if mended is not None:
            return Repaired(mended, "metadata", f"The metadata of backup {mended.label} is back from its copy.")
        return _without_metadata(ws, held, _orphan(ws, backup), watch)
    verification = verify(ws, backup, 2, watch=watch, companion=False)
    if verification.ok and (backup.state != "damaged"):
        return Repaired(backup, "nothing", f"Backup {backup.label} is sound; nothing was changed.")
    return _salvage(ws, held, verification, watch)


def _is_unreadable(backup: BackupSet) -> bool:
    return not any(part.stored_sha256 for part in backup.parts.values())


def _with_companion(ws: Workspace, done: Repaired, backup: BackupSet, watch: Watch) -> Repaired:
    """Mend the metadata of what goes with a set, and say what is wrong with it beyond that."""
    own, annex = ws.application, ws.annex
    if own is None or annex is None or not backup.companion:
        return done
    mended = [_mend(own, backup.companion)]
    found = companions.of(ws, backup)
    mended += [_mend(own, found.base)] if found is not None and found.base else []
    said = [f"{annex.about.called}: the metadata of their backup {label} is back from its copy"
            for label in filter(None, mended)]
    level = 1 if found is not None and needs_key(own, found) else 2
    checked = with_companion(ws, Verification(backup, level), watch=watch)
    trouble = "; ".join(damage.message for damage in checked.beside)
    said += [f"{trouble}. Nothing of it can be mended here; the next backup saves them anew"] if trouble else []
    message = " ".join((done.message, *(f"{words[:1].upper()}{words[1:]}." for words in said)))
    return replace(done, message=message, beside=trouble, action="metadata" if said and not trouble else done.action)


def _mend(own: Workspace, backup_id: str) -> str:
    """Put the metadata of that set back from its copy where it cannot be read; gives the label when it was."""
    for known in own.catalog.sets():
        if _is_unreadable(known) and (copy := _copy(own, known)) is not None and copy[0].backup_id == backup_id:
            mended = _from_copy(own, known)
            return mended.label if mended is not None else ""
    return ""


def _copy(ws: Workspace, backup: BackupSet) -> tuple[BackupSet, bytes] | None:
    """Give the copy of its metadata, as it would be listed."""
    try:
        with ws.storage.open(STATE, backup.metadata_file) as file:
            data = file.read(manifest.MAX_BYTES)  # in the place of a copy may lie anything, of any size
    except BackupFileNotFound:
        return None
    return manifest_reader.parse(backup.day, backup.label, data, ws.sources, ws.role), data


def _from_copy(ws: Workspace, backup: BackupSet) -> BackupSet | None:
    """Put the copy in the place of the metadata when files of the names it gives lie there.

    Of what size and with what content is the business of the listing and of ``verify``, which name what differs.
    """
    found = _copy(ws, backup)
    if found is None:
        return None
    copied, data = found
    sizes = {entry.name: entry.size for entry in ws.storage.entries(backup.day)}
    if copied.state != "complete" or any(sizes.get(part.file or "") is None for part in copied.parts.values()):
        return None
    _set_aside(ws, backup)
    ws.storage.put(backup.day, backup.metadata_file, data)
    return ws.catalog.find({"backup_id": copied.backup_id, "folder": backup.day})


def _set_aside(ws: Workspace, backup: BackupSet) -> None:
    """Keep a damaged metadata file under another name: nothing that was found is thrown away."""
    try:
        with ws.storage.open(backup.day, backup.metadata_file) as file:
            ws.storage.put(STATE, f"damaged_{backup.metadata_file}", file.read(manifest.MAX_BYTES))
    except BackupFileNotFound:
        return


def _orphan(ws: Workspace, backup: BackupSet) -> BackupSet:
    """Name the files of that label that lie in the folder, whatever its metadata says."""
    collections = {source.key: source.collection for source in ws.sources}
    parts = {}
    for entry in ws.storage.entries(backup.day):
        key, label = manifest.split_part_name(entry.name) or ("", "")
        if label == backup.label and key in collections:
            parts[key] = Part(key, collections[key], entry.name, 0, stored_bytes=entry.size)
    if not parts:
        raise VerificationFailed(f"backup {backup.label} has neither readable metadata nor any data file")
    return manifest_reader.damaged(backup.day, backup.label, backup.problem, parts=parts, state="orphan")


def _without_metadata(ws: Workspace, held: locks.Hold, orphan: BackupSet, watch: Watch) -> Repaired:
    if not any(is_ours(ws, orphan, part) for part in orphan.parts.values()):
        return _as_legacy(ws, orphan, watch)
    rows = {key: Salvage(ws, orphan, part, guessed_documents(ws, orphan, part, watch))
            for key, part in orphan.parts.items()}
    return _write_new(ws, held, orphan, rows, (GUESSED,), watch)


def _as_legacy(ws: Workspace, orphan: BackupSet, watch: Watch) -> Repaired:
    """Write the eight keys of the original system beside its files."""
    counts = {key: _count(ws, orphan, key, watch) for key in orphan.parts}
    metadata: dict[str, object] = {
        "backup_timestamp": orphan.started.astimezone().replace(tzinfo=None).isoformat(timespec="microseconds"),
        "backup_interval_hours": 1, "day_of_week": orphan.day, "backup_hash": "", "warnings": [GUESSED],
    }
    for source in ws.sources:
        metadata[f"{source.key}_records_count"] = counts.get(source.key, 0)
        name = orphan.parts[source.key].file if source.key in orphan.parts else None
        metadata[f"{source.key}_file"] = name or manifest.part_name(source.key, orphan.label)
    _set_aside(ws, orphan)
    ws.storage.put(orphan.day, orphan.metadata_file, (json.dumps(metadata, indent=1) + "\n").encode())
    mended = ws.catalog.find({"label": orphan.label, "folder": orphan.day})
    return Repaired(mended, "legacy", f"Backup {mended.label} can be used again; {GUESSED}.")


def _count(ws: Workspace, orphan: BackupSet, key: str, watch: Watch) -> int:
    number = 0
    for number, _ in legacy.open_table(lambda: ws.catalog.open_part(orphan, key)).rows:
        if number % BATCH == 0:
            watch.step("Reading the file", number)
    return number


def _salvage(ws: Workspace, held: locks.Hold, verification: Verification, watch: Watch) -> Repaired:
    """Bring what can be read into a new set; hashes prove blocks, not single rows, so a damaged block is named."""
    backup = verification.backup
    if backup.state == "legacy":
        raise BadInput(f"Backup {backup.label} is of the original system and its file cannot be mended here: "
                       "correct the row that was named, or merge what it has.")
    rows = {key: Salvage(ws, backup, part) for key, part in backup.parts.items()}
    doubtful = [f"in {damage.key}, rows {first:,}–{last:,} lie in a damaged block: a value there may be altered"
                for damage in verification.problems for first, last in damage.rows]
    return _write_new(ws, held, backup, rows, tuple(doubtful[:SHOWN]), watch)


def _write_new(
    ws: Workspace, held: locks.Hold, old: BackupSet, rows: Mapping[str, Salvage], warnings: tuple[str, ...],
    watch: Watch,
) -> Repaired:
    """Write one new set; a collection of which nothing can be read is left out, so that nobody restores emptiness."""
    readable = {key: batches for key, salvage in rows.items() if (batches := salvage.readable(watch)) is not None}
    if not readable:
        raise VerificationFailed(f"nothing can be read of backup {old.label}")
    new = write_documents(
        ws, held, readable, trigger="imported", pinned=True, like=old if old.metadata else None,
        origin=Origin.of(old) if old.database else None,
        warnings=(f"repaired from backup {old.label}", *warnings), watch=watch,
    )
    lost = {key: salvage.lost for key, salvage in rows.items()}
    notes = (*warnings, *dict.fromkeys(note for salvage in rows.values() for note in salvage.notes))
    counts = ", ".join(f"{count:,} {key}" for key, count in new.counts.items())
    gone = ", ".join(f"{count:,} {key}" for key, count in lost.items() if count)
    words = f"Backup {new.label} holds what could be read of {old.label}: {counts}"
    words += f"; could not be read: {gone}." if gone else "; no row is missing."
    return Repaired(new, "salvaged", " ".join((words, *(f"Note: {note}." for note in notes))), lost)
