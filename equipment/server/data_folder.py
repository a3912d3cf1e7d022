"""Whose a data folder is, asked before anything is written into it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from backup_engine.api import mount_of
from backup_engine.errors import DatabaseUnreachable

if sys.platform != "win32":  # where there is no embedded MongoDB
    import fcntl
    import pwd

__all__ = ["check", "doubt", "is_locked", "process_of"]

OURS = frozenset({"db", "mongod.log", "mongod.log.1", "series", "socket", "work", "settings.toml"})
IN_MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs"})
HARMLESS = frozenset({"lost+found", ".gitkeep", ".DS_Store"})


def check(folder: Path) -> None:
    """Refuse a folder of another account, one with files of another account, and one that is used for other things.

    Raises ``DatabaseUnreachable``, which names the account, its running MongoDB if any, and the command to give.
    """
    me = os.geteuid()
    place = next(path for path in (folder, *folder.parents) if path.exists())
    owner = place.stat().st_uid
    # A folder that is yet to be made: only root could make it, and shut out the account whose place it is. Nobody is
    # shut out where the number belongs to no account here, as in an unpacked archive and in many containers.
    if owner != me and (place == folder or (me == 0 and _has_account(owner))):
        raise _of_another(folder, place, owner)
    if place != folder:
        return
    strangers = {path: owner for path, owner in _owners(folder) if owner != me}
    if strangers:
        raise _with_strangers(folder, strangers)
    names = {path.name for path in folder.iterdir()}
    others = sorted(name for name in names - OURS - HARMLESS if not name.endswith((".lock", ".tmp")))
    if others and not (folder / "db").is_dir():
        raise DatabaseUnreachable(
            f"the folder {folder} is no data folder and holds other files ({others[0]})",
            hint=f"Set EQUIPMENT_DATA_FOLDER to a new or empty folder, such as {folder / 'equipment'}.")


def doubt(folder: Path) -> str:
    """Say what speaks against the file system under a data folder, and what to do; empty where nothing does.

    No reason to refuse: MongoDB runs there, and whoever has data there must reach it.
    """
    mount = mount_of(folder)
    if mount.kind in IN_MEMORY:
        return (f"The data folder {folder} lies in memory ({mount}): the list is gone when this machine starts again. "
                "Set EQUIPMENT_DATA_FOLDER to a disk.")
    if mount.kind == "overlay":
        return (f"The data folder {folder} lies in the container itself ({mount}): the list is gone with the "
                "container. Mount a volume there.")
    if mount.may_be_shared:
        return (f"The data folder {folder} lies on {mount}: MongoDB wants a local disk, and a second machine could "
                "open the same files. Set EQUIPMENT_DATA_FOLDER to a local disk; backups may lie there.")
    return ""


def process_of(folder: Path) -> int | None:
    """Process id of the MongoDB that runs over this folder, whoever started it; None where none is to be seen."""
    file = folder / "db" / "mongod.lock"
    try:
        text = file.read_text().strip() if is_locked(file) else ""
    except PermissionError:  # another account's, in a folder of its own
        return None
    return int(text) if text.isdigit() else None


def is_locked(file: Path) -> bool:
    """Whether a mongod holds its lock file; the kernel drops that lock when the process dies, however it dies."""
    if not file.exists():
        return False
    with file.open("rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _of_another(folder: Path, place: Path, owner: int) -> DatabaseUnreachable:
    running = process_of(folder) if place == folder else None
    user = _name(owner)
    if running:
        user = _name(_owner_of(running, owner))
        return DatabaseUnreachable(f"MongoDB runs over {folder} as {user} (process {running})",
                                   hint=f"Run this as {user}: sudo -u {user} …")
    return DatabaseUnreachable(
        f"the folder {place} belongs to {user}, and this is {_name(os.geteuid())}",
        hint=f"Run this as {user} (sudo -u {user} …), or hand it over: sudo chown -R {_name(os.geteuid())} {place}")


def _with_strangers(folder: Path, strangers: dict[Path, int]) -> DatabaseUnreachable:
    path, owner = next(iter(strangers.items()))
    problem = f"files in the data folder {folder} belong to {_name(owner)} ({path.name} is one of {len(strangers)})"
    hint = f"sudo chown -R {_name(os.geteuid())} {folder}"
    running = process_of(folder)
    if running and _owner_of(running, owner) != os.geteuid():
        problem += f", and MongoDB runs there as {_name(_owner_of(running, owner))} (process {running})"
        hint = f"End process {running}, then: {hint}"
    return DatabaseUnreachable(problem, hint=hint)


def _owners(folder: Path) -> Iterator[tuple[Path, int]]:
    db = folder / "db"
    for path in (*folder.iterdir(), *(db.iterdir() if db.is_dir() and os.access(db, os.R_OK) else ())):
        with suppress(FileNotFoundError):  # a running server renames files
            yield path, path.lstat().st_uid


def _owner_of(process: int, otherwise: int) -> int:
    try:
        return Path(f"/proc/{process}").stat().st_uid
    except OSError:  # macOS has no /proc
        return otherwise


def _has_account(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # a user id without a name, as in containers
        return str(user)
