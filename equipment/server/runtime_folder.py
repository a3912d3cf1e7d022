"""Where the embedded MongoDB has its socket: in a private folder, written down for everybody in the data folder."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from backup_engine.errors import DatabaseUnreachable
from backup_engine.machine import private

if sys.platform != "win32":  # where there is no embedded MongoDB
    import pwd

__all__ = ["ADVICE", "recorded", "require_own", "socket_for"]

ADVICE = "Set EQUIPMENT_RUNTIME_FOLDER to a folder that only this user may write to; it may be one yet to be made."
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
        with private.open_file(folder / "socket", "wb") as file:
            file.write(os.fsencode(socket) + b"\n")  # a path need not be UTF-8
    return socket


def require_own(socket: Path, process: int | None) -> None:
    """Refuse a socket that somebody else could have put there: whoever speaks to it gives them the list.

    A cleaner of /tmp may take the folder away under a running server (its ``process``), and anybody make it again.
    Raises ``DatabaseUnreachable``.
    """
    try:
        _require_private(socket.parent)
    except FileNotFoundError:
        return  # gone since it was seen: there is nothing to speak to
    except OSError as error:
        raise DatabaseUnreachable(
            f"the folder {socket.parent} of MongoDB's socket is not to be trusted: {error.strerror}",
            hint=f"Nothing was sent there. End MongoDB{f' (process {process})' if process else ''} and start again: "
                 f"another place is chosen. {ADVICE}") from error


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
        folder.mkdir(private.FOLDER)
    _require_private(folder)
    return folder


def _require_private(folder: Path) -> None:
    status, above = folder.lstat(), folder.parent.stat()  # lstat() as somebody may have put a link there
    if stat.S_ISLNK(status.st_mode):
        raise PermissionError(1, "it is a link; name the folder itself")
    if not stat.S_ISDIR(status.st_mode):
        raise PermissionError(1, "it is no folder")
    if status.st_uid != os.geteuid():
        raise PermissionError(1, f"it belongs to {_name(status.st_uid)}")
    if status.st_mode & 0o022:
        raise PermissionError(1, f"others may write to it; chmod 700 {folder} ends that")
    if above.st_mode & 0o002 and not above.st_mode & stat.S_ISVTX:
        raise PermissionError(1, f"others may put another in its place; chmod o-w {folder.parent} ends that")


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"the user {user}"


def _digest(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]
