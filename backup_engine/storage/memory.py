"""Backups in the memory of this process: for the demonstration and for quick tests."""

from __future__ import annotations

import io
import secrets
import time
from collections.abc import Collection
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from backup_engine.errors import BackupFileNotFound, PermissionDenied
from backup_engine.storage.base import Entry


class MemoryStorage:
    """Folders of byte strings; gone with the process."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], tuple[bytes, float]] = {}
        self._lock = Lock()
        self._changes = 0
        self._inside: dict[str, MemoryStorage] = {}

    def describe(self) -> str:
        """Name it so that no two stores share a name."""
        return f"memory of this process ({id(self):x})"

    def lock_file(self) -> Path | None:
        """Nobody else can reach this storage: nothing to lock between processes."""
        return None

    def entries(self, folder: str) -> list[Entry]:
        """List a folder."""
        with self._lock:
            files = [(name, *stored) for (where, name), stored in self._files.items() if where == folder]
        return [Entry(name, len(data), modified) for name, data, modified in sorted(files)]

    def entries_of(self, folder: str, names: Collection[str]) -> list[Entry]:
        """List these alone."""
        return [entry for entry in self.entries(folder) if entry.name in names]

    def names(self, folder: str) -> set[str]:
        """List names."""
        return {name for where, name in self._files if where == folder}

    def stamp(self, folder: str) -> object:
        """Give the number of changes so far."""
        return self._changes

    def open(self, folder: str, name: str) -> BinaryIO:
        """Open for reading."""
        try:
            return io.BytesIO(self._files[_place(folder, name)][0])
        except KeyError:
            raise BackupFileNotFound(f"{folder}/{name}") from None

    def draft(self, folder: str, prefix: str) -> MemoryDraft:
        """Start a file."""
        draft = MemoryDraft(self, folder, f".tmp-{prefix}-{secrets.token_hex(4)}")
        self.store(folder, draft.name, b"")
        return draft

    def put(self, folder: str, name: str, data: bytes, *, exclusive: bool = False) -> None:
        """Store a file."""
        self.store(folder, name, data, exclusive=exclusive)

    def delete(self, folder: str, name: str) -> None:
        """Forget a file."""
        with self._lock:
            self._changes += 1
            self._files.pop(_place(folder, name), None)

    def sync(self, folder: str) -> None:
        """Memory is as stable as it gets."""

    def free_bytes(self) -> int | None:
        """Say that room has no meaning here."""
        return None

    def check_writable(self) -> None:
        """It always is."""

    def refusal(self) -> PermissionDenied | None:
        """It never refuses."""
        return None

    def weaknesses(self) -> tuple[str, ...]:
        """It lacks nothing that matters for as long as the process lives."""
        return ()

    def place(self, folder: str, name: str) -> str:
        """There is one place."""
        return self.describe()

    def inside(self, name: str) -> MemoryStorage:
        """Give another one, always the same under that name."""
        _place("", name)
        with self._lock:
            return self._inside.setdefault(name, MemoryStorage())

    @property
    def aside(self) -> str:
        """There is no other."""
        return ""

    def store(self, folder: str, name: str, data: bytes, *, exclusive: bool = False) -> None:
        """Put bytes at a place; ``exclusive`` raises ``FileExistsError`` when it is taken."""
        with self._lock:
            if exclusive and (folder, name) in self._files:
                raise FileExistsError(name)
            self._changes += 1
            self._files[_place(folder, name)] = (bytes(data), time.time())


class MemoryDraft:
    """Bytes that become a file when published."""

    def __init__(self, storage: MemoryStorage, folder: str, name: str) -> None:
        self.name = name
        self._storage = storage
        self._folder = folder
        self._data = bytearray()

    def write(self, data: bytes, /) -> int:
        """Append."""
        self._data += data
        return len(data)

    def sync(self) -> None:
        """Let the storage have what was written so far."""
        self._storage.store(self._folder, self.name, bytes(self._data))

    def reopen(self) -> BinaryIO:
        """Read what was written."""
        return io.BytesIO(bytes(self._data))

    def publish(self, name: str) -> None:
        """Give the final name."""
        self._storage.store(self._folder, name, bytes(self._data), exclusive=True)
        self.discard()

    def discard(self) -> None:
        """Remove the temporary name."""
        self._storage.delete(self._folder, self.name)


def _place(folder: str, name: str) -> tuple[str, str]:
    if not name or name in (".", "..") or any(sign in name for sign in "/\\\0"):
        raise PermissionDenied(f"{name!r} is not a file name")
    if "/" in folder or "\\" in folder or folder in (".", ".."):
        raise PermissionDenied(f"{folder!r} is not a folder of backups")
    return folder, name
