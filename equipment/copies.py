"""Where copies of the list lie, how new each is, and what the rule of three, two, one misses.

Three copies of the data, the list itself among them; in two places, so that a broken disk takes one; one of them on
another machine, so that a fire does not take all. What is not proven does not count: a remote whose address names this
machine may lie on this disk, and one that does not answer may have nothing.

Told from the notes of sending and from the mounts; nobody else is asked.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from pymongo.errors import PyMongoError

from backup_engine import api
from backup_engine.api import BackupError, BackupSet, Standing
from equipment.backups import LIST, Backups, Caller
from equipment.glance import Glance

__all__ = ["Copy", "Distance", "Empty", "Survey", "distance", "missing", "survey", "surveyed"]

Empty = Literal["", "list too", "was not", "list not"]
"""Nor does the list, and no backup ever did; nor does the list now, but an earlier backup does; but the list does."""
Distance = Literal["same disk", "another disk", "another machine"]
"""From the list or, where that is elsewhere, from the backup folder; the nearest of what it may be."""
WANTED = 3
ASIDE = ("pre_restore", "imported")
"""Triggers of sets that hold another state than that of the list."""
_NETWORK = re.compile(r"(fuse\.)?(nfs|cifs|smb|sshfs|rclone|s3fs|gcsfuse|davfs|ceph|gluster|lustre|gpfs|afs)")
"""File systems whose files lie on another machine. Not those that a virtual machine shares with its host."""


@dataclass(frozen=True)
class Copy:
    """What one place has of the list besides the list itself."""

    name: str
    """That of the remote; empty for the backup folder."""
    shown: str
    """Its address, for people."""
    distance: Distance
    place: str
    """The disk or the machine it lies on: copies of the same place are lost together."""
    newest: BackupSet | None = None
    """The newest backup there; None where that cannot be told, or there is none."""
    checked: datetime | None = None
    """When a backup there was last read back, or the newest one in the folder verified."""
    level: int = 0
    """How deep: as in the ledger, 1 for stored bytes, 2 for every row, 3 for restored."""
    counts: bool = True
    """Whether it has a backup, and nothing speaks against it."""
    why: str = ""
    """Why it does not count, in words."""
    since: datetime | None = None
    """Since when it has not answered."""


@dataclass(frozen=True)
class Survey:
    """All copies, with how the remotes stand."""

    server: str
    """Host of the database where that is another machine; empty where it is this one, or nobody knows."""
    place: str
    """The disk or the machine that the list lies on."""
    folder: Copy
    remotes: tuple[Copy, ...]
    standings: tuple[Standing, ...] = ()
    empty: Empty = ""
    """Whether the newest backup holds no record: ``""`` for no, else what of the list is to be said."""

    @property
    def counted(self) -> tuple[Copy, ...]:
        """The copies that count, besides the list itself."""
        return tuple(copy for copy in (self.folder, *self.remotes) if copy.counts)

    @property
    def places(self) -> int:
        """In how many places copies lie: disks of this machine, and other machines, the list's among them."""
        return len({self.place, *(copy.place for copy in self.counted)})

    @property
    def away(self) -> tuple[Copy, ...]:
        """Those on another machine."""
        return tuple(copy for copy in self.counted if copy.distance == "another machine")


_glances: WeakKeyDictionary[Backups, Glance[Survey]] = WeakKeyDictionary()


def survey(backups: Backups, caller: Caller) -> Survey | None:
    """Say where copies lie, as of some seconds ago; None while that is being found out. Raises ``AdminOnly``."""
    caller.check("backup.see")
    newest = backups.newest_good()
    glance = _glances.setdefault(backups, Glance())
    return glance.get(newest.backup_id if newest else "", lambda: surveyed(backups))


def surveyed(backups: Backups) -> Survey:
    """Find it out. Asks the database, and the mounts on which folders lie: either may hang, so never for a page."""
    ws = backups.engine.workspace
    standings = tuple(standing for standing in api.remote_standings(ws) if standing.remote is not None)
    folder = Path(backups.place)
    server, room = _server(ws), ws.look_at_room()
    # where the database's own files lie is known of the embedded one alone; of another, nothing better is proven
    data = Path(room.place) if room is not None else folder
    empty = _empty(backups, ws)
    copies = (_folder(backups, folder, data), *(_remote(each, folder) for each in standings))
    here, *remotes = (_of_list(copy, empty) for copy in copies)  # that of a remote may be an earlier one
    return Survey(server, server or _disk(data), here, tuple(remotes), standings, empty)


def missing(found: Survey) -> str:
    """Say what the rule misses, ``a backup on another machine``; empty when it is kept."""
    misses = [] if found.folder.counts else ["a good backup in the backup folder"]
    if not found.away:
        misses.append("a backup on another machine")
    elif not misses and 1 + len(found.counted) < WANTED:
        misses.append("a third copy")
    return " and ".join(misses)


def distance(address: Any, folder: Path) -> Distance:
    """Say how far the place of a remote's address is from the backup folder; ``same disk`` unless it is proven.

    Two partitions of one disk pass for two disks: the system does not tell them apart.
    """
    if address.kind == "file":
        return _between(Path(address.path), folder)
    return "same disk" if is_here(_host(address)) else "another machine"


def is_here(host: str) -> bool:
    """Whether a host name is one of this machine's, as far as that can be told without asking anybody."""
    name = host.strip("[]").rstrip(".").lower()
    if name.startswith(("/", "%2f")) or name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return _is_own(ipaddress.ip_address(name))
    except ValueError:
        own = socket.gethostname().lower()
        return bool(name) and name in (own, own.partition(".")[0])


def _is_own(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        # only an address of its own can be bound; nothing is sent
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((str(address), 0))
    except OSError:
        return address.is_loopback
    return True


def _between(path: Path, other: Path) -> Distance:
    if _NETWORK.match(api.mount_of(path).kind):
        return "another machine"
    here, there = _device(path), _device(other)
    return "another disk" if None not in (here, there) and here != there else "same disk"


def _host(address: Any) -> str:
    return address.host if address.kind == "sftp" else urlsplit(address.options.get("endpoint", "")).hostname or ""


def _disk(path: Path) -> str:
    return f"disk {_device(path)}"


def _device(path: Path) -> int | None:
    """The number of the disk a path lies on, or would lie on."""
    for place in (path, *path.parents):
        try:
            return place.stat().st_dev
        except FileNotFoundError:
            continue
        except OSError:
            break
    return None


def _server(ws: api.Workspace) -> str:
    try:
        hosts = [str(node[0]) for node in getattr(ws.connect().client, "nodes", ())]
    except BackupError:
        return ""
    return "" if any(map(is_here, hosts)) else ", ".join(sorted(hosts))


def _folder(backups: Backups, folder: Path, data: Path) -> Copy:
    newest = backups.newest_good()
    copy = Copy("", backups.place, _between(folder, data), _disk(folder), newest)
    if newest is None:
        return replace(copy, counts=False, why="no good backup yet")
    check = backups.checks().get(newest.backup_id)
    if check is not None and not check.ok:
        return replace(copy, counts=False, why="its newest backup is damaged")
    return replace(copy, checked=check.when, level=check.level) if check is not None else copy


def _of_list(copy: Copy, empty: Empty) -> Copy:
    """An empty backup is no copy of a list that is not."""
    if empty in ("", "list not") and copy.counts and copy.newest is not None and not copy.newest.counts.get(LIST):
        return replace(copy, counts=False, why="its newest backup is empty, and the list is not")
    return copy


def _empty(backups: Backups, ws: api.Workspace) -> Empty:
    newest = backups.newest_good()
    if newest is None or newest.counts.get(LIST):
        return ""
    with suppress(BackupError, PyMongoError):  # then at least what the folder tells
        if ws.connect()[ws.source(LIST).collection].estimated_document_count():
            return "list not"
    ever = any(backup.counts.get(LIST) for backup in backups.owner().at_hand(ws.catalog.sets(fresh=False)))
    return "was not" if ever else "list too"


def _remote(standing: Standing, folder: Path) -> Copy:
    line, remote = standing.line, standing.remote
    assert remote is not None
    address = remote.address
    apart = distance(address, folder)
    place = _disk(Path(address.path)) if address.kind == "file" else _host(address) or address.kind
    copy = Copy(standing.name, address.shown, apart, _disk(folder) if apart == "same disk" else place,
                _newest(standing.there), line.read_back)
    if line.damage:
        return replace(copy, counts=False, why="a backup there is damaged")
    if line.problem:
        return replace(copy, counts=False, why="it takes nothing at present", since=line.failing_since)
    return copy if line.sent else replace(copy, counts=False, why="nothing is there yet")


def _newest(there: Sequence[BackupSet]) -> BackupSet | None:
    return next((backup for backup in reversed(there) if backup.trigger not in ASIDE), None)
