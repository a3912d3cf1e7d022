"""Clearing away in a remote what was stored anew here: as it was before it goes once its copy lies there, read back.

A bucket that keeps versions hides a deleted object and keeps its bytes: there every version is removed for good. What
a lock or missing rights keep is noted with the line of the remote, with the day until which it stays, and tried again
once a day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from backup_engine.errors import BackupFileNotFound, RemoteRefused, VerificationFailed
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.remotes import credentials, entries
from backup_engine.remotes.address import Address
from backup_engine.remotes.entries import Entry
from backup_engine.remotes.proof import read_back
from backup_engine.remotes.queue import Line, Replaced
from backup_engine.remotes.s3_requests import S3Requests
from backup_engine.remotes.target import APP, Target

__all__ = ["EVERY", "clear", "is_due", "originals"]

EVERY = timedelta(days=1)


def originals(sets: Iterable[BackupSet], line: Line) -> dict[str, BackupSet]:
    """Which sets are no more because they were stored anew, with the copy, as far as that was sent. Also one whose own
    copy was stored anew before it was ever sent."""
    known = {backup.backup_id: backup for backup in sets}
    return {name: copy for copy in known.values() if copy.backup_id in line.sent
            for name in copy.originals if name not in known}


def is_due(line: Line, now: datetime) -> bool:
    """Whether what could not be deleted there is worth another try."""
    return bool(line.replaced) and (line.cleared is None or not timedelta(0) <= now - line.cleared < EVERY)


def clear(
    target: Target, address: Address, line: Line, copies: Mapping[str, BackupSet], *,
    save: Callable[[], None] = lambda: None, watch: Watch = SILENT,
) -> list[str]:
    """Delete there what ``copies`` replace; gives the labels of what is gone. ``line`` learns what stays, and why, and
    is saved before anything is deleted, so that what a crash leaves is found again."""
    found = {entry.backup.backup_id: entry for entry in target.entries(watch=watch)}
    # a differential set before the full one it rests on
    for backup_id in sorted(copies, key=lambda each: each in found and found[each].backup.kind == "full"):
        old = found.get(backup_id)
        if old is None:  # never sent, or deleted by an earlier try
            continue
        why = _still_needed(target, found, old, copies[backup_id], watch)
        line.replaced[backup_id] = Replaced(old.backup.label, why or "it is being deleted", target.role)
        if why:
            continue
        save()
        try:
            target.remove(old)
        except RemoteRefused as refusal:
            line.replaced[backup_id] = Replaced(old.backup.label, f"the store refuses to delete it: {refusal.message}",
                                                 target.role)
        else:
            del found[backup_id]
    return _for_good(target, address, line, [backup_id for backup_id, each in line.replaced.items()
                                             if each.role == target.role and backup_id not in found])


def _still_needed(
    target: Target, found: Mapping[str, Entry], old: Entry, copy: BackupSet, watch: Watch
) -> str:
    """Say why it must stay; empty when the copy there holds all that it does, and has just been read."""
    if any(entry.backup.base == old.backup.backup_id for entry in found.values()):
        return "a differential backup there rests on it"
    there = found.get(copy.backup_id)
    # compared with the copy here: an object that somebody else put there must not be the reason to delete anything
    if there is None or there.backup.state != "complete" or dict(there.backup.parts) != dict(copy.parts):
        return "its copy there is not the one that lies here"
    if old.backup.database_id != copy.database_id:
        return "it is of another database than its copy"
    try:
        read_back(target, there, watch=watch)
    except (VerificationFailed, BackupFileNotFound) as problem:
        return f"its copy there is damaged: {problem.message}"
    return ""


def _for_good(target: Target, address: Address, line: Line, deleted: Iterable[str]) -> list[str]:
    """Remove what is left of those that are no backup any more: pieces, and versions; gives the labels of what is gone,
    which the line forgets."""
    login = credentials.of(address) if address.kind == "s3" else {}
    asked, gone = S3Requests(address, login) if login else None, list[str]()
    before = f"{APP}/" if target.role else ""
    for backup_id in deleted:
        label, folders = line.replaced[backup_id].label, (f"data/{backup_id}", f"notes/{backup_id}")
        why = _left(target, folders)
        if asked is not None:
            key = before + entries.key_in(label, backup_id)
            versions = [(key, each) for each in asked.versions(key)]
            versions += [each for folder in folders for each in asked.versions_below(before + folder)]
            refused = [each for each in versions if asked.remove_for_good(*each) >= 300]
            why = _kept(asked, refused) or why
        if why:
            line.replaced[backup_id] = Replaced(label, why, target.role)
        else:
            del line.replaced[backup_id]
            gone.append(label)
    return gone


def _left(target: Target, folders: Iterable[str]) -> str:
    """What a try that was broken off has left."""
    try:
        for stored in [each for folder in folders for each in target.store.list(folder)]:
            target.store.delete(stored.key)
    except RemoteRefused as refusal:
        return f"the store refuses to delete its pieces: {refusal.message}"
    return ""


def _kept(asked: S3Requests, refused: Sequence[tuple[str, str]]) -> str:
    if not refused:
        return ""
    until = max(asked.locked_until(key, version) for key, version in refused)
    if until:
        return f"deleted, but a lock keeps its bytes until {until}"
    return "deleted, but the store keeps versions of it and does not let this login remove them"
