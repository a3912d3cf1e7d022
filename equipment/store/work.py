"""How far long work is, for the other servers of this database: what its own server tells about once a second.

A piece of work is a document ``{_id, kind, action, title, owner, by, phase, done, total, final, at, stop?}``; ``by`` is
the key of the account that does it, ``stop`` is what somebody on another server asked for. It goes when the work ends;
of a server that died it counts no more after ``LOST``, and is removed when the next work begins.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo.errors import PyMongoError

from backup_engine.errors import BackupError
from equipment.jobs import Job
from equipment.store import moments
from equipment.store.access import Account, Db, Who, require

__all__ = ["LIST", "LOST", "WORK", "Told", "Work", "ask_to_stop", "elsewhere", "may_stop"]

log = logging.getLogger(__name__)

WORK: Final = "equipment_work"
LIST: Final = "list"
"""The kind of work on the list: imports, bulk edits, undoing, columns. All else is work on the backups."""
OF_OTHERS: Final = "records.bulk_edit"
"""What it takes to see and stop what somebody else does to the list; undoing it takes the same."""
EVERY_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 10.0
"""After the database did not take it: asking it may take seconds, for which the work would wait."""
LOST: Final = timedelta(seconds=30)
"""A phase may be long without a word, such as building an index."""


@dataclass(frozen=True)
class Work:
    """One piece of work on another server."""

    number: str
    title: str
    owner: str
    phase: str
    done: int
    total: int | None
    final: bool
    stops: bool
    kind: str = ""
    by: str = ""


class Told:
    """Tells the database how far a job is, and the job whether somebody wants it to stop. Called in its thread."""

    def __init__(self, connect: Callable[[], Db], kind: str, action: str, by: str = "") -> None:
        self.number = ObjectId()
        self._connect, self._kind, self._action, self._by = connect, kind, action, by
        self._next = float("-inf")

    def __call__(self, job: Job) -> None:
        """Tell it, if the last time is a while ago; where that cannot be done it is no reason to fail."""
        if time.monotonic() < self._next and job.running:
            return
        begins = self._next == float("-inf")
        try:
            work = self._connect()[WORK]
            if not job.running:
                work.delete_one({"_id": self.number})
                return
            if begins:
                work.delete_many({"at": {"$lt": moments.now() - LOST}})
            known = work.find_one_and_update({"_id": self.number}, {"$set": self._document(job)}, upsert=True)
            self._next = time.monotonic() + EVERY_SECONDS
        except (BackupError, PyMongoError) as error:
            self._next = time.monotonic() + PAUSE_SECONDS
            log.info("other servers are not told how far %s is: %s", job.kind, type(error).__name__)
            return
        if known is not None and known.get("stop"):
            job.cancel()

    def _document(self, job: Job) -> dict[str, Any]:
        progress = job.progress
        return {"kind": self._kind, "action": self._action, "title": job.title, "owner": job.owner,
                "by": self._by, "phase": progress.phase, "done": progress.done, "total": progress.total,
                "final": progress.final, "at": moments.now()}


def elsewhere(db: Db, kind: str, mine: Collection[ObjectId] = ()) -> list[Work]:
    """Give the work of a kind that is done now, the oldest first, without that of the numbers ``mine``."""
    asked = {"kind": kind, "_id": {"$nin": list(mine)}, "at": {"$gte": moments.now() - LOST}}
    return [Work(str(found["_id"]), found["title"], found["owner"], found["phase"], found["done"], found["total"],
                 found["final"], bool(found.get("stop")), found["kind"], found.get("by", ""))
            for found in db[WORK].find(asked, sort=[("_id", 1)])]


def may_stop(account: Account, doing: Work) -> bool:
    """Tell whether this person may see and stop it (for showing or hiding; ``ask_to_stop`` decides)."""
    if doing.kind == LIST:
        return account.key == doing.by or account.may(OF_OTHERS)
    return account.may("backup.create")


def ask_to_stop(db: Db, who: Who, doing: Work) -> None:
    """Ask the server that does it to stop at the next safe point.

    Raises ``PermissionDenied`` for who may not make backups or, of work on the list, for whoever neither does it nor
    may do bulk edits. Who stops a restore needs no proof of who is there, as nothing is lost by it.
    """
    if doing.kind == LIST:
        found = db[WORK].find_one({"_id": ObjectId(doing.number)}, {"by": 1}) or {}
        own = require(db, who, "records.read").key == found.get("by")
        require(db, who, "records.read" if own else OF_OTHERS)
    else:
        require(db, who, "backup.create")
    db[WORK].update_one({"_id": ObjectId(doing.number), "kind": doing.kind}, {"$set": {"stop": True}})
