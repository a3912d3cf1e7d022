"""Where the backups lie that are to be recovered: a remote by its address, or a backup folder by its path.

Nothing is registered, tried out or claimed: the machine has nothing yet, and what lies there is only read.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backup_engine.errors import BadInput, NoBackupsFound
from backup_engine.model import DAYS
from backup_engine.remotes import address as addresses, entries
from backup_engine.remotes.registry import Remote
from backup_engine.storage.base import APP
from backup_engine.storage.disk_errors import disk_errors

__all__ = ["Place", "place_of"]

NAME = "source"
LOOKED_AT = 1000
"""Names in a folder that are looked at to say where the backups may be instead."""


@dataclass(frozen=True)
class Place:
    """A remote that nobody has registered, or a backup folder."""

    shown: str
    """In words without secrets."""
    remote: Remote | None = None
    folder: Path | None = None


def place_of(source: str, host_key: str = "") -> Place:
    """Understand an address (``remotes.address``) or the path of a folder, told apart by what lies there.

    ``host_key`` is the fingerprint of an SSH server's key that a person has confirmed. Raises ``BadInput`` for an
    address that is none and a folder that is not there, ``NoBackupsFound`` for one that holds nothing of ours.
    """
    if "://" not in source:
        return _folder(Path(source).expanduser(), source)
    address = addresses.parse(source)
    if host_key and address.kind != "sftp":
        raise BadInput("Only an SSH server (sftp://…) has a host key.")
    if address.kind == "file":
        return _folder(Path(address.path), address.shown)
    key = addresses.checked_host_key(host_key) if host_key else ""
    return Place(address.shown, remote=Remote(NAME, address, host_key=key))


def _folder(path: Path, said: str) -> Place:
    with disk_errors(said):
        if not said or not path.is_dir():
            raise BadInput(f"There is no folder {said or '(empty)'}.", hint="Mount the disk, or name another place: a "
                           f"folder, or an address. {addresses.EXAMPLE}")
        path = path.absolute()
        if _is_backup_folder(path):
            return Place(str(path), folder=path)
        if _is_remote(path):
            return Place(path.as_uri(), remote=Remote(NAME, addresses.parse(path.as_uri())))
        below = _below(path)
    raise NoBackupsFound(
        f"{path} holds neither a backup folder (weekday folders) nor what is kept in a remote (sets, data)",
        hint=f"Did you mean {below}?" if below else "Name the folder in which they lie.")


def _is_backup_folder(path: Path) -> bool:
    return any((path / name).is_dir() for name in (*DAYS, APP))


def _is_remote(path: Path) -> bool:
    with suppress(OSError):  # not there, or not to be read
        return any(entries.backup_id_in(f"{entries.FOLDER}/{found.name}")
                   for found in (path / entries.FOLDER).iterdir())
    return False


def _below(path: Path) -> Path | None:
    """Look one step further: people name the disk, and not the folder on it."""
    with suppress(OSError):
        for _, found in zip(range(LOOKED_AT), path.iterdir(), strict=False):
            if found.is_dir() and (_is_backup_folder(found) or _is_remote(found)):
                return found
    return None
