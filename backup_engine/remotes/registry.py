"""Which remotes there are: those the installation names, and those an administrator added, with what is known of each.

One document a remote in ``backup_restore_state``: its address, the SSH key that a person confirmed, what was proven
about it. Never a secret: an address holds none.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pymongo.database import Database

from backup_engine.errors import BackupError, BadInput, DatabaseUnreachable
from backup_engine.mongo.capabilities import database_errors
from backup_engine.mongo.pinned import DURABLE
from backup_engine.remotes import address as addresses
from backup_engine.remotes.address import Address
from backup_engine.remotes.kinds import open_store
from backup_engine.remotes.patient import Patient
from backup_engine.workspace import Workspace

__all__ = ["Remote", "add", "known", "note", "one", "opened", "remove", "set_up"]

log = logging.getLogger(__name__)
COLLECTION = "backup_restore_state"
PREFIX = "remote:"
Doc = dict[str, Any]


@dataclass(frozen=True)
class Remote:
    """A place off this machine, and what is known of it."""

    name: str
    address: Address
    set_up: bool = False
    """Whether the installation's settings name it; else an administrator added it."""
    host_key: str = ""
    """Fingerprint of the SSH server's key, confirmed by a person."""
    cannot: tuple[str, ...] = ()
    """What it cannot do, as found out by trying, in words for people."""
    lock: str = ""
    """How long it keeps new objects from being deleted, proven by trying; empty where it does not."""
    proven: datetime | None = None
    """When it was last tried out as a whole."""


def known(ws: Workspace, database: Database[Doc] | None = None) -> dict[str, Remote]:
    """Give all remotes by name; with the database down those that the installation names."""
    documents: dict[str, Doc] = {}
    try:
        target = ws.connect() if database is None else database
        with database_errors(target):
            documents = {str(document["_id"]).removeprefix(PREFIX): document for document in target[COLLECTION].find(
                {"_id": {"$regex": f"^{PREFIX}"}}).sort("_id", 1)}
    except DatabaseUnreachable as problem:
        log.info("only the remotes of the settings are known: %s", problem)
    found = {name: _remote(name, url, documents.pop(name, {}), set_up=True) for name, url in ws.remotes.items()}
    for name, document in documents.items():
        try:
            if document.get("added"):
                found[name] = _remote(name, str(document["url"]), document, set_up=False)
        except (BadInput, KeyError, TypeError) as problem:  # edited by hand, or by a later version
            log.warning("the remote %r is left out: %s", name, problem)
    return found


def set_up(ws: Workspace) -> dict[str, Remote]:
    """Those that the installation names, without asking the database what is known of them."""
    return {name: _remote(name, url, {}, set_up=True) for name, url in ws.remotes.items()}


def one(ws: Workspace, name: str, database: Database[Doc] | None = None) -> Remote:
    """Give the remote of that name. Raises ``BadInput`` naming those that there are."""
    remotes = known(ws, database)
    if name not in remotes:
        there = f"there are {', '.join(remotes)}" if remotes else "there is none"
        raise BadInput(f"No remote is called {name!r:.40}: {there}.")
    return remotes[name]


def opened(remote: Remote, *, pause: Callable[[float], object] = time.sleep) -> Patient:
    """Open its store; nothing is contacted yet. ``pause`` waits between attempts, and may raise to stop.

    Raises ``BadInput`` when its login is not there.
    """
    return Patient(open_store(remote.address, host_key=remote.host_key), pause=pause)


def add(database: Database[Doc], name: str, url: str) -> None:
    """Note a remote that an administrator adds. Raises ``BadInput``."""
    addresses.check_name(name)
    _change(database, name, {"url": addresses.parse(url).url, "added": True})


def note(database: Database[Doc], remote: Remote) -> None:
    """Keep what is known of it now."""
    _change(database, remote.name, {
        "url": remote.address.url, "host_key": remote.host_key, "cannot": list(remote.cannot), "lock": remote.lock,
        "proven": None if remote.proven is None else remote.proven.isoformat()})


def remove(database: Database[Doc], name: str) -> None:
    """Forget it; what lies there stays."""
    with database_errors(database):
        _state(database).delete_one({"_id": PREFIX + name})


def _change(database: Database[Doc], name: str, changes: Doc) -> None:
    with database_errors(database):
        _state(database).update_one({"_id": PREFIX + name}, {"$set": changes}, upsert=True)


def _state(database: Database[Doc]) -> Any:
    return database[COLLECTION].with_options(write_concern=DURABLE)


def _remote(name: str, url: str, document: Doc, *, set_up: bool) -> Remote:
    remote = Remote(name, addresses.parse(url), set_up)
    try:
        before = addresses.parse(str(document["url"]))
    except (KeyError, BackupError):
        return remote
    if (before.kind, before.host, before.port) == (remote.address.kind, remote.address.host, remote.address.port):
        remote = replace(remote, host_key=str(document.get("host_key") or ""))
    proven = document.get("proven")
    if before.shown != remote.address.shown or not isinstance(proven, str):
        return remote  # what was proven, was of another place
    return replace(remote, cannot=tuple(map(str, document.get("cannot") or ())), lock=str(document.get("lock") or ""),
                   proven=datetime.fromisoformat(proven))
