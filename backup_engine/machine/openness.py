"""What other users of this machine may read of a folder that only this one's user should."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["Open", "look"]

OTHERS: Final = 0o077
HARMLESS: Final = frozenset({".gitkeep", "README.txt"})
"""What a checkout brings along, with the modes of whoever checked it out."""


class Open(str):
    """What is open in words, such as ``monday, tuesday``, with the command that closes it as ``hint``."""

    hint: str

    def __new__(cls, folder: Path, names: list[str]) -> Open:
        """Name at most three, so that a year of open days is one line."""
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        made = super().__new__(cls, ", ".join(names[:3]) + more)
        made.hint = f"chmod -R go= {folder}"
        return made


def look(folder: Path) -> Open | None:
    """Find what lies right in a folder and is open to the group or to everybody; None where nothing is.

    A folder in it counts when it holds anything: its names are readable then. What lies in a folder that is closed is
    not looked at. None also for a folder that is missing or not to be read, and on Windows, which has no such modes.
    """
    if os.name == "nt":
        return None
    found: list[str] = []
    with suppress(OSError):
        if folder.stat().st_mode & OTHERS:
            found = sorted(_open_names(folder))
    return Open(folder, found) if found else None


def _open_names(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # gone since the listing, or another account's
                status = entry.stat(follow_symlinks=False)
                if not status.st_mode & OTHERS or entry.name in HARMLESS:
                    continue
                if stat.S_ISREG(status.st_mode) or (stat.S_ISDIR(status.st_mode) and _holds_anything(entry.path)):
                    yield entry.name


def _holds_anything(folder: str) -> bool:
    with os.scandir(folder) as entries:
        return any(entry.name not in HARMLESS for entry in entries)
