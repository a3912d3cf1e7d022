"""How far long work is, for the other servers of this database: what its own server tells about once a second.

A piece of work is a document ``{_id, kind, action, title, owner, phase, done, total, final, at, stop?}``; ``stop`` is
what somebody on another server asked for. It goes when the work ends; of a server that died it counts no more after
``LOST``, and is removed when the next work begins.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo.errors import PyMongoError

from backup_engine.errors import BackupError
from equipment.jobs import Job
from equipment.store import moments
from equipment.store.access import Db, Who, require

__all__ = ["LOST", "WORK", "Told", "Work", "ask_to_stop", "elsewhere"]

log = logging.getLogger(__name__)

WORK: Final = "equipment_work"
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


class Told:
    """Tells the database how far a job is, and the job whether somebody wants it to stop. Called in its thread."""

    def __init__(self, connect: Callable[[], Db], kind: str, action: str) -> None:
        self.number = ObjectId()
        self._connect, self._kind, self._action = connect, kind, action
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
                "phase": progress.phase, "done": progress.done, "total": progress.total, "final": progress.final,
                "at": moments.now()}


def elsewhere(db: Db, kind: str, mine: ObjectId | None) -> Work | None:
    """Give the work of a kind that another server does now; ``mine`` is the number of this server's."""
    found = db[WORK].find_one({"kind": kind, "_id": {"$ne": mine}, "at": {"$gte": moments.now() - LOST}},
                              sort=[("at", -1)])
    if found is None:
        return None
    return Work(str(found["_id"]), found["title"], found["owner"], found["phase"], found["done"], found["total"],
                found["final"], bool(found.get("stop")))


def ask_to_stop(db: Db, who: Who, number: str) -> None:
    """Ask the server that does it to stop at the next safe point. Raises ``PermissionDenied`` for who may not make
    backups; who stops a restore needs no proof of who is there, as nothing is lost by it."""
    require(db, who, "backup.create")
    db[WORK].update_one({"_id": ObjectId(number)}, {"$set": {"stop": True}})
