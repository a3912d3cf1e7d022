"""Ten people who insert, update and delete without pause, and remember every write the server acknowledged."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pymongo
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

Doc = dict[str, Any]
PEOPLE = 10
DOOMED = 400
"""Records in the list that people delete; each comes back with every replace."""


@dataclass
class Crowd:
    """What was acknowledged, and what was refused."""

    inserted: set[str] = field(default_factory=set)
    tokens: dict[str, set[str]] = field(default_factory=dict)
    """Record → names of the marks set in it by updates."""
    deleted: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, collection: Collection[Doc], person: int) -> None:
        """Write until told to stop."""
        chance = random.Random(person)
        number = 0
        while not self._stop.is_set():
            number += 1
            try:
                getattr(self, chance.choice(["_insert", "_update", "_update", "_delete"]))(
                    collection, f"{person}-{number}", chance)
            except PyMongoError as problem:
                self.refused.append(repr(problem))

    def _insert(self, collection: Collection[Doc], mark: str, chance: random.Random) -> None:
        collection.insert_one({"_id": f"new-{mark}", "by": mark})
        with self._lock:
            self.inserted.add(f"new-{mark}")

    def _update(self, collection: Collection[Doc], mark: str, chance: random.Random) -> None:
        record = f"kept-{chance.randrange(40)}"
        if collection.update_one({"_id": record}, {"$set": {f"marks.{mark}": 1}}).modified_count:
            with self._lock:
                self.tokens.setdefault(record, set()).add(mark)

    def _delete(self, collection: Collection[Doc], mark: str, chance: random.Random) -> None:
        record = f"doomed-{chance.randrange(DOOMED)}"
        if collection.delete_one({"_id": record}).deleted_count:
            with self._lock:
                self.deleted[record] += 1

    def lost(self, states: Iterable[Mapping[str, Doc]]) -> dict[str, list[str]]:
        """Name the acknowledged writes that are in none of the states: every undo set, and live."""
        states = list(states)
        inserts = [record for record in self.inserted if not any(record in state for state in states)]
        updates = [f"{record} {token}" for record, tokens in self.tokens.items()
                   for token in tokens - {mark for state in states for mark in state.get(record, {}).get("marks", {})}]
        # Every replace brings the doomed back: each delete that was acknowledged is one state without the record.
        deletes = [record for record, times in self.deleted.items()
                   if sum(record not in state for state in states) != times]
        return {"inserts": inserts, "updates": updates, "deletes": deletes}

    @property
    def writes(self) -> int:
        """How many writes were acknowledged."""
        return len(self.inserted) + sum(map(len, self.tokens.values())) + self.deleted.total()


def list_of_the_crowd() -> list[Doc]:
    """The list as it is in the backup."""
    return [{"_id": f"kept-{n}", "marks": {}} for n in range(40)] + [{"_id": f"doomed-{n}"} for n in range(DOOMED)]


@contextmanager
def at_work(uri_client: pymongo.MongoClient[Doc], database: str, collection: str) -> Iterator[Crowd]:
    """Let the crowd work while the block runs."""
    crowd = Crowd()
    people = [threading.Thread(target=crowd.work, args=(uri_client[database][collection], person))
              for person in range(PEOPLE)]
    for person in people:
        person.start()
    try:
        yield crowd
    finally:
        crowd._stop.set()
        for person in people:
            person.join()
