"""One backup, restore or prune at a time: between threads, processes and hosts.

Three locks, taken in this order: a mutex of this process per folder; ``flock`` on the folder's ``.lock``, which the
kernel frees when its holder dies; a lease in MongoDB for other hosts. Public verbs take them with ``hold`` and hand
the ``Hold`` on to inner functions, which never take them again.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pymongo.database import Database

from backup_engine.errors import BackupError, Busy, DatabaseUnreachable, NoMajority, PermissionDenied, RestoreRunning
from backup_engine.locking.lease import Holder, Lease, Terms, boot_id
from backup_engine.mongo.capabilities import Capabilities
from backup_engine.storage.disk_errors import disk_errors
from backup_engine.workspace import Workspace

Purpose = Literal[
    "backup", "restore", "merge", "undo", "drill", "prune", "pin", "repair", "import", "delete", "recover"
]

_WITHOUT_DATABASE: frozenset[str] = frozenset({"prune", "pin", "repair", "import", "delete", "recover"})
"""What concerns the folder alone and is done with the database down."""
_READ_ONLY_OK: frozenset[str] = _WITHOUT_DATABASE | {"backup"}
_RESTORES: frozenset[str] = frozenset({"restore", "merge", "undo"})
_POLL_SECONDS = 0.05
_LEASE_POLL_SECONDS = 0.5
TERMS = Terms()
NO_MAJORITY_WARNING = ("too few members of the replica set answer: locked by the folder's file lock alone; until they "
                       "are back nothing can be restored")
READ_ONLY_WARNING = "the database user may only read: locked by the folder's file lock alone"

_mutexes: dict[str, threading.Lock] = {}
_holding: dict[str, str] = {}
_guard = threading.Lock()
_open_locks: set[int] = set()


def _forget_locks_in_child() -> None:
    """A forked worker must not keep a dead parent's file lock alive."""
    global _guard
    _guard = threading.Lock()  # if another thread held it at the fork, nobody is left here to free it
    for descriptor in _open_locks:
        with suppress(OSError):
            os.close(descriptor)  # closing a copy frees nothing: the parent keeps its lock
    _open_locks.clear()
    _mutexes.clear()
    _holding.clear()


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
    """Take all locks, or raise ``Busy`` / ``RestoreRunning`` after ``wait`` seconds."""
    deadline = time.monotonic() + wait
    name = ws.storage.describe()
    with ExitStack() as held:
        held.enter_context(_process_mutex(name, purpose, deadline))
        database, capabilities = _reach(ws, purpose)
        path = ws.storage.lock_file()
        # Before the lease: who has it may take over the lease of a dead process of this boot at once.
        if path is not None:
            held.enter_context(_file_lock(path, purpose, deadline))
        lease, warnings = None, tuple[str, ...]()
        if database is not None and capabilities.commands:
            weakness = READ_ONLY_WARNING
            if capabilities.can_write:
                holder = Holder(purpose, _folder_identity(path, name))
                try:
                    lease = _lease(database, holder, path is not None, deadline, terms or TERMS)
                except NoMajority:
                    if purpose not in _READ_ONLY_OK:
                        raise
                    weakness = NO_MAJORITY_WARNING
                    # Both show what a majority has, which may be old by now.
                    capabilities = replace(capabilities, snapshot_reads=False, change_streams=False)
            if lease is not None:
                held.callback(lease.release)
            elif purpose in _READ_ONLY_OK:
                capabilities, warnings = replace(capabilities, can_write=False), (weakness,)
            else:
                raise PermissionDenied("the database user may only read")
        yield Hold(purpose, database, capabilities, warnings, lease)


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
        raise _busy(_holding.get(name, ""), "in this process")
    try:
        _holding[name] = purpose
        yield
    finally:
        _holding.pop(name, None)
        mutex.release()


@contextmanager
def _file_lock(path: Path, purpose: str, deadline: float) -> Iterator[None]:
    descriptor = _locked(path, deadline)
    _open_locks.add(descriptor)
    try:
        with suppress(OSError):  # for people only; a full disk must not stop what frees it
            _write_holder(descriptor, purpose)
        yield
    finally:
        if descriptor in _open_locks:  # not so in a forked child
            _open_locks.discard(descriptor)
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
            os.close(descriptor)


def _locked(path: Path, deadline: float) -> int:
    """Open and lock; again when somebody removed the file between the two."""
    while True:
        with disk_errors(str(path)):
            # NOFOLLOW: a link laid there must not make us write elsewhere. CLOEXEC: no program we start keeps the lock.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if _flock(descriptor, path, deadline):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _flock(descriptor: int, path: Path, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= deadline:
                purpose, who = _read_holder(descriptor)
                raise _busy(purpose, who) from None
            time.sleep(_POLL_SECONDS)
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


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
            raise _busy(str(answer.get("purpose", "")), f"on {answer.get('host', 'another host')}")
        time.sleep(_LEASE_POLL_SECONDS)


def _folder_identity(path: Path | None, name: str) -> str:
    """Name the folder by device and inode: two containers may call different folders by one path."""
    if path is None:
        return f"{name} {os.getpid()}"
    with disk_errors(str(path)):
        status = path.parent.stat()
    return f"{status.st_dev}:{status.st_ino}"


def _write_holder(descriptor: int, purpose: str) -> None:
    about = {"purpose": purpose, "pid": os.getpid(), "boot": boot_id(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(about).encode(), 0)


def _read_holder(descriptor: int) -> tuple[str, str]:
    try:
        about = json.loads(os.pread(descriptor, 4096, 0))
        return str(about["purpose"]), f"by process {about['pid']} since {about['since']}"
    except (ValueError, KeyError, TypeError, RecursionError, OSError):  # 5,000 brackets in it are a RecursionError
        return "", "by another process"


def _busy(purpose: str, who: str) -> BackupError:
    if purpose in _RESTORES:
        return RestoreRunning(f"A restore is running {who}".strip(), hint="Try again when it has finished.")
    what = "A backup is already running" if purpose in ("", "backup") else f"A backup is already running ({purpose})"
    return Busy(f"{what} {who}".strip(), hint="Try again when it has finished.")
