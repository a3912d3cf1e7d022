"""Which backups exist: listing, finding, and the few steps that make, amend or remove one.

Listing trusts nothing in the folder and never fails because of its contents. It reads a metadata file once and then
again only when its size or time changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, BinaryIO

from backup_engine.errors import BackupError, BackupFileNotFound, BadInput, NoBackupsFound, VerificationFailed
from backup_engine.model import DAYS, BackupSet, Part, Source
from backup_engine.repository import intents, manifest, manifest_reader
from backup_engine.repository.intents import Intent
from backup_engine.storage.base import STATE, Entry, Storage

_WEEK = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_ASIDE = ("pre_restore", "imported")
"""Triggers that count neither as the last backup nor as the newest good one."""

Mine = Callable[[BackupSet], bool]
"""Whether a set belongs to the database that asks; ``Owner.owns``."""


class Catalog:
    """The sets in one storage. Safe to share between threads."""

    def __init__(self, storage: Storage, sources: tuple[Source, ...]) -> None:
        self.storage = storage
        self.sources = sources
        self.unreadable: dict[str, str] = {}
        """Folders that could not be listed in the last look, and why."""
        self._parsed: dict[tuple[str, Entry], BackupSet] = {}
        self._last: tuple[tuple[object, ...], BackupSet | None] | None = None

    def sets(self) -> list[BackupSet]:
        """Give every set in any folder, oldest first: legacy by label, then by ``seq``."""
        try:
            state = {entry.name for entry in self.storage.entries(STATE)}
        except BackupError:  # the sets lie in the folders of the days, and are listed without it
            state = set()
        claimed = intents.labels(state)
        sets: list[BackupSet] = []
        parsed: dict[tuple[str, Entry], BackupSet] = {}
        unreadable: dict[str, str] = {}
        for day in DAYS:
            try:
                entries = {entry.name: entry for entry in self.storage.entries(day)}
            except BackupError as problem:
                unreadable[day] = problem.message
                continue
            sets += self._with_metadata(day, entries, parsed)
            sets += _without_metadata(day, entries, claimed, state, self.sources)
        self._parsed, self.unreadable = parsed, unreadable
        return sorted(sets, key=lambda backup: (backup.seq, backup.state != "legacy", backup.label))

    def by_day(self, wanted: Mine) -> dict[str, list[dict[str, Any]]]:
        """Give metadata dicts, newest first, by the folder they lie in, ``sunday`` … ``saturday``.

        Each carries besides its own keys ``backup_id``, ``label``, ``folder`` and ``state``.
        """
        days: dict[str, list[dict[str, Any]]] = {day: [] for day in _WEEK}
        for backup in reversed(self.sets()):
            if wanted(backup) and (backup.usable or backup.state == "newer"):
                about = {"backup_id": backup.backup_id, "label": backup.label, "folder": backup.day,
                         "state": backup.state}
                days[backup.day].append({**backup.metadata, **about})
        return days

    def find(self, which: str | Mapping[str, Any]) -> BackupSet:
        """Find a set by backup_id, by label, or by a metadata dict. Raises ``NoBackupsFound`` or ``BadInput``."""
        wanted, folder = _identity(which)
        for backup in reversed(self.sets()):
            if wanted in (backup.backup_id, backup.label) and folder in (None, backup.day):
                return backup
        raise NoBackupsFound(f"there is no backup {wanted!r} in {self.storage.describe()}")

    def last(self, mine: Mine, *, fresh: bool = True) -> BackupSet | None:
        """Give the set that decides when the next is due.

        Not ``fresh``, the answer is remembered until a name comes or goes in one of the folders: for page loads.
        """
        # before the look: what comes or goes during it makes the next look differ
        stamps = (mine, *(self.storage.stamp(folder) for folder in DAYS))
        if not fresh and None not in stamps and self._last is not None and self._last[0] == stamps:
            return self._last[1]
        usual = [backup for backup in self.sets()
                 if backup.state in ("complete", "newer") and _counts(backup) and mine(backup)]
        self._last = (stamps, usual[-1] if usual else None)
        return self._last[1]

    def newest_good(self, mine: Mine) -> BackupSet | None:
        """Give the newest complete set that was not made by a restore or an import."""
        good = [backup for backup in self.sets() if backup.state == "complete" and _counts(backup) and mine(backup)]
        return good[-1] if good else None

    def latest(self, trigger: str, mine: Mine) -> BackupSet | None:
        """Give the newest complete set made for that reason."""
        made = [backup for backup in self.sets()
                if backup.state == "complete" and backup.trigger == trigger and mine(backup)]
        return made[-1] if made else None

    def base_of(self, backup: BackupSet) -> BackupSet:
        """Give the full set a differential rests on, or the set itself. Raises ``VerificationFailed`` naming it."""
        if backup.kind != "differential":
            return backup
        for base in self.sets():
            if base.backup_id == backup.base:
                if base.state == "complete" and base.kind == "full":
                    return base
                raise VerificationFailed(f"the full backup {base.label} it rests on is {base.state}: {base.problem}")
        raise VerificationFailed(f"the full backup {backup.base} it rests on is missing")

    def why_empty(self) -> str:
        """Say where was looked and why nothing there can be used."""
        where = self.storage.describe()
        if self.unreadable:
            return f"{where} cannot be read: {next(iter(self.unreadable.values()))}"
        unusable = sum(not backup.usable for backup in self.sets())
        return f"{where} holds {unusable} damaged or unfinished" if unusable else f"{where} is empty"

    def open_part(self, backup: BackupSet, key: str) -> BinaryIO:
        """Open the stored bytes of one collection. Raises ``BackupFileNotFound`` or ``PermissionDenied``."""
        part = backup.parts.get(key)
        if part is None or part.file is None:
            raise BackupFileNotFound(f"backup {backup.label} has no file for {key}")
        if not manifest.is_part_name(part.file, key, backup.label):
            raise BackupFileNotFound(f"{part.file!r} is not a file of backup {backup.label}")
        return self.storage.open(backup.day, part.file)

    def commit(self, day: str, label: str, metadata: Mapping[str, Any]) -> BackupSet:
        """Publish the metadata: from here on the set exists. Its files must be published and synced before.

        Raises ``FileExistsError`` when that label has metadata already.
        """
        data = manifest.encode(metadata)
        draft = self.storage.draft(day, label)
        try:
            draft.write(data)
            draft.sync()
            draft.publish(manifest.metadata_name(label))
        finally:
            draft.discard()
        self.storage.sync(day)
        return manifest_reader.parse(day, label, data, self.sources)

    def keep_copy(self, backup: BackupSet) -> None:
        """Put the second copy of the metadata into ``.state``."""
        self.storage.put(STATE, backup.metadata_file, manifest.encode(backup.metadata))

    def amend(self, backup: BackupSet, **changes: Any) -> BackupSet:
        """Rewrite single metadata keys (``pinned``, ``warnings``), copy included."""
        if backup.state != "complete":
            raise BadInput(f"backup {backup.label} is {backup.state}: only complete backups can be changed")
        data = manifest.encode({**backup.metadata, **changes})
        self.storage.put(backup.day, backup.metadata_file, data)
        self.storage.put(STATE, backup.metadata_file, data)
        return manifest_reader.parse(backup.day, backup.label, data, self.sources)

    def remove(self, backup: BackupSet) -> None:
        """Remove a set: metadata first, then its files, then the copy. A crash on the way is finished by recovery."""
        names = tuple(part.file for part in backup.parts.values() if part.file)
        intent = Intent(backup.label, backup.day, (backup.metadata_file, *names), "remove")
        # a run that died may have left one for this label: it names the same files
        with suppress(FileExistsError):
            intents.claim(self.storage, intent)
        for name in intent.files:
            self.storage.delete(backup.day, name)
            self.storage.sync(backup.day)  # after each: the metadata must be gone from the disk before a file is
        self.storage.delete(STATE, backup.metadata_file)
        intents.clear(self.storage, backup.label)

    def _with_metadata(
        self, day: str, entries: Mapping[str, Entry], parsed: dict[tuple[str, Entry], BackupSet]
    ) -> Iterable[BackupSet]:
        for name, entry in entries.items():
            label = manifest.label_in_metadata_name(name)
            if label is None:
                continue
            known = self._parsed.get((day, entry)) or self._read(day, label, entry)
            if known is None:
                continue
            parsed[day, entry] = known
            yield _with_files(known, entries)

    def _read(self, day: str, label: str, entry: Entry) -> BackupSet | None:
        if entry.size > manifest.MAX_BYTES:
            return manifest_reader.damaged(day, label, "its metadata cannot be read: the file is too large")
        try:
            with self.storage.open(day, entry.name) as file:
                return manifest_reader.parse(day, label, file.read(), self.sources)
        except BackupFileNotFound:  # removed since the folder was listed
            return None
        except BackupError as problem:
            return manifest_reader.damaged(day, label, f"its metadata cannot be read: {problem.message}")


def _counts(backup: BackupSet) -> bool:
    return backup.trigger not in _ASIDE


def _with_files(backup: BackupSet, entries: Mapping[str, Entry]) -> BackupSet:
    """Compare what the metadata promises with what lies in the folder, by name and size."""
    if backup.state == "legacy":
        return _legacy_with_files(backup, entries)
    if backup.state != "complete":
        return backup
    for part in backup.parts.values():
        entry = entries.get(part.file or "")
        if entry is None:
            return replace(backup, state="damaged", problem=f"Backup file not found: {part.file}")
        if entry.size != part.stored_bytes:
            problem = f"{part.file} has {entry.size} bytes instead of {part.stored_bytes}"
            return replace(backup, state="damaged", problem=problem)
    return backup


def _legacy_with_files(backup: BackupSet, entries: Mapping[str, Entry]) -> BackupSet:
    """The original system wrote no file for an empty collection; a lost file leaves the other collection usable."""
    parts = {
        key: part if part.records or part.file in entries else replace(part, file=None)
        for key, part in backup.parts.items()
    }
    lost = [part.file or f"for {key}" for key, part in parts.items() if part.records and part.file not in entries]
    if not lost:
        return replace(backup, parts=parts) if parts != backup.parts else backup
    usable = any(part.file in entries for part in parts.values())
    problem = f"Backup file not found: {', '.join(lost)}"
    return replace(backup, parts=parts, problem=problem, state="legacy" if usable else "damaged")


def _without_metadata(
    day: str, entries: Mapping[str, Entry], claimed: set[str], state: set[str], sources: tuple[Source, ...]
) -> Iterable[BackupSet]:
    collections = {source.key: source.collection for source in sources}
    parts: dict[str, dict[str, Part]] = {}
    for name, entry in entries.items():
        key, label = manifest.split_part_name(name) or ("", "")
        if key in collections and label not in claimed and manifest.metadata_name(label) not in entries:
            part = Part(key, collections[key], name, 0, stored_bytes=entry.size)
            parts.setdefault(label, {})[key] = part
    for label, by_key in parts.items():
        copy = manifest.metadata_name(label) in state
        advice = "a copy can be put back with repair" if copy else "repair can turn the files into a backup"
        problem = f"its metadata file is missing; {advice}"
        yield manifest_reader.damaged(day, label, problem, parts=by_key, state="damaged" if copy else "orphan")


def _identity(which: str | Mapping[str, Any]) -> tuple[str, str | None]:
    if isinstance(which, str):
        return which, None
    if not isinstance(which, Mapping):
        raise BadInput("a backup is named by its id, its label, or an entry of the list of backups")
    folder = which.get("folder")
    for key in ("backup_id", "label"):
        if isinstance(which.get(key), str):
            return which[key], folder if isinstance(folder, str) else None
    for key, value in which.items():
        named = manifest.split_part_name(value) if str(key).endswith("_file") and isinstance(value, str) else None
        if named:
            return named[1], None
    raise BadInput("this metadata names no backup: backup_id, label or a file name is needed")
