"""Backups in a folder of this machine's file system.

Every name is opened relative to its open folder and without following links, so nothing that lies in the folder can
lead outside it. Files are 0600, folders 0700.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from backup_engine.errors import BackupError, BackupFileNotFound, PermissionDenied
from backup_engine.machine import private
from backup_engine.storage.base import Entry
from backup_engine.storage.disk_errors import disk_errors, is_refusal
from backup_engine.storage.folders import Folder, open_below, open_root
from backup_engine.storage.local_draft import BUFFER, LocalDraft
from backup_engine.storage.mounts import mount_of, readable

TEMPORARY = ".tmp-"
KEPT = ".gitkeep"
_TICK_SECONDS = 0.1
_FOLDER = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]*")


class LocalStorage:
    """A folder; ``""`` names the folder itself, other folder names are one level below it."""

    def __init__(self, root: str | Path, *, may_be_link: bool = True) -> None:
        self.root = Path(root).expanduser().absolute()
        self._may_be_link = may_be_link

    def describe(self) -> str:
        """Give the path."""
        return str(self.root)

    def lock_file(self) -> Path | None:
        """Give the file whose ``flock`` guards this folder, making the folder if needed."""
        with disk_errors(str(self.root)):
            self._make_root()
        return self.root / ".lock"

    def entries(self, folder: str) -> list[Entry]:
        """List regular files; a folder that is missing is empty, one that is a link or a file is refused."""
        try:
            with self._folder(folder) as held:
                return sorted(_regular(held.scan()), key=lambda entry: entry.name)
        except BackupFileNotFound:
            return []

    def entries_of(self, folder: str, names: Collection[str]) -> list[Entry]:
        """List these alone."""
        listed = []
        with suppress(BackupFileNotFound), self._folder(folder) as held, disk_errors(f"{self.root}/{folder}"):
            for name in sorted(names):
                try:
                    status = held.stat(name)
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    listed.append(Entry(name, status.st_size, status.st_mtime))
        return listed

    def names(self, folder: str) -> set[str]:
        """List names, whatever bears them; as ``entries`` for a folder that is missing or none."""
        try:
            with self._folder(folder) as held:
                return {entry.name for entry in held.scan()}
        except BackupFileNotFound:
            return set()

    def stamp(self, folder: str) -> object:
        """Give the folder's own times; None for one that changed so recently that a clock tick may hide more."""
        try:
            status = (self.root / folder).lstat()
        except FileNotFoundError:
            return "missing"
        except OSError:
            return None
        return None if abs(time.time() - status.st_mtime) < _TICK_SECONDS else (status.st_ino, status.st_mtime_ns)

    def open(self, folder: str, name: str) -> BinaryIO:
        """Open a regular file for reading."""
        where = self._where(folder, name)
        with self._folder(folder, where) as held, disk_errors(where):
            # Looked at before it is opened, because opening a device may do something, and after, if it was exchanged.
            _require_regular(held.stat(name).st_mode, where)
            flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)  # nor may a FIFO hold us
            file = os.fdopen(held.open(name, flags), "rb", buffering=BUFFER)
            try:
                _require_regular(os.fstat(file.fileno()).st_mode, where)
            except PermissionDenied:
                file.close()
                raise
        return file

    def draft(self, folder: str, prefix: str) -> LocalDraft:
        """Start a file under a temporary name."""
        name = f"{TEMPORARY}{prefix}-{secrets.token_hex(4)}"
        where = self._where(folder, name)
        return LocalDraft(self._open(folder, where, create=True), name, where)

    def put(self, folder: str, name: str, data: bytes, *, exclusive: bool = False) -> None:
        """Write a small file atomically and sync it together with its folder."""
        where = self._where(folder, name)  # a bad name is refused before anything is written
        held = self._open(folder, where, create=True)
        LocalDraft(held, f"{TEMPORARY}put-{secrets.token_hex(4)}", where).put(name, data, exclusive=exclusive)
        self.sync(folder)

    def delete(self, folder: str, name: str) -> None:
        """Remove a file; links are removed, never followed."""
        where = self._where(folder, name)
        with suppress(BackupFileNotFound), self._folder(folder, where) as held, disk_errors(where):
            held.unlink(name)

    def sync(self, folder: str) -> None:
        """Bring the folder's names to stable storage."""
        with suppress(BackupFileNotFound), self._folder(folder) as held, disk_errors(f"{self.root}/{folder}"):
            held.flush()  # where that cannot be done, ``weaknesses`` says so

    def free_bytes(self) -> int | None:
        """Count the bytes an ordinary user may still write here; None where the mount does not know."""
        existing = next((path for path in (self.root, *self.root.parents) if path.exists()), None)
        if existing is None:
            return None
        with disk_errors(str(self.root)):
            room = shutil.disk_usage(existing)
        # FUSE programs that count nothing answer zeros; a full file system still has a size.
        return room.free if room.total else None

    def check_writable(self) -> None:
        """Write and remove a probe, so that denied, read-only and full are known before anything starts."""
        draft = self.draft("", "probe")
        try:
            draft.write(b"probe")
            draft.sync()
        finally:
            draft.discard()

    def refusal(self) -> PermissionDenied | None:
        """Try to make a file; gives why not when the folder can only be read, and None for any other trouble."""
        try:
            with disk_errors(readable(self.root)):
                try:
                    self.draft("", "probe").discard()
                except PermissionDenied as refused:
                    if is_refusal(refused) and isinstance(refused.__cause__, OSError):
                        raise refused.__cause__ from None  # again, to name the folder instead of the file
        except PermissionDenied as refusal:
            return refusal
        except BackupError:
            return None
        return None

    def weaknesses(self) -> tuple[str, ...]:
        """Try what some mounts cannot do; nothing is said of a folder in which no file can be made at all."""
        try:
            draft = self.draft("", "probe")
        except BackupError:
            return ()
        try:
            said = draft.shortcomings()
        finally:
            draft.discard()
        if self.free_bytes() is None:
            said.append("does not tell how much room is left: a backup may stop half-way, and then leaves nothing")
        return tuple(f"the folder {readable(self.root)} ({mount_of(self.root)}) {words}" for words in said)

    def place(self, folder: str, name: str) -> str:
        """Give the path of the backup folder."""
        return str(self.root)

    def inside(self, name: str) -> LocalStorage:
        """Give a folder of this one; a link in its place is refused."""
        return LocalStorage(self._where("", name), may_be_link=False)

    @property
    def aside(self) -> str:
        """There is no other."""
        return ""

    def _make_root(self) -> None:
        try:
            private.make_folder(self.root)
        except FileExistsError:  # something that is no folder bears the name
            raise self._why_no_folder() from None

    def _open_root(self) -> Folder:
        try:
            # The folder somebody chose may be a link; what lies in it may not.
            if self._may_be_link:
                return open_root(self.root)
            above = open_root(self.root.parent)
            try:
                return open_below(above, self.root.name, create=False)
            finally:
                above.close()
        except FileNotFoundError:
            if any(path.is_symlink() and not path.exists() for path in (self.root, *self.root.parents)):
                raise self._why_no_folder() from None
            raise

    def _why_no_folder(self) -> PermissionDenied:
        for path in (self.root, *self.root.parents):
            if path.is_symlink() and not path.exists():
                target = path.parent / path.readlink()
                return PermissionDenied(f"{path} is a link to {target}, which is not there ({mount_of(target)})",
                                        hint="Mount or create the target, or choose another backup folder.")
        return PermissionDenied(f"{self.root} is not a folder", hint="Choose another backup folder.")

    def _where(self, folder: str, name: str) -> str:
        if not name or name in (".", "..") or any(sign in name for sign in "/\\\0"):
            raise PermissionDenied(f"{name!r} is not a file name")
        return f"{self.root}/{folder}/{name}" if folder else f"{self.root}/{name}"

    @contextmanager
    def _folder(self, folder: str, where: str = "") -> Iterator[Folder]:
        held = self._open(folder, where or f"{self.root}/{folder}")
        try:
            yield held
        finally:
            held.close()

    def _open(self, folder: str, where: str, *, create: bool = False) -> Folder:
        if not _FOLDER.fullmatch(folder):
            raise PermissionDenied(f"{folder!r} is not a folder of backups")
        with disk_errors(where):
            if create:
                self._make_root()
            root = self._open_root()
            if not folder:
                return root
            try:
                held = open_below(root, folder, create=create)
                if create:
                    held.make_private(KEPT)  # it came empty with a checkout: git keeps no modes
                return held
            finally:
                root.close()


def _regular(listing: Iterator[os.DirEntry[str]]) -> Iterator[Entry]:
    for item in listing:
        try:
            if item.is_file(follow_symlinks=False):
                status = item.stat(follow_symlinks=False)
                yield Entry(item.name, status.st_size, status.st_mtime)
        except FileNotFoundError:
            continue  # gone since the listing


def _require_regular(mode: int, where: str) -> None:
    if not stat.S_ISREG(mode):
        raise PermissionDenied(f"{where} is not a regular file")
