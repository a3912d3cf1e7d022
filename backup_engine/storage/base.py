"""What a place for backups must be able to do.

A storage knows folders (the seven days, ``.state``, and ``""`` for the top) and files in them, nothing of what the
files mean. Every implementation passes the same conformance test, ``tests/backup_engine/storage/test_base.py``.

Errors are the engine's: ``BackupFileNotFound``, ``PermissionDenied``, ``NoSpace``; an ``OSError`` never leaves.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from backup_engine.errors import PermissionDenied

STATE = ".state"
"""The folder of rebuildable caches and second copies."""
APP = ".app"
"""The place inside a storage where the application's own data lies."""


@dataclass(frozen=True)
class Entry:
    """A regular file in a folder: its name, size in bytes and modification time in seconds since 1970."""

    name: str
    size: int
    modified: float


class Draft(Protocol):
    """A file being written under a temporary name. It exists for nobody until it is published."""

    name: str
    """The temporary name, for the intent file."""

    def write(self, data: bytes, /) -> int:
        """Append; raises ``NoSpace`` or ``PermissionDenied``."""

    def sync(self) -> None:
        """Return once every byte is on stable storage."""

    def reopen(self) -> BinaryIO:
        """Open what was written for reading back, from storage."""

    def publish(self, name: str) -> None:
        """Give it its final name; raises ``FileExistsError`` when that name is taken: nothing is overwritten."""

    def discard(self) -> None:
        """Remove it; nothing happens when it was published or is gone."""


class Storage(Protocol):
    """A place for backups."""

    def describe(self) -> str:
        """Where this is, in words for people (a path or an address without secrets)."""

    def lock_file(self) -> Path | None:
        """Path of the file whose ``flock`` guards this place between processes; ``None`` where nobody shares it."""

    def entries(self, folder: str) -> list[Entry]:
        """The regular files of a folder by name; empty when the folder does not exist. Links are not followed."""

    def entries_of(self, folder: str, names: Collection[str]) -> list[Entry]:
        """As ``entries``, of these names alone; one that is gone or no regular file is left out."""

    def names(self, folder: str) -> set[str]:
        """What lies in a folder, by name alone: ten times cheaper than ``entries`` where thousands do."""

    def stamp(self, folder: str) -> object:
        """A cheap mark that is another one after names came or went in a folder; ``None`` when that cannot be told."""

    def open(self, folder: str, name: str) -> BinaryIO:
        """Open a regular file for reading; raises ``BackupFileNotFound``, or ``PermissionDenied`` for anything that
        is not a regular file in that very folder."""

    def draft(self, folder: str, prefix: str) -> Draft:
        """Start a file under a temporary name that begins with ``.tmp-<prefix>-``; makes the folder if needed."""

    def put(self, folder: str, name: str, data: bytes, *, exclusive: bool = False) -> None:
        """Write a small file as one atomic, synced step, replacing an older one unless ``exclusive``, which raises
        ``FileExistsError``."""

    def delete(self, folder: str, name: str) -> None:
        """Remove a file; nothing happens when it is gone."""

    def sync(self, folder: str) -> None:
        """Return once names published in and deleted from the folder are on stable storage."""

    def free_bytes(self) -> int | None:
        """Room left, or ``None`` where that has no meaning."""

    def check_writable(self) -> None:
        """Raise ``PermissionDenied`` or ``NoSpace`` when nothing can be written here."""

    def refusal(self) -> PermissionDenied | None:
        """Why nothing may be written here, for a place that can only be read; None for one that is merely full."""

    def weaknesses(self) -> tuple[str, ...]:
        """What this place cannot promise, in words for people; found out by trying."""

    def place(self, folder: str, name: str) -> str:
        """Where that file lies, or would be written: as ``describe``, for a place that is made of several."""

    def inside(self, name: str) -> Storage:
        """A place of its own within this one, with folders of the same names."""

    @property
    def aside(self) -> str:
        """Where is written what has to be while the place itself can only be read; empty where there is no such."""
