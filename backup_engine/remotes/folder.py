"""A second folder: on another disk, or mounted from elsewhere. Files are 0600, folders 0700; links are not followed."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from backup_engine.errors import BackupError, BackupFileNotFound, NoSpace, PermissionDenied, RemoteFailed, RemoteRefused
from backup_engine.remotes.address import Address
from backup_engine.remotes.base import Stored, check_key, is_key
from backup_engine.storage.disk_errors import disk_errors
from backup_engine.storage.folders import Folder, open_below, open_root
from backup_engine.storage.local import TEMPORARY
from backup_engine.storage.local_draft import LocalDraft

__all__ = ["FolderStore"]


class FolderStore:
    """Keys are paths below the folder, which must exist: what is not mounted must not be filled by mistake."""

    def __init__(self, address: Address) -> None:
        self._root = Path(address.path)
        self._shown = address.shown

    def describe(self) -> str:
        """Give the address."""
        return self._shown

    def weaknesses(self) -> tuple[str, ...]:
        """Say what it is not."""
        return ("keeps no checksums: what was written is read back",)

    def list(self, folder: str) -> Iterator[Stored]:
        """Walk the folder."""
        todo = [folder]
        while todo:
            here = todo.pop()
            with suppress(BackupFileNotFound), self._opened(here) as held:
                for entry in held.scan():
                    key = f"{here}/{entry.name}" if here else entry.name
                    if is_key(key) and entry.is_dir(follow_symlinks=False):
                        todo.append(key)
                    elif is_key(key) and entry.is_file(follow_symlinks=False):
                        with suppress(FileNotFoundError):  # gone since the listing
                            yield _stored(key, entry.stat(follow_symlinks=False))

    def put(self, key: str, data: bytes, *, create: bool = False) -> None:
        """Write under a temporary name and sync; then link, or rename where it may replace."""
        folder, name = _split(key)
        with self._named(key):
            held = self._open(folder, create=True)
            draft = LocalDraft(held, f"{TEMPORARY}{secrets.token_hex(4)}", f"{self._shown}: {key}")
            draft.put(name, data, exclusive=create)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read a part of a file."""
        folder, name = _split(key)
        with self._opened(folder, key) as held:
            if not stat.S_ISREG(held.stat(name).st_mode):
                raise RemoteRefused(f"{self._shown}: {key} is no regular file")
            # a pipe laid there since must not hold us
            with os.fdopen(held.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
                file.seek(start)
                return file.read(-1 if length is None else length)

    def stat(self, key: str) -> Stored:
        """Describe a file."""
        folder, name = _split(key)
        with self._opened(folder, key) as held:
            status = held.stat(name)
        if not stat.S_ISREG(status.st_mode):
            raise BackupFileNotFound(f"{self._shown}: {key}")
        return _stored(key, status)

    def delete(self, key: str) -> None:
        """Remove a file, and the folders it leaves empty."""
        folder, name = _split(key)
        with suppress(BackupFileNotFound), self._opened(folder, key) as held:
            held.unlink(name)
        with suppress(OSError):  # not empty, or gone
            while folder:
                (self._root / folder).rmdir()
                folder, _ = _split(folder)

    def close(self) -> None:
        """Nothing is held."""

    @contextmanager
    def _opened(self, folder: str, key: str = "") -> Iterator[Folder]:
        with self._named(key):
            held = self._open(folder)
            try:
                yield held
            finally:
                held.close()

    def _open(self, folder: str, *, create: bool = False) -> Folder:
        """Open a folder below, step by step, so that no link on the way leads elsewhere."""
        if not self._root.is_dir():
            raise RemoteFailed(f"{self._shown} is not there", hint="Mount or create the folder.")
        held = open_root(self._root)
        for name in filter(None, folder.split("/")):
            above = held
            try:
                held = open_below(above, name, create=create)
            finally:
                above.close()
        return held

    @contextmanager
    def _named(self, key: str) -> Iterator[None]:
        """Turn the engine's errors about disks into those about remotes; a missing file stays one."""
        try:
            with disk_errors(f"{self._shown}: {key}" if key else self._shown):
                yield
        except (BackupFileNotFound, RemoteFailed):
            raise
        except (PermissionDenied, NoSpace) as problem:
            raise RemoteRefused(problem.detail, hint=problem.hint) from problem
        except BackupError as problem:
            raise RemoteFailed(problem.detail, hint=problem.hint) from problem


def _split(key: str) -> tuple[str, str]:
    folder, _, name = check_key(key).rpartition("/")
    return folder, name


def _stored(key: str, status: os.stat_result) -> Stored:
    return Stored(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))
