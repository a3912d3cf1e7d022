"""Restore from elsewhere: take in sets from a zip or a folder, of this product or of the original system.

The files are unpacked aside and verified there; only a sound set comes in. A set of this product is written anew,
under the moment it was made, pinned and marked as imported, and must come out with the same content; so other
compression, another key, or a differential with its full set arrive as one full set like any other here. A set of the
original system comes in as it is.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from backup_engine import verify
from backup_engine.deeds import told
from backup_engine.errors import VerificationFailed
from backup_engine.locking.locks import Hold, hold
from backup_engine.making.write_set import write_documents
from backup_engine.model import DAYS, SILENT, BackupSet, Watch
from backup_engine.records.content_sum import same_content
from backup_engine.repository import contents, intents, manifest
from backup_engine.repository.catalog import Catalog
from backup_engine.repository.intents import Intent
from backup_engine.repository.unpacking import copy_to, found_in
from backup_engine.storage.local import LocalStorage
from backup_engine.workspace import Workspace

log = logging.getLogger(__name__)

__all__ = ["import_set", "import_sets"]

ORIGIN = "taken in from elsewhere:"


def import_set(ws: Workspace, source: Path | str | BinaryIO, *, watch: Watch = SILENT) -> BackupSet:
    """Take in a backup and give it as it is listed here; of several the newest (see ``import_sets``)."""
    return import_sets(ws, source, watch=watch)[-1]


@told("backup.import")
def import_sets(ws: Workspace, source: Path | str | BinaryIO, *, watch: Watch = SILENT) -> list[BackupSet]:
    """Take in every set of a zip (path or stream) or folder, oldest first, after all have been verified.

    A set that is here already is not taken in twice. Raises ``BadInput`` for what is no backup,
    ``VerificationFailed`` and its kin for one that is not sound, ``WrongKey``, ``NoSpace``, ``Busy``.
    """
    with _unpacked(ws, source, watch) as aside:
        needed = [backup for backup in aside.catalog.sets() if backup.state != "orphan"]
        for backup in needed:
            _bring_base(ws, aside, backup, watch)
            verify.require(aside, backup, 2, watch=watch)
            _require_usable(backup)
        with hold(ws, "import") as held:  # not before: no backup waits while a zip is unpacked and verified
            return [_take_in(ws, held, aside, backup, watch) for backup in needed]


@contextmanager
def _unpacked(ws: Workspace, source: Path | str | BinaryIO, watch: Watch) -> Iterator[Workspace]:
    with found_in(source) as files, TemporaryDirectory(prefix="equipment-import-") as folder:
        place = LocalStorage(folder)
        copy_to(place, files, watch=watch)
        yield replace(ws, storage=place, catalog=Catalog(place, ws.sources), annex=None)


def _require_usable(backup: BackupSet) -> None:
    if not backup.usable:
        raise VerificationFailed(f"backup {backup.label} is {backup.state}: {backup.problem}")


def _bring_base(ws: Workspace, aside: Workspace, backup: BackupSet, watch: Watch) -> None:
    """Put the full set a differential rests on beside it when only we have that."""
    if backup.kind != "differential" or any(candidate.backup_id == backup.base for candidate in aside.catalog.sets()):
        return
    base = next((candidate for candidate in ws.catalog.sets()
                 if candidate.backup_id == backup.base and candidate.state == "complete"), None)
    if base is None:
        return
    watch.step("Looking for the full backup it rests on")
    for key, part in base.parts.items():
        draft = aside.storage.draft(base.day, "base")
        try:
            with ws.catalog.open_part(base, key) as file:
                while chunk := file.read(1 << 20):
                    draft.write(chunk)
            draft.publish(str(part.file))
        finally:
            draft.discard()
    aside.storage.put(base.day, base.metadata_file, manifest.encode(base.metadata))


def _take_in(ws: Workspace, held: Hold, aside: Workspace, backup: BackupSet, watch: Watch) -> BackupSet:
    here = _already_here(ws, backup)
    if here is not None:
        return here
    if backup.state == "legacy":
        return _copy(ws, aside, backup, watch)
    return _write_anew(ws, held, aside, backup, watch)


def _already_here(ws: Workspace, backup: BackupSet) -> BackupSet | None:
    for candidate in ws.catalog.sets():
        if not candidate.usable or candidate.state != backup.state:
            continue
        if backup.state == "legacy":
            same = _plain(candidate.metadata) == _plain(backup.metadata)
        else:
            same = bool(_origins(candidate) & _origins(backup))
        if same:
            return candidate
    return None


def _write_anew(ws: Workspace, held: Hold, aside: Workspace, backup: BackupSet, watch: Watch) -> BackupSet:
    known = [source.key for source in ws.sources if source.key in backup.parts]
    left = sorted(set(backup.parts) - set(known))
    notes = (*sorted(_origins(backup)), *(f"its collection {key} is not kept here and was left out" for key in left))
    moment = backup.started.astimezone(ws.clock().tzinfo)
    dated = replace(ws, clock=lambda: moment)  # label, folder and start are taken from the clock
    documents = {key: contents.documents(aside, backup, key, watch=watch) for key in known}
    made = write_documents(dated, held, documents, like=backup, warnings=notes, watch=watch)
    if not all(same_content(made.parts[key], backup.parts[key]) for key in known):
        ws.catalog.remove(made)
        raise VerificationFailed(f"backup {backup.label} came out with other content than it had")
    return made


def _copy(ws: Workspace, aside: Workspace, backup: BackupSet, watch: Watch) -> BackupSet:
    """Bring a set of the original system in, file by file, metadata last; under the next free second if need be."""
    label, day, intent = _claim(ws, backup)
    try:
        for key, part in backup.parts.items():
            if part.file is None:
                continue
            watch.step("Taking in", 0, part.records)
            draft = ws.storage.draft(day, label)
            try:
                with aside.catalog.open_part(backup, key) as file:
                    while chunk := file.read(1 << 20):
                        draft.write(chunk)
                draft.sync()
                draft.publish(part.file.replace(backup.label, label))
            finally:
                draft.discard()
        ws.storage.sync(day)  # the files first: the metadata is what makes them a set
        ws.storage.put(day, manifest.metadata_name(label), _legacy_metadata(backup, label), exclusive=True)
    except BaseException:  # Ctrl-C as well: nothing half copied stays
        intents.abandon(ws.storage, intent)
        raise
    intents.clear(ws.storage, label)
    return ws.catalog.find({"label": label, "folder": day})


def _claim(ws: Workspace, backup: BackupSet) -> tuple[str, str, Intent]:
    moment = datetime.strptime(backup.label, manifest.LABEL)
    while True:
        label, day = manifest.label_of(moment), manifest.day_of(moment)
        taken = any(label in entry.name for folder in DAYS for entry in ws.storage.entries(folder))
        files = tuple(part.file.replace(backup.label, label) for part in backup.parts.values() if part.file)
        intent = Intent(label, day, (manifest.metadata_name(label), *files), run=secrets.token_hex(16))
        try:
            if not taken:
                intents.claim(ws.storage, intent)
                return label, day, intent
        except FileExistsError:
            log.info("another host took the label %s a moment ago", label)
        moment += timedelta(seconds=1)


def _legacy_metadata(backup: BackupSet, label: str) -> bytes:
    renamed = {name: value.replace(backup.label, label) if name.endswith("_file") and isinstance(value, str) else value
               for name, value in backup.metadata.items()}
    marked = {**renamed, "trigger": "imported", "pinned": True}
    return (json.dumps(marked, ensure_ascii=False, indent=2) + "\n").encode()


def _plain(metadata: Any) -> dict[str, Any]:
    """What identifies a legacy set wherever it lies: its keys without names of files and what an import adds."""
    return {name: value for name, value in metadata.items()
            if not name.endswith("_file") and name not in ("trigger", "pinned")}


def _origins(backup: BackupSet) -> set[str]:
    """What names a set in every folder it was taken into: written anew it has an id of its own.

    Where it came from stands in its warnings, and where that came from as well, so that it can come home.
    """
    own = f"{ORIGIN} backup {backup.label}, id {backup.backup_id}"
    before = backup.warnings if backup.trigger == "imported" else ()
    return {own, *(warning for warning in before if warning.startswith(ORIGIN))}
