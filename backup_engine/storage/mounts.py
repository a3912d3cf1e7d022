"""On which mount a path lies: messages name it, because that is where a person has to look.

Read from ``/proc/self/mounts`` (``proc(5)``, ``fstab(5)``); where there is none, as on macOS, only the mount point is
known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Mount", "mount_of", "readable"]

TABLE = Path("/proc/self/mounts")
_ELSEWHERE = re.compile(r"nfs|cifs|smb|fuse|9p|virtiofs|ceph|lustre|gpfs|gfs|ocfs|glusterfs|afs|vboxsf|davfs|prl_fs")
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """A mount point, the type of its file system (empty where the system cannot tell), and whether it is read-only."""

    point: str
    kind: str = ""
    read_only: bool = False

    @property
    def may_be_shared(self) -> bool:
        """Whether somebody else may have the same files through a mount of its own, whose locks are not seen here."""
        return bool(_ELSEWHERE.match(self.kind))

    def __str__(self) -> str:
        words = f"mount {readable(self.point)}" + (f", {self.kind}" if self.kind else "")
        return f"{words}, read-only" if self.read_only else words


def readable(path: str | Path) -> str:
    """Write a path for messages, metadata and MongoDB: a name that is no UTF-8 has its odd bytes as ``\\xe9``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def mount_of(path: str | Path) -> Mount:
    """Give the mount a path lies on, whether the path is there or not."""
    real = os.path.realpath(path)
    mounts = [mount for mount in _table() if real == mount.point or real.startswith(mount.point.rstrip("/") + "/")]
    if mounts:
        # of two on one point the later hides the first
        return max(reversed(mounts), key=lambda mount: len(mount.point))
    return Mount(next((str(place) for place in (Path(real), *Path(real).parents) if place.is_mount()), "/"))


def _table() -> Iterator[Mount]:
    lines: list[str] = []
    with suppress(OSError):
        lines = os.fsdecode(TABLE.read_bytes()).splitlines()
    for line in lines:
        _, point, kind, options, *_ = line.split(" ")
        # blanks, tabs, line ends and backslashes in names are written in octal
        yield Mount(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), point), kind, "ro" in options.split(","))
