"""The folder of one collection's index on this machine: generations, which of them counts, who makes the next one.

``current`` names the generation that counts and is changed by renaming, so that whoever reads it sees the old one or
the new one, each whole. Processes that have a generation mapped hold its lock together with others; once the lock can
be had alone, nobody reads it any more.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote, unquote

from backup_engine.machine import private
from backup_engine.storage.mounts import mount_of

if sys.platform != "win32":
    import fcntl

__all__ = ["Folder", "discard", "is_fit"]

CURRENT: Final = "current"
_NAME: Final = re.compile(r"gen-(\d{1,12})")
POLL_SECONDS: Final = 0.05


def is_fit(root: Path) -> bool:
    """Whether index files may lie there: it can be written, and no other machine has the same files. On Windows, where
    mapped files cannot be taken away, they may not."""
    if sys.platform == "win32":
        return False
    try:
        private.make_folder(root)
    except OSError:
        return False
    return os.access(root, os.W_OK | os.X_OK) and not mount_of(root).may_be_shared


def discard(root: Path, database: str, besides: str = "") -> None:
    """Take away the indexes of a database's lists: of those that a restore has replaced, or of one that is short now.
    """
    for path in root.glob(f"{glob.escape(quote(database, safe=''))}.*"):
        if path.name != besides:
            shutil.rmtree(path, ignore_errors=True)


class Folder:
    """Where the index of one collection lies: ``<root>/<database>.<uuid of the collection, in hexadecimal>``."""

    def __init__(self, root: Path, database: str, collection: str) -> None:
        self.path = root / f"{quote(database, safe='')}.{collection}"

    def current(self) -> str | None:
        """Name the generation that counts; None where there is none."""
        try:
            name = (self.path / CURRENT).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
        return name if _NAME.fullmatch(name) and (self.path / name).is_dir() else None

    @contextmanager
    def making(self, seconds: float = 0) -> Iterator[Path | None]:
        """Hold the machine's only right to make a generation, and give an empty folder to make it in; None when
        somebody else holds it. Raises ``OSError``."""
        private.make_folder(self.path)
        with _private(self.path / "lock") as lock:
            if not _taken(lock.fileno(), fcntl.LOCK_EX, seconds):
                yield None
                return
            for left in self.path.glob("*.making"):  # of somebody who died
                shutil.rmtree(left)
            made = self.path / f"{self._next()}.making"
            made.mkdir(private.FOLDER)
            try:
                yield made
            finally:
                shutil.rmtree(made, ignore_errors=True)  # not there any more once it was published

    def publish(self, made: Path) -> str:
        """Let what was made be the generation that counts, and take the names of the earlier ones away."""
        name = made.name.removesuffix(".making")
        _sync(made)
        made.rename(self.path / name)
        _sync(self.path)
        self._point(name)
        for old in self._generations():
            if old != name:
                shutil.rmtree(self.path / old, ignore_errors=True)
        discard(self.path.parent, unquote(self.path.name.partition(".")[0]), besides=self.path.name)
        return name

    def withdraw(self) -> None:
        """Let no generation count any more, and leave none of which another process could make the next one."""
        with suppress(FileNotFoundError):
            (self.path / CURRENT).unlink()
        for old in self._generations():
            shutil.rmtree(self.path / old, ignore_errors=True)

    def hold(self, name: str) -> int:
        """Say that this process reads a generation, until the descriptor is closed. Raises ``OSError``."""
        descriptor = os.open(self.path / f"{name}.readers", os.O_RDWR | os.O_CREAT, private.FILE)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return descriptor

    def wait_for_readers(self, seconds: float) -> bool:
        """Wait until no process reads an earlier generation than the current one; says whether that came about."""
        until, current = time.monotonic() + seconds, self.current()
        if any(name != current for name in self._generations() if (self.path / name).exists()):
            return False
        for path in self.path.glob("gen-*.readers"):
            if path.name == f"{current}.readers":
                continue
            with _private(path) as file:
                if not _taken(file.fileno(), fcntl.LOCK_EX, max(0.0, until - time.monotonic())):
                    return False
                path.unlink(missing_ok=True)
        return True

    def _next(self) -> str:
        # By the clock, so that none is named as one that was taken away and that somebody still reads.
        return f"gen-{max([int(time.time()), *(int(name[4:]) + 1 for name in self._generations())])}"

    def _generations(self) -> list[str]:
        named = {path.name.split(".")[0] for path in self.path.glob("gen-*")}
        return [name for name in named if _NAME.fullmatch(name)]

    def _point(self, name: str) -> None:
        new = self.path / f"{CURRENT}.new"
        new.unlink(missing_ok=True)
        with _private(new) as file:
            file.write(name.encode())
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path / CURRENT)
        _sync(self.path)


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, private.FILE), "r+b")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _taken(descriptor: int, way: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, way | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(POLL_SECONDS)
        else:
            return True
