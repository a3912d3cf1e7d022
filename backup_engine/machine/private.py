"""Folders and files for the user of this process alone, whatever the umask: folders 0700, files 0600.

Every one is made with its mode: the umask is one for all threads and no matter to a folder with a default ACL. What
is there already keeps the mode that somebody gave it (``openness`` says what others may read). Windows knows no such
modes; there the folder above says who may read.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any, Final

__all__ = ["FILE", "FOLDER", "make_folder", "open_file", "set_umask"]

FOLDER: Final = 0o700
FILE: Final = 0o600
_UMASK: Final = 0o077


def set_umask() -> None:
    """Let whatever this program makes be its user's alone, by libraries and programs it starts as well.

    Exactly this umask: with a stricter one, such as 0777, not even its owner could enter a folder that was made.
    """
    os.umask(_UMASK)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing; one that is there is left as it is.

    Unlike ``mkdir(parents=True)``, which makes those above for everybody. Raises ``OSError``, ``FileExistsError``
    where something that is no folder bears the name.
    """
    try:
        path.mkdir(FOLDER, exist_ok=True)
    except FileNotFoundError:
        if path.parent == path:
            raise
        make_folder(path.parent)
        path.mkdir(FOLDER, exist_ok=True)


def open_file(path: Path, mode: str, **options: Any) -> IO[Any]:
    """Open a file for writing as ``open`` does; one that is missing is made for this user alone. Raises ``OSError``."""
    return open(path, mode, opener=_private, **options)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE)
