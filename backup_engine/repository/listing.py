"""Looking into the folders of a storage: what lies there is read, compared by name and size, and made into sets.

Listing trusts nothing in the folder and never fails because of its contents. It reads a metadata file once and then
again only when its size or time changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter

from backup_engine.errors import BackupError, BackupFileNotFound
from backup_engine.model import DAYS, BackupSet, Part, Source
from backup_engine.repository import intents, manifest, manifest_reader
from backup_engine.storage.base import STATE, Entry, Storage

__all__ = ["Listing"]

TRUSTED_SECONDS = 60.0
"""How long a folder in which no name came or went counts as unchanged: 2,000 sets are 6,000 files, and to ask for the
size of each takes 0.2 s; a file that was cut meanwhile is noticed after that time, and before anything is restored."""
_rank = attrgetter("rank")


@dataclass(eq=False)
class _Folder:
    """What was seen in the folder of one day; the same object as long as nothing changed there."""

    stamp: object = None
    looked: float = float("-inf")
    entries: dict[str, Entry] = field(default_factory=dict)
    parsed: dict[Entry, BackupSet] = field(default_factory=dict)
    """Sets by the entry of their metadata file, as the file alone describes them."""
    sets: list[BackupSet] = field(default_factory=list)
    bare: dict[str, dict[str, Part]] = field(default_factory=dict)
    """CSV files without metadata: by label, by key."""


class Listing:
    """The sets in one storage. Safe to share between threads."""

    def __init__(self, storage: Storage, sources: tuple[Source, ...], role: str = "") -> None:
        self.unreadable: dict[str, str] = {}
        """Folders that could not be listed in the last look, and why."""
        self._storage = storage
        self._sources = sources
        self._role = role
        self._folders: dict[str, _Folder] = {}
        self._ordered: tuple[list[_Folder], list[BackupSet]] = ([], [])

    def sets(self, *, fresh: bool = True) -> list[BackupSet]:
        """Give every set in any folder, in their order; see ``Catalog.sets``."""
        folders = self._look_at_all(fresh)
        if not any(folder.bare for folder in folders.values()):
            return list(self._in_order(list(folders.values())))
        # Files without metadata, so somebody is writing or has died. Only now are the 2,000 names in .state needed; and
        # before the folders: a run that began in between had named its label there first.
        try:
            state = self._storage.names(STATE)
        except BackupError:  # the sets lie in the folders of the days, and are listed without it
            state = set()
        claimed = intents.labels(state)
        folders = self._look_at_all(fresh=False)
        bare = [orphan for day, folder in folders.items() for orphan in _orphans(day, folder.bare, claimed, state)]
        return sorted([*self._in_order(list(folders.values())), *bare], key=_rank)

    def is_whole(self, backup: BackupSet) -> bool:
        """See ``Catalog.is_whole``."""
        names = {backup.metadata_file, *(part.file for part in backup.parts.values() if part.file)}
        entries = {entry.name: entry for entry in self._storage.entries_of(backup.day, names)}
        return backup.metadata_file in entries and _with_files(backup, entries).state == "complete"

    def _look_at_all(self, fresh: bool) -> dict[str, _Folder]:
        folders: dict[str, _Folder] = {}
        unreadable: dict[str, str] = {}
        for day in DAYS:
            try:
                folders[day] = self._folder(day, fresh)
            except BackupError as problem:
                unreadable[day] = problem.message
        self.unreadable = unreadable
        return folders

    def _in_order(self, folders: list[_Folder]) -> list[BackupSet]:
        """Give the sets of all folders in one order, the same list until something changes in one of them."""
        known, ordered = self._ordered
        if known != folders:  # by identity
            ordered = sorted((backup for folder in folders for backup in folder.sets), key=_rank)
            self._ordered = (folders, ordered)
        return ordered

    def _folder(self, day: str, fresh: bool) -> _Folder:
        known = self._folders.get(day, _Folder())
        stamp = self._storage.stamp(day)  # before the look: what comes or goes during it makes the next look differ
        young = time.monotonic() - known.looked < TRUSTED_SECONDS
        if not fresh and young and stamp is not None and stamp == known.stamp:
            return known
        entries, looked = self._look(day, known, complete=fresh or not young)
        if day in self._folders and entries == known.entries:
            known.stamp, known.looked = stamp, looked
            return known
        seen = _Folder(stamp, looked, entries, bare=_bare(entries, self._sources))
        for name, entry in entries.items():
            label = manifest.label_in_metadata_name(name)
            described = known.parsed.get(entry) or self._read(day, label, entry) if label else None
            if described is not None:
                seen.parsed[entry] = described
                seen.sets.append(_with_files(described, entries))
        self._folders[day] = seen
        return seen

    def _look(self, day: str, known: _Folder, *, complete: bool) -> tuple[dict[str, Entry], float]:
        """Give the files by name, and when all of them were looked at.

        Else only new ones are, and metadata, which is amended under its name; a CSV never is.
        """
        if complete:
            looked = time.monotonic()
            return {entry.name: entry for entry in self._storage.entries(day)}, looked
        names = self._storage.names(day)
        amended = {entry.name for entry in known.parsed}
        kept = {name: entry for name, entry in known.entries.items() if name in names and name not in amended}
        again = self._storage.entries_of(day, names - kept.keys())
        return kept | {entry.name: entry for entry in again}, known.looked

    def _read(self, day: str, label: str, entry: Entry) -> BackupSet | None:
        if entry.size > manifest.MAX_BYTES:
            return manifest_reader.damaged(day, label, "its metadata cannot be read: the file is too large")
        try:
            with self._storage.open(day, entry.name) as file:
                return manifest_reader.parse(day, label, file.read(), self._sources, self._role)
        except BackupFileNotFound:  # removed since the folder was listed
            return None
        except BackupError as problem:
            return manifest_reader.damaged(day, label, f"its metadata cannot be read: {problem.message}")


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


def _bare(entries: Mapping[str, Entry], sources: tuple[Source, ...]) -> dict[str, dict[str, Part]]:
    collections = {source.key: source.collection for source in sources}
    parts: dict[str, dict[str, Part]] = {}
    for name, entry in entries.items():
        key, label = manifest.split_part_name(name) or ("", "")
        if key in collections and manifest.metadata_name(label) not in entries:
            parts.setdefault(label, {})[key] = Part(key, collections[key], name, 0, stored_bytes=entry.size)
    return parts


def _orphans(
    day: str, bare: Mapping[str, dict[str, Part]], claimed: set[str], state: set[str]
) -> Iterator[BackupSet]:
    for label, by_key in bare.items():
        if label in claimed:
            continue  # a run is writing or removing it
        copy = manifest.metadata_name(label) in state
        advice = "a copy can be put back with repair" if copy else "repair can turn the files into a backup"
        problem = f"its metadata file is missing; {advice}"
        yield manifest_reader.damaged(day, label, problem, parts=by_key, state="damaged" if copy else "orphan")
