"""Somebody's backup folder that is only read: the old disk, a stick, a copy. Not one byte of it is changed.

What the folder noted for itself (``.state``) is not believed here, and what a run that died left behind does not show:
both are for whoever writes there.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, NoReturn

from backup_engine.errors import BackupFileNotFound, PermissionDenied
from backup_engine.storage.base import STATE, Draft, Entry, Storage
from backup_engine.storage.local import TEMPORARY

__all__ = ["ReadOnly", "ReadOnlyStorage"]


class ReadOnly:
    """The half of a ``Storage`` that would write, and does not; ``hint`` says what to do instead."""

    hint = ""

    def describe(self) -> str:
        """Name the place: its own business."""
        raise NotImplementedError

    def lock_file(self) -> Path | None:
        """Nothing is written here: nothing to lock."""
        return None

    def draft(self, folder: str, prefix: str) -> Draft:
        """Refuse."""
        self._refuse()

    def put(self, folder: str, name: str, data: bytes, *, exclusive: bool = False) -> None:
        """Refuse."""
        self._refuse()

    def delete(self, folder: str, name: str) -> None:
        """Refuse."""
        self._refuse()

    def sync(self, folder: str) -> None:
        """Nothing was written."""

    def free_bytes(self) -> int | None:
        """Nobody needs to know."""
        return None

    def check_writable(self) -> None:
        """Refuse."""
        self._refuse()

    def refusal(self) -> PermissionDenied | None:
        """It always refuses."""
        return self._refusal()

    def weaknesses(self) -> tuple[str, ...]:
        """Nothing is promised that could be broken."""
        return ()

    def place(self, folder: str, name: str) -> str:
        """As ``describe``."""
        return self.describe()

    @property
    def aside(self) -> str:
        """There is no other."""
        return ""

    def _refusal(self) -> PermissionDenied:
        return PermissionDenied(f"{self.describe()} is only read here", hint=self.hint)

    def _refuse(self) -> NoReturn:
        raise self._refusal()


class ReadOnlyStorage(ReadOnly):
    """A ``Storage`` over another one that refuses to be written."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def describe(self) -> str:
        """Name the other one."""
        return self._storage.describe()

    def entries(self, folder: str) -> list[Entry]:
        """List what bears a final name."""
        return [] if folder == STATE else [entry for entry in self._storage.entries(folder) if _is_final(entry.name)]

    def entries_of(self, folder: str, names: Collection[str]) -> list[Entry]:
        """List these alone."""
        return [] if folder == STATE else self._storage.entries_of(folder, [name for name in names if _is_final(name)])

    def names(self, folder: str) -> set[str]:
        """List names."""
        return set() if folder == STATE else {name for name in self._storage.names(folder) if _is_final(name)}

    def stamp(self, folder: str) -> object:
        """As the other one."""
        return self._storage.stamp(folder)

    def open(self, folder: str, name: str) -> BinaryIO:
        """Open for reading."""
        if folder == STATE:
            raise BackupFileNotFound(f"{self.describe()}/{folder}/{name}")
        return self._storage.open(folder, name)

    def inside(self, name: str) -> Storage:
        """Give the place inside, which is only read as well."""
        return ReadOnlyStorage(self._storage.inside(name))


def _is_final(name: str) -> bool:
    return not name.startswith(TEMPORARY)
