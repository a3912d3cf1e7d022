"""Finding out what a remote can do, by trying: nothing is believed that was not seen.

A small object is created twice, read back, read in part, deleted; where the bucket says that it locks what is written,
the locked version is deleted for good, which must be refused.
"""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass

from backup_engine.errors import BackupFileNotFound, RemoteFailed, RemoteRefused
from backup_engine.remotes import credentials
from backup_engine.remotes.address import Address
from backup_engine.remotes.base import Store
from backup_engine.remotes.s3_requests import S3Requests

__all__ = ["Proven", "probe"]

NO_LOCK = "does not keep backups from being deleted: whoever has the login can"


@dataclass(frozen=True)
class Proven:
    """What came of it."""

    cannot: tuple[str, ...]
    """In words for people, to be put after the remote's name."""
    lock: str
    """How long new objects cannot be deleted; empty where they can."""


def probe(store: Store, address: Address) -> Proven:
    """Try everything a backup needs. Raises ``RemoteFailed`` where it can't be written, read or listed at all."""
    key, first, second = f"probe/{secrets.token_hex(8)}", secrets.token_bytes(64), secrets.token_bytes(64)
    said = list(store.weaknesses())
    store.put(key, first, create=True)
    if not _refuses(store, key, second):
        said.append("overwrites what it was asked to create only: two installations that write at once may not notice")
    if not any(entry.key == key for entry in store.list("probe")):
        raise RemoteFailed(f"{store.describe()} does not list what was just written there")
    there = store.read(key)
    if there not in (first, second):
        raise RemoteFailed(f"{store.describe()} gives back other bytes than it was sent")
    if store.read(key, 3, 5) != there[3:8]:
        raise RemoteFailed(f"{store.describe()} gives other bytes of a part than of the whole")
    stored = store.stat(key)
    if stored.md5 != hashlib.md5(there, usedforsecurity=False).hexdigest() and not said:
        said.append("tells no checksums that can be compared: what is sent is read back")
    lock, problem = _lock(store, key, address)
    said += [problem] if problem else []
    try:
        with suppress(BackupFileNotFound):  # as it must be
            store.delete(key)
            store.stat(key)
            said.append("says that it deleted something, and it is still there")
    except RemoteRefused:
        said.append("does not let this login delete: retention there has to be the store's own")
    return Proven(tuple(said), lock)


def _refuses(store: Store, key: str, data: bytes) -> bool:
    try:
        store.put(key, data, create=True)
    except FileExistsError:
        return True
    return False


def _lock(store: Store, key: str, address: Address) -> tuple[str, str]:
    """How long objects are locked, and what is to be said about it."""
    if address.kind != "s3":
        return "", NO_LOCK
    login = credentials.of(address)
    if not login:
        return "", "was not asked about object lock: that takes a login"
    asked = S3Requests(address, login)
    promised = asked.lock_days()
    if not promised:
        but = "; its bucket keeps versions, from which somebody with more rights can bring them back"
        return "", NO_LOCK + (but if asked.versioned() else "")
    kept = asked.versions(key)
    if not kept:
        return "", "promises to lock what is written, and shows no version of it: the lock is not proven"
    if any(asked.remove_for_good(key, each) < 300 for each in kept):
        return "", f"promises to lock what is written ({promised}), and let a locked object be deleted"
    return promised, ""
