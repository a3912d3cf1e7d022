"""The lease: one operation at a time over one database, across hosts.

A document in ``backup_restore_state`` names the holder until a moment on the *server's* clock. The holder renews it;
who stood still too long finds another token and must stop before the next step that commits. The token only grows.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pymongo import ReturnDocument, WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError

from backup_engine.errors import Busy, NoMajority
from backup_engine.machine import children
from backup_engine.mongo.capabilities import address, database_errors

COLLECTION = "backup_restore_state"
LEASE_ID = "lease"
MARGIN_MILLISECONDS = 10_000
"""A command's ``$$NOW`` is of its start: of twelve at once, some that had to wait saw a date of the winner that was
further away than their own would have been."""
# What only one member knows is gone when another is elected, and then two would hold the lease.
_MAJORITY = WriteConcern("majority", wtimeout=5_000)
_HERE = WriteConcern(1)


@dataclass(frozen=True)
class Terms:
    """How long a lease lasts without renewal, and how often it is renewed; seconds."""

    lasts: float = 60.0
    renewed_every: float = 15.0


@dataclass(frozen=True)
class Holder:
    """Who asks: ``boot`` and ``folder`` together tell whose flock proves that a former holder is dead."""

    purpose: str
    folder: str
    boot: str = field(default_factory=lambda: boot_id())
    host: str = field(default_factory=socket.gethostname)
    place: str = ""
    """The folder's path, for people; ``folder`` is what tells folders apart."""
    pid: int = field(default_factory=os.getpid)


class Lease:
    """A lease being held, renewed by a thread of its own until ``release``."""

    def __init__(
        self, collection: Collection[dict[str, Any]], token: int, terms: Terms, scope: str = "", *,
        document: str = LEASE_ID,
    ) -> None:
        self.token = token
        self.scope = scope
        """Names the lease itself, so that a run can tell whether it was this one another run held."""
        self._collection = collection
        self._document = document
        self._terms = terms
        self._ended = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._renew_regularly, name="backup-lease", daemon=True)
        self._thread.start()

    @classmethod
    def take(
        cls, database: Database[dict[str, Any]], holder: Holder, *, locked: bool, terms: Terms,
        document: str = LEASE_ID,
    ) -> Lease | dict[str, Any]:
        """Take the lease, or give the document of whoever has it.

        ``locked`` says that the caller holds the folder's flock, so that a lease of the same folder and boot is a dead
        process's and may be taken at once. ``document`` names the lease: that of the locks, unless something else is
        to be the business of one process. Raises ``PermissionDenied`` for a user who may only read, ``NoMajority``.
        """
        # On the primary first, so that the token is known and can be given back should there be no majority.
        collection = database.get_collection(COLLECTION, write_concern=_HERE)
        with database_errors(database):
            with suppress(DuplicateKeyError):  # made first: MongoDB refuses an upsert whose filter has $expr
                collection.insert_one({"_id": document, "token": 0, "until": None})
            mine = collection.find_one_and_update(
                {"_id": document, "$expr": _free_for(holder, locked, terms)}, [{"$set": _held_by(holder, terms)}],
                return_document=ReturnDocument.AFTER,
            )
            if mine is None:
                return collection.find_one({"_id": document}) or {}
        scope = _scope(database, str(mine["scope"]))
        majority = collection.with_options(write_concern=_MAJORITY)
        lease = cls(majority, int(mine["token"]), terms, scope, document=document)
        try:
            lease.check()
        except BaseException:
            lease.release()
            raise
        return lease

    @staticmethod
    def look(database: Database[dict[str, Any]], document: str = LEASE_ID) -> dict[str, Any]:
        """Give the lease's document with the server's present moment as ``now``; empty when there is none."""
        with database_errors(database):
            return next(database[COLLECTION].aggregate([{"$match": {"_id": document}}, {"$set": {"now": "$$NOW"}}]), {})

    @staticmethod
    def free(database: Database[dict[str, Any]], seen: Mapping[str, Any]) -> bool:
        """Take the lease from whoever has it, if it is still as it was seen: no heartbeat came between."""
        collection = database.get_collection(COLLECTION, write_concern=_MAJORITY)
        same = {"_id": LEASE_ID, "token": seen["token"], "until": seen["until"]}
        with database_errors(database):
            return collection.update_one(same, {"$set": {"until": None}}).modified_count == 1

    def check(self) -> None:
        """Ask the server whether the lease is still ours, and renew it. Raises ``Busy`` when it is not."""
        try:
            with database_errors(self._collection.database):
                if not self._lost and self._renew():
                    return
        except NoMajority:
            self._collection = self._collection.with_options(write_concern=_HERE)  # else the release waits as well
            raise
        with database_errors(self._collection.database):
            there = self._collection.find_one({"_id": self._document}, {"_id": 1}) is not None
        why = "another run took over while this one stood still" if there else (
            "the lock is gone, because the database was dropped meanwhile")
        raise Busy(why, hint="Nothing was committed; try again.")

    def release(self) -> None:
        """Give it back; if the server cannot be told, it lapses by itself."""
        self._ended.set()
        self._thread.join()
        with suppress(PyMongoError):
            self._collection.update_one({"_id": self._document, "token": self.token}, {"$set": {"until": None}})

    def _renew(self) -> bool:
        # Not once it is released: the renewing thread must not revive what another is about to take.
        renewed = self._collection.find_one_and_update(
            {"_id": self._document, "token": self.token, "until": {"$ne": None}},
            [{"$set": {"until": _until(self._terms)}}],
        )
        self._lost = renewed is None
        return renewed is not None

    def _renew_regularly(self) -> None:
        while not self._lost and not self._ended.wait(self._terms.renewed_every):
            with suppress(PyMongoError):  # asked again next time, and by check() before anything is committed
                self._renew()


def boot_id() -> str:
    """Identify this boot of this machine; a value of its own per call where the system cannot tell."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
        told = subprocess.run(command, capture_output=True, text=True, check=False, env=children.of_program())
        return told.stdout.strip() or _unique()
    return _unique()


def _unique() -> str:
    return f"unknown-{time.time_ns()}"


def _scope(database: Database[dict[str, Any]], own: str) -> str:
    """Tell this lease from that of any other database, also of a copy, which has the same documents."""
    where = f"{own} {database.name} {address(database)}"
    return hashlib.sha256(where.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _until(terms: Terms) -> dict[str, Any]:
    return {"$add": ["$$NOW", _milliseconds(terms)]}


def _milliseconds(terms: Terms) -> int:
    return int(terms.lasts * 1000)


def _free_for(holder: Holder, locked: bool, terms: Terms) -> dict[str, Any]:
    lapsed = {"$lte": ["$until", "$$NOW"]}  # null sorts below every date
    # Nobody writes a moment further away than this: it is of a holder who died while the server's clock was ahead. One
    # who lives, after the election of a member whose clock is behind, is stopped by its token before it commits.
    furthest = {"$add": ["$$NOW", {"$ifNull": ["$lasts", _milliseconds(terms)]}, MARGIN_MILLISECONDS]}
    impossible = {"$gt": ["$until", furthest]}
    free = [lapsed, impossible]
    if locked:
        # $literal: text that begins with $ would be read as the name of a field.
        same = [{"$eq": ["$boot", {"$literal": holder.boot}]}, {"$eq": ["$folder", {"$literal": holder.folder}]}]
        free.append({"$and": same})
    return {"$or": free}


def _held_by(holder: Holder, terms: Terms) -> dict[str, Any]:
    words = {name: {"$literal": value} for name, value in asdict(holder).items()}
    return {**words, "token": {"$add": ["$token", 1]}, "since": "$$NOW", "until": _until(terms),
            "lasts": {"$literal": _milliseconds(terms)},
            "scope": {"$ifNull": ["$scope", {"$literal": uuid.uuid4().hex}]}}
