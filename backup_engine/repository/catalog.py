"""Which backups exist: listing, finding, and the few steps that make, amend or remove one.

Looking into the folders is ``listing``'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from backup_engine.errors import BackupFileNotFound, BadInput, NoBackupsFound, VerificationFailed
from backup_engine.model import DAYS, BackupSet, Source
from backup_engine.repository import intents, manifest, manifest_reader
from backup_engine.repository.intents import Intent
from backup_engine.repository.listing import Listing
from backup_engine.storage.base import STATE, Storage

_WEEK = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_ASIDE = ("pre_restore", "imported")
"""Triggers that count neither as the last backup nor as the newest good one."""

Mine = Callable[[BackupSet], bool]
"""Whether a set belongs to the database that asks; ``Owner.owns``."""


class Catalog:
    """The sets in one storage. Safe to share between threads."""

    def __init__(self, storage: Storage, sources: tuple[Source, ...], role: str = "") -> None:
        self.storage = storage
        self.sources = sources
        self.role = role
        self.clean: dict[str, object] = {}
        """Stamps of the folders that hold no temporary files; see ``intents.recover``."""
        self._listing = Listing(storage, sources, role)
        self._last: tuple[tuple[object, ...], BackupSet | None] | None = None

    @property
    def unreadable(self) -> Mapping[str, str]:
        """Folders that could not be listed in the last look, and why."""
        return self._listing.unreadable

    def sets(self, *, fresh: bool = True) -> list[BackupSet]:
        """Give every set in any folder, oldest first: legacy by label, then by ``seq``.

        Not ``fresh``, folders in which no name came or went are not looked at again for a minute. That is for runs and
        pages beside thousands of sets; nothing is restored from it.
        """
        return self._listing.sets(fresh=fresh)

    def is_whole(self, backup: BackupSet) -> bool:
        """Whether the files of a complete set lie there in their sizes now, and not only when they were last listed."""
        return self._listing.is_whole(backup)

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
        sets = list(reversed(self.sets()))
        for backup in sets:
            if wanted in (backup.backup_id, backup.label) and folder in (None, backup.day):
                return backup
        for backup in sets:  # by an id it had before it was resealed: the journal may still use it
            if wanted and wanted in backup.originals and backup.usable:
                return backup
        raise NoBackupsFound(f"there is no backup {wanted!r:.80} in {self.storage.describe()}")

    def last(self, mine: Mine, *, fresh: bool = True, continuous: bool = False) -> BackupSet | None:
        """Give the set that decides when the next is due: none of those made continuously, unless asked for.

        Not ``fresh``, the answer is remembered until a name comes or goes in one of the folders: for page loads.
        """
        # before the look: what comes or goes during it makes the next look differ
        stamps = (mine, continuous, *(self.storage.stamp(folder) for folder in DAYS))
        if not fresh and None not in stamps and self._last is not None and self._last[0] == stamps:
            return self._last[1]
        usual = [backup for backup in self.sets(fresh=fresh)
                 if backup.state in ("complete", "newer") and _counts(backup) and mine(backup)
                 and (continuous or backup.trigger != manifest.CONTINUOUS)]
        self._last = (stamps, usual[-1] if usual else None)
        return self._last[1]

    def newest_good(self, mine: Mine) -> BackupSet | None:
        """Give the newest complete set that was not made by a restore or an import."""
        good = [backup for backup in self.sets(fresh=False)
                if backup.state == "complete" and _counts(backup) and mine(backup)]
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

    def why_empty(self, mine: Mine = lambda _: True, *, advice: bool = True) -> str:
        """Say where was looked and why nothing there can be used without being named.

        ``mine`` tells the sets of this database from those of others.
        """
        where = self.storage.describe()
        if self.unreadable:
            return f"{where} cannot be read: {next(iter(self.unreadable.values()))}"
        sets = self.sets()
        kinds = Counter(_kind_in_words(backup, mine) for backup in sets if backup.usable)
        held = [f"{count} {kind if count == 1 else kind.replace('backup', 'backups')}" for kind, count in kinds.items()]
        unusable = sum(not backup.usable for backup in sets)
        if unusable:
            held.append(f"{unusable} damaged or unfinished")
        name_one = "; name one" if kinds and advice else ""
        return f"{where} holds {', '.join(held)}{name_one}" if held else f"{where} is empty"

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
        return manifest_reader.parse(day, label, data, self.sources, self.role)

    def keep_copy(self, backup: BackupSet) -> None:
        """Put the second copy of the metadata into ``.state``."""
        self.storage.put(STATE, backup.metadata_file, manifest.encode(backup.metadata))

    def amend(self, backup: BackupSet, **changes: Any) -> BackupSet:
        """Rewrite single metadata keys (``pinned``, ``comment``, ``warnings``), copy included."""
        if backup.state != "complete":
            raise BadInput(f"backup {backup.label} is {backup.state}: only complete backups can be changed")
        data = manifest.encode({**backup.metadata, **changes})
        self.storage.put(backup.day, backup.metadata_file, data)
        self.storage.put(STATE, backup.metadata_file, data)
        return manifest_reader.parse(backup.day, backup.label, data, self.sources, self.role)

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


def _kind_in_words(backup: BackupSet, mine: Mine) -> str:
    if not mine(backup):
        return "backup of another database"
    words = {"imported": "imported backup", "pre_restore": "safety backup"}
    return words.get(backup.trigger, "backup of the original system" if backup.state == "legacy" else "backup")


def _counts(backup: BackupSet) -> bool:
    return backup.trigger not in _ASIDE


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
