"""Where the embedded MongoDB has its socket: in a private folder, written down for everybody in the data folder."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = ["recorded", "socket_for"]

LONGEST = 100
"""Bytes of a socket's path: binding ends at 107, at 103 on macOS."""


def recorded(folder: Path) -> Path:
    """Where the server of this data folder listens, or listened last."""
    with suppress(FileNotFoundError):
        return Path(os.fsdecode((folder / "socket").read_bytes().strip()))
    # Until 1.2 the path followed from the data folder; such a server may be running.
    return Path("/tmp") / f"equipment-{os.getuid()}-{_digest(folder)}" / "m.sock"


def socket_for(folder: Path, chosen: Path | None) -> Path:
    """Choose the place for a server that is to be started, make its folder, and write it down.

    The chosen folder; else systemd's ``RUNTIME_DIRECTORY``, which a command outside the service's private /tmp sees
    too; else the last place, so that the replica set keeps its address; else a new one in the temporary folder. Never
    ``XDG_RUNTIME_DIR``, which is deleted when its user logs out. Raises ``OSError`` for a chosen one.
    """
    socket = _choose(folder, chosen)
    # Not written again: on a full disk that would leave an empty file, and nobody would find the server.
    if not (folder / "socket").exists() or recorded(folder) != socket:
        (folder / "socket").write_bytes(os.fsencode(socket) + b"\n")  # a path need not be UTF-8
    return socket


def _choose(folder: Path, chosen: Path | None) -> Path:
    name = f"{_digest(folder)}.sock"
    if chosen is not None:
        _fit(chosen / name)
        return _private(chosen) / name
    given = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    last = (recorded(folder),) if (folder / "socket").exists() else ()
    for socket in (*((Path(given) / name,) if given else ()), *last):
        with suppress(OSError):
            _fit(socket)
            return _private(socket.parent) / socket.name
    with suppress(OSError):
        return _random(tempfile.gettempdir())
    return _random("/tmp")


def _random(parent: str) -> Path:
    _fit(Path(parent) / "equipment-12345678" / "m.sock")
    return Path(tempfile.mkdtemp(prefix="equipment-", dir=parent)) / "m.sock"


def _fit(socket: Path) -> None:
    if len(os.fsencode(socket)) > LONGEST:
        raise OSError(0, f"its path is too long for a socket (at most {LONGEST} bytes)")
    if str(socket) != str(socket).lower():
        raise OSError(0, "the driver needs a path without capital letters")


def _private(folder: Path) -> Path:
    """Create the folder for this user only; refuse one that somebody else prepared."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()  # not stat(), which would follow a link that somebody put there
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PermissionError(1, "it belongs to somebody else, or others may write to it")
    return folder


def _digest(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]
