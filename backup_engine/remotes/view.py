"""A remote as a folder of backups that can only be read: what lies there, listed and opened like any other.

Files are read by ranges, as far as somebody reads. What is read so is not compared with anything: ``verify`` does that,
or fetching the set as a whole.

In a remote two sets may bear one label, of two installations or because somebody forged one; in a folder their files
would have one name. One of them is shown, and of the others it is told.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, BinaryIO, cast

from backup_engine.errors import BackupFileNotFound
from backup_engine.model import BackupSet
from backup_engine.remotes.entries import Entry, RemoteFile
from backup_engine.remotes.target import Target
from backup_engine.repository import manifest
from backup_engine.storage.base import APP, Entry as File, Storage
from backup_engine.storage.memory import MemoryStorage
from backup_engine.storage.read_only import ReadOnly

__all__ = ["RemoteView", "metadata_of"]

RANGE_BYTES = 1 << 20


class RemoteView(ReadOnly):
    """What lay in a remote when somebody first looked; a ``Storage`` that refuses to be written.

    ``look`` gives what lies there; ``own`` is a view of the application's own data in the same remote. Of sets with one
    label that is shown which comes highest by ``rank``, then one that is whole, then the one that was found first.
    """

    hint = "Fetch the backup first."

    def __init__(
        self, target: Target, look: Callable[[], Sequence[Entry]], own: RemoteView | None = None, *,
        rank: Callable[[BackupSet], tuple[bool, ...]] = lambda _: (),
    ) -> None:
        self.target = target
        self._look = look
        self._own = own
        self._rank = rank

    @cached_property
    def found(self) -> Sequence[Entry]:
        """What lies there, oldest first."""
        return self._look()

    @cached_property
    def _shown(self) -> dict[tuple[str, str], Entry]:
        shown: dict[tuple[str, str], Entry] = {}
        for entry in self.found:
            place = _day_of(entry), entry.backup.label
            if place not in shown or self._place(entry) > self._place(shown[place]):
                shown[place] = entry
        return shown

    def _place(self, entry: Entry) -> tuple[bool, ...]:
        return (*self._rank(entry.backup), entry.backup.state == "complete")

    @property
    def hidden(self) -> list[Entry]:
        """What bears the label of another that is shown."""
        return [entry for entry in self.found if self._shown[_day_of(entry), entry.backup.label] is not entry]

    @cached_property
    def _folders(self) -> dict[str, dict[str, tuple[int, bytes | RemoteFile]]]:
        folders: dict[str, dict[str, tuple[int, bytes | RemoteFile]]] = {}
        for (day, _), entry in self._shown.items():
            folder = folders.setdefault(day, {})
            metadata = metadata_of(entry)
            folder[manifest.metadata_name(entry.backup.label)] = (len(metadata), metadata)
            # a damaged set is listed by what of it is there, as in a folder: the listing says what is missing
            whole = entry.backup.state != "damaged"
            folder |= {name: (file.size if whole else -1, file) for name, file in entry.files.items()}
        return folders

    def describe(self) -> str:
        """Give the address."""
        return self.target.store.describe()

    def entries(self, folder: str) -> list[File]:
        """List a day."""
        files = self._folders.get(folder, {})
        return [File(name, size, 0) for name, (size, _) in sorted(files.items())]

    def entries_of(self, folder: str, names: Collection[str]) -> list[File]:
        """List these alone."""
        return [entry for entry in self.entries(folder) if entry.name in names]

    def names(self, folder: str) -> set[str]:
        """List names."""
        return set(self._folders.get(folder, {}))

    def stamp(self, folder: str) -> object:
        """It is as it was at the first look."""
        return id(self)

    def open(self, folder: str, name: str) -> BinaryIO:
        """Open a file for reading by ranges."""
        try:
            _, content = self._folders[folder][name]
        except KeyError:
            raise BackupFileNotFound(f"{self.describe()}: {folder}/{name}") from None
        if isinstance(content, bytes):
            return io.BytesIO(content)
        return cast(BinaryIO, io.BufferedReader(_Ranges(self.target, content), RANGE_BYTES))

    def entry(self, backup_id: str) -> Entry:
        """Give a backup there by its id. Raises ``BackupFileNotFound``."""
        for entry in self.found:
            if entry.backup.backup_id == backup_id:
                return entry
        raise BackupFileNotFound(f"{self.describe()}: {backup_id}")

    def inside(self, name: str) -> Storage:
        """Give the view of the application's own data; there is nothing else within."""
        return self._own if name == APP and self._own is not None else MemoryStorage()


class _Ranges(io.RawIOBase):
    """A file in a remote, read where and as far as it is asked for."""

    def __init__(self, target: Target, file: RemoteFile) -> None:
        self._target = target
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go somewhere; nothing is read yet."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, or less at the end."""
        data = self._target.read(self._file, self._at, len(buffer))
        buffer[:len(data)] = data
        self._at += len(data)
        return len(data)


def _day_of(entry: Entry) -> str:
    return entry.backup.day or manifest.day_of(datetime.strptime(entry.backup.label, manifest.LABEL))


def metadata_of(entry: Entry) -> bytes:
    """The set's own metadata, with what was said of it later; nothing where that cannot be read."""
    if entry.backup.state == "complete" and entry.said_later:
        return manifest.encode(entry.backup.metadata)
    return entry.metadata
