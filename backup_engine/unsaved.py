"""How many records were changed since the newest good backup, and since when: what would be lost if this disk died now.

Measured from the database, so it is true whoever changed something: the application, a script, an import, a restore.
The change stream tells which records were touched since the set was made; where it cannot (another list took the place
of this one, a server without change streams), a list of moderate length is compared with the set record by record.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pymongo.database import Database

from backup_engine.errors import BackupError, WrongKey
from backup_engine.making import following, resume_tokens, unchanged
from backup_engine.making.resume_tokens import Followed, Lost
from backup_engine.model import BackupSet
from backup_engine.mongo.capabilities import answers_commands
from backup_engine.ownership import lookup
from backup_engine.records import raw
from backup_engine.records.content_sum import digests
from backup_engine.repository import companions, contents, record_stream
from backup_engine.workspace import Workspace

__all__ = ["Glance", "Loss", "Unsaved"]

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
"""A look serves every visitor of the process for so long."""
MOST_TOUCHED = 100_000
"""Touched records beyond this are not counted one by one."""
MOST_COMPARED = 20_000
"""Records of a list that is compared while somebody waits for the page: 0.5 s."""
Touched = dict[str, set[bytes]]
"""``_id`` elements, by key of the collection."""


@dataclass(frozen=True)
class Loss:
    """What is not backed up."""

    changes: int
    """Records that are new, changed or gone since the newest good backup."""
    seconds: int | None = None
    """How long the first of them has been waiting, by the server's clock; None when none is, or nobody knows."""


class Unsaved:
    """Keeps count for one process. Safe to share between threads."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._looking = threading.Lock()
        self._since = ""
        self._looked = float("-inf")
        self._answer: Loss | None = None
        self._compared: Followed | None = None
        """What a comparison found, and what the stream told since; None where the stream tells it from the mark on."""

    def count(self) -> int | None:
        """Give the number of records that are new, changed or gone since then; None when that cannot be told.

        Looks at most every 5 s, and at once when there is a new backup.
        """
        loss = self.loss()
        return None if loss is None else loss.changes

    def loss(self) -> Loss | None:
        """Give the same with how long it has been so."""
        with self._looking:
            return self._loss(self._newest())

    def anything(self, besides: Collection[str] = ()) -> bool:
        """Whether anything changed since then, as of now: in the list, or in the application's own data except
        ``besides``, keys of it. Also True where that cannot be told, and without a good backup."""
        with self._looking:  # a look that was begun before the question is no answer to it
            self.forget()
            newest = self._newest()
            loss = self._loss(newest)
        return newest is None or loss is None or loss.changes > 0 or self._own_changed(newest, besides)

    def forget(self) -> None:
        """Look again at the next question: something was done here."""
        self._looked = float("-inf")

    def _newest(self) -> BackupSet | None:
        return self._ws.catalog.newest_good(lookup.seen(self._ws).owns)

    def _loss(self, newest: BackupSet | None) -> Loss | None:
        if newest is None:
            return None
        if newest.backup_id != self._since:
            self._since, self._compared, self._looked = newest.backup_id, None, float("-inf")
        if time.monotonic() - self._looked >= EVERY_SECONDS:
            self._answer = self._look(newest)
            self._looked = time.monotonic()
        return self._answer

    def _own_changed(self, newest: BackupSet, besides: Collection[str]) -> bool:
        annex, own, saved = self._ws.annex, self._ws.application, companions.of(self._ws, newest)
        if annex is None or own is None:
            return False
        if saved is None or companions.trouble(self._ws, newest):
            return True
        counts = annex.about.counts
        try:
            return unchanged.seen(own, self._ws.connect(), saved, lambda key, document: (
                key not in besides and counts(key, document))) is None
        except BackupError as problem:
            log.warning("whether %s changed since backup %s is unknown: %s", annex.about.called, newest.label, problem)
            return True

    def _look(self, newest: BackupSet) -> Loss | None:
        try:
            try:
                followed = self._follow(newest)
            except Lost as problem:
                log.info("what changed since backup %s is found out by comparing: %s", newest.label, problem.detail)
                return self._compare(newest)
        except WrongKey:  # a set that cannot be opened here cannot be compared with
            return None
        except BackupError as problem:
            log.warning("what changed since backup %s is unknown: %s", newest.label, problem)
            return None
        return Loss(followed.changes, followed.age)

    def _follow(self, newest: BackupSet) -> Followed:
        database, before, self._compared = self._ws.connect(), self._compared, None
        if before is None:
            return following.since(self._ws, database, newest, MOST_TOUCHED)
        more = resume_tokens.follow(database, self._ws.sources, before.token, MOST_TOUCHED)
        self._compared = before.then(more)
        return self._compared

    def _compare(self, newest: BackupSet) -> Loss | None:
        """Compare with the set itself; None for what takes too long."""
        ws, database = self._ws, self._ws.connect()
        sizes = [database[source.collection].estimated_document_count() for source in ws.sources]
        if max([*sizes, *newest.counts.values()]) > MOST_COMPARED:
            return None
        # before the reading: what is written during it is then counted by the stream
        token = resume_tokens.take(database, ws.sources) if answers_commands(database) else None
        differing: Touched = {}
        for source in ws.sources:
            saved = self._digests_of_set(newest, source.key)
            there: dict[bytes, bytes] = {}
            with record_stream.of_current(ws, source.key) as live:
                for batch in live.batches:
                    there |= _digests(raw.documents_of(batch))
            differing[source.key] = {identity for identity in saved.keys() | there.keys()
                                     if saved.get(identity) != there.get(identity)}
        self._compared = Followed(differing, token, None, 0) if token is not None else None
        return Loss(sum(map(len, differing.values())))

    def _digests_of_set(self, newest: BackupSet, key: str) -> dict[bytes, bytes]:
        saved: dict[bytes, bytes] = {}
        if key in newest.parts:
            for batch in contents.documents(self._ws, newest, key):
                saved |= _digests(raw.documents_of(batch))
        return saved


class Glance:
    """The same for a monitor: the change stream is read on from where the last look stopped, and nothing is compared.

    It has a place of its own in the stream: it waits for no page, and no page for it. For one thread at a time.
    """

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._since = ""
        self._followed: Followed | None = None
        self._lost = False

    def loss(self, database: Database[dict[str, Any]]) -> Loss | None:
        """Give it; None without a backup, and where the stream does not tell. Raises ``DatabaseUnreachable``."""
        newest = self._ws.catalog.newest_good(lookup.seen(self._ws).owns)
        if newest is None:
            return None
        if newest.backup_id != self._since:
            self._since, self._lost = newest.backup_id, False
            self._followed = following.known(self._ws, newest)
        if self._lost:  # another try would read all of it again, with every scrape
            return None
        if self._followed is None and not answers_commands(database):
            return None
        try:
            self._followed = self._further(database, newest)
        except Lost as problem:
            log.info("what changed since backup %s is not told to a monitor: %s", newest.label, problem.detail)
            self._lost, self._followed = True, None
        return None if self._followed is None else Loss(self._followed.changes, self._followed.age)

    def _further(self, database: Database[dict[str, Any]], newest: BackupSet) -> Followed | None:
        before = self._followed
        if before is not None:
            both = before.then(resume_tokens.follow(database, self._ws.sources, before.token, MOST_TOUCHED))
            if both.changes > MOST_TOUCHED:
                raise Lost("there are too many")
            return both
        mark = resume_tokens.of(self._ws.storage, newest)
        if mark is None:  # not yet: it is kept after the backup is committed
            return None
        return resume_tokens.follow(database, self._ws.sources, mark.token, MOST_TOUCHED)


def _digests(documents: list[bytes]) -> dict[bytes, bytes]:
    return dict(zip(map(raw.id_of, documents), digests(documents), strict=True))
