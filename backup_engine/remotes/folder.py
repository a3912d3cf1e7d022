"""A second folder: on another disk, or mounted from elsewhere. Files are 0600, folders 0700; links are not followed."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from backup_engine.errors import BackupError, BackupFileNotFound, NoSpace, PermissionDenied, RemoteFailed, RemoteRefused
from backup_engine.remotes.address import Address
from backup_engine.remotes.base import Stored, check_key, is_key
from backup_engine.storage.disk_errors import disk_errors
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
        return ("a folder keeps no checksums: what was written is read back",)

    def list(self, folder: str) -> Iterator[Stored]:
        """Walk the folder."""
        with _named(self._shown):
            self._require_root()
            top = self._root / folder
            if self._through_link(top):
                return
            for path, folders, names in os.walk(top, followlinks=False):
                folders[:] = [name for name in folders if not (Path(path) / name).is_symlink()]
                for name in names:
                    key = (Path(path) / name).relative_to(self._root).as_posix()
                    if is_key(key) and (stored := self._stored(key)) is not None:
                        yield stored

    def put(self, key: str, data: bytes, *, create: bool = False) -> None:
        """Write under a temporary name and sync; then link, or rename where it may replace."""
        path = self._path(key)
        with _named(self._shown):
            self._require_root()
            for parent in reversed(path.relative_to(self._root).parents[:-1]):
                (self._root / parent).mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            draft = LocalDraft(descriptor, f"{TEMPORARY}{secrets.token_hex(4)}", str(path))
            try:
                draft.write(data)
                draft.sync()
                if create:
                    draft.publish(path.name)
                else:
                    draft.replace(path.name)
            finally:
                draft.discard()

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Read a part of a file."""
        path = self._path(key)
        with _named(self._shown):
            self._require_root()
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise RemoteRefused(f"{key} is no regular file")
                file.seek(start)
                return file.read(-1 if length is None else length)

    def stat(self, key: str) -> Stored:
        """Describe a file."""
        self._path(key)
        with _named(self._shown):
            self._require_root()
            stored = self._stored(key)
        if stored is None:
            raise BackupFileNotFound(f"{self._shown}: {key}")
        return stored

    def delete(self, key: str) -> None:
        """Remove a file, and the folders it leaves empty."""
        path = self._path(key)
        with _named(self._shown):
            self._require_root()
            path.unlink(missing_ok=True)
            for parent in path.relative_to(self._root).parents[:-1]:
                try:
                    (self._root / parent).rmdir()
                except OSError:
                    return  # not empty, or gone

    def close(self) -> None:
        """Nothing is held."""

    def _path(self, key: str) -> Path:
        path = self._root / check_key(key)
        if self._through_link(path.parent):
            raise RemoteRefused(f"{self._shown}: a link stands in the way to {key}")
        return path

    def _through_link(self, path: Path) -> bool:
        """Whether a link stands below the folder on the way: the folder itself may be one, by somebody's choice."""
        below = [place for place in (path, *path.parents) if place != self._root and self._root in place.parents]
        return any(place.is_symlink() for place in below)

    def _stored(self, key: str) -> Stored | None:
        try:
            status = (self._root / key).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return Stored(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    def _require_root(self) -> None:
        if not self._root.is_dir():
            raise RemoteFailed(f"{self._shown} is not there", hint="Mount or create the folder.")


@contextmanager
def _named(shown: str) -> Iterator[None]:
    """Turn the engine's errors about disks into those about remotes; a missing file stays one."""
    try:
        with disk_errors(shown):
            yield
    except (BackupFileNotFound, RemoteFailed):
        raise
    except (PermissionDenied, NoSpace) as problem:
        raise RemoteRefused(problem.detail, hint=problem.hint) from problem
    except BackupError as problem:
        raise RemoteFailed(problem.detail, hint=problem.hint) from problem
