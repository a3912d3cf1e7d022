"""One backup, restore or prune at a time: between threads, processes and hosts.

Three locks, taken in this order: a mutex of this process per folder; ``flock`` on the folder's ``.lock``, which the
kernel frees when its holder dies; a lease in MongoDB for other hosts. Public verbs take them with ``hold`` and hand
the ``Hold`` on to inner functions, which never take them again.

Where a mount has no file locks the lease stands in for them, as it does between hosts: it excludes every run over the
same database, and nobody then takes over the lease of a process of this boot before it lapses. Where there is no lease
either, nothing is done. Runs over other databases are not seen in both cases, so ``Hold.alone`` says whether the
leftovers in the folder can only be a dead run's.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pymongo.database import Database

from backup_engine.errors import DatabaseUnreachable, NoMajority, PermissionDenied
from backup_engine.locking.file_lock import RESTORES, busy, file_lock, folder_identity, forget_in_child
from backup_engine.locking.lease import Holder, Lease, Terms
from backup_engine.mongo.capabilities import Capabilities
from backup_engine.storage.mounts import mount_of, readable
from backup_engine.workspace import Workspace

Purpose = Literal[
    "backup", "restore", "merge", "undo", "drill", "prune", "pin", "repair", "import", "delete", "recover", "adopt",
    "reseal"
]

_WITHOUT_DATABASE: frozenset[str] = frozenset({"prune", "pin", "repair", "import", "delete", "recover"})
"""What concerns the folder alone and is done with the database down."""
_READ_ONLY_OK: frozenset[str] = _WITHOUT_DATABASE | {"backup"}
_FILLS_THE_DATABASE: frozenset[str] = RESTORES | {"drill"}
"""What writes records: not begun while the database has too little room. Its clearing up (``recover``) is."""
_WRITES_NOTHING: frozenset[str] = frozenset({"drill", "adopt"})
"""What is done with a folder that can only be read: it writes into the database."""
_ASIDE: frozenset[str] = _WRITES_NOTHING | RESTORES | {"recover"}
"""What is done with such a folder as long as there is another to write into."""
_LEASE_POLL_SECONDS = 0.5
TERMS = Terms()
NO_MAJORITY_WARNING = ("too few members of the replica set answer: locked by the folder's file lock alone; until they "
                       "are back nothing can be restored")
READ_ONLY_WARNING = "the database user may only read: locked by the folder's file lock alone"

_mutexes: dict[str, threading.Lock] = {}
_holding: dict[str, str] = {}
_guard = threading.Lock()


def _forget_locks_in_child() -> None:
    """A forked worker must not keep a dead parent's file lock alive."""
    global _guard
    _guard = threading.Lock()  # if another thread held it at the fork, nobody is left here to free it
    forget_in_child()
    _mutexes.clear()
    _holding.clear()


if hasattr(os, "register_at_fork"):  # Windows forks nothing
    os.register_at_fork(after_in_child=_forget_locks_in_child)


@dataclass(frozen=True)
class Hold:
    """The locks, held."""

    purpose: str
    database: Database[dict[str, Any]] | None
    """None where the verb needs none and the database is down."""
    capabilities: Capabilities
    warnings: tuple[str, ...] = ()
    lease: Lease | None = None
    alone: bool = True
    """Whether no other run can be writing into this folder, over whatever database."""

    @property
    def scope(self) -> str:
        """Which lease is held; empty without one."""
        return self.lease.scope if self.lease is not None else ""

    def check(self) -> None:
        """Raise ``Busy`` when another host has taken over. Called right before every step that commits."""
        if self.lease is not None:
            self.lease.check()

    def need_database(self) -> Database[dict[str, Any]]:
        """Give the database; raises ``DatabaseUnreachable``."""
        if self.database is None:
            raise DatabaseUnreachable("this needs the database")
        return self.database


@contextmanager
def hold(ws: Workspace, purpose: Purpose, *, wait: float = 0, terms: Terms | None = None) -> Iterator[Hold]:
    """Take all locks, or raise ``Busy`` / ``RestoreRunning`` after ``wait`` seconds.

    Raises ``NoSpace`` at once for what fills the database while the disk under that is short of room.
    """
    room = ws.look_at_room() if purpose in _FILLS_THE_DATABASE else None
    if room is not None and room.short:
        raise room.refusal()
    deadline = time.monotonic() + wait
    name = ws.storage.describe()
    with ExitStack() as held:
        held.enter_context(_process_mutex(name, purpose, deadline))
        database, capabilities = _reach(ws, purpose)
        path, warnings = _place(ws, purpose)
        # Before the lease: who has it may take over the lease of a dead process of this boot at once.
        locked = path is not None and held.enter_context(file_lock(path, purpose, deadline))
        lease = None
        if database is not None and capabilities.commands:
            weakness = READ_ONLY_WARNING
            if capabilities.can_write:
                # Who holds no file lock must not be taken for dead by who gets one.
                holder = Holder(purpose, folder_identity(path if locked else None, name), place=readable(name))
                try:
                    lease = _lease(database, holder, locked, deadline, terms or TERMS)
                except NoMajority:
                    if purpose not in _READ_ONLY_OK:
                        raise
                    weakness = NO_MAJORITY_WARNING
                    # Both show what a majority has, which may be old by now.
                    capabilities = replace(capabilities, snapshot_reads=False, change_streams=False)
            if lease is not None:
                held.callback(lease.release)
            elif purpose in _READ_ONLY_OK:
                capabilities, warnings = replace(capabilities, can_write=False), (*warnings, weakness)
            else:
                raise PermissionDenied("the database user may only read")
        if not locked:
            warnings = (*warnings, *_without_file_lock(path, lease))
        alone = path is None or (locked and not mount_of(path).may_be_shared)
        yield Hold(purpose, database, capabilities, warnings, lease, alone)


@contextmanager
def this_machine(ws: Workspace) -> Iterator[None]:
    """Hold the locks of this machine, whoever has the lease. Raises ``Busy`` / ``RestoreRunning`` at once."""
    with ExitStack() as held:
        held.enter_context(_process_mutex(ws.storage.describe(), "unlock", 0))
        if ws.storage.refusal() is not None and not ws.storage.aside:
            yield  # in a folder that can only be read nobody holds anything
            return
        path = ws.storage.lock_file()
        if path is not None:
            held.enter_context(file_lock(path, "unlock", 0))
        yield


def _place(ws: Workspace, purpose: str) -> tuple[Path | None, tuple[str, ...]]:
    """Find the file to lock and what the place lacks; None where nobody shares it, or nothing is written.

    Raises ``PermissionDenied`` when the folder can only be read and that does not do.
    """
    storage = ws.storage
    refusal = storage.refusal()
    if refusal is None:
        return storage.lock_file(), storage.weaknesses()
    said = f"the backup folder can only be read, {refusal.detail}"
    if purpose in _ASIDE and storage.aside:
        said += f"; what this run writes lies in {readable(storage.aside)}"
        return storage.lock_file(), (said, *storage.weaknesses())
    if purpose in _WRITES_NOTHING:
        return None, (said,)
    if purpose in _ASIDE:
        refusal.hint = "Name a work folder for the safety backup (--work-folder PATH, or work_folder=…)."
    raise refusal


def _without_file_lock(path: Path | None, lease: Lease | None) -> tuple[str, ...]:
    if path is None:
        return ()
    said = f"the folder {readable(path.parent)} ({mount_of(path)}) has no file locks"
    if lease is None:
        raise PermissionDenied(f"{said}, and there is no lock in MongoDB that could stand in for them",
                               hint="Two runs at once could destroy each other's work: choose another folder.")
    return (f"{said}: the lock in MongoDB alone keeps other runs away",)


def _reach(ws: Workspace, purpose: str) -> tuple[Database[dict[str, Any]] | None, Capabilities]:
    try:
        database = ws.connect()
        return database, Capabilities.of(database)
    except DatabaseUnreachable:
        if purpose in _WITHOUT_DATABASE:
            return None, Capabilities(can_write=False)
        raise


@contextmanager
def _process_mutex(name: str, purpose: str, deadline: float) -> Iterator[None]:
    with _guard:
        mutex = _mutexes.setdefault(name, threading.Lock())
    if not mutex.acquire(timeout=max(0.0, deadline - time.monotonic())):
        raise busy(_holding.get(name, ""), "in this process")
    try:
        _holding[name] = purpose
        yield
    finally:
        _holding.pop(name, None)
        mutex.release()


def _lease(
    database: Database[dict[str, Any]], holder: Holder, locked: bool, deadline: float, terms: Terms
) -> Lease | None:
    """Wait for the lease; None for a user who may write elsewhere, but not there."""
    while True:
        try:
            answer = Lease.take(database, holder, locked=locked, terms=terms)
        except PermissionDenied:
            return None
        if isinstance(answer, Lease):
            return answer
        if time.monotonic() >= deadline:
            raise busy(str(answer.get("purpose", "")), f"on {answer.get('host', 'another host')}")
        time.sleep(_LEASE_POLL_SECONDS)
