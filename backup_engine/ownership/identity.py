"""Who a database is: one document in ``backup_restore_state``, with the sets it has written and what it has adopted.

The id is given once and never changes by itself. Every set that is written gets the next number and is noted here
before it is committed, so a set in the folder that bears this id and is not noted was written by somebody else: a copy
of the database, or the database itself before it was rolled back.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from backup_engine.errors import BackupError
from backup_engine.model import BackupSet
from backup_engine.mongo.capabilities import answers_commands, database_errors
from backup_engine.mongo.pinned import DURABLE
from backup_engine.ownership.owner import Adopted, Question
from backup_engine.records.raw import PYTHON

__all__ = ["Identity", "adopt", "ask", "create", "note_claim", "read", "renew", "trust", "write_down"]

COLLECTION = "backup_restore_state"
IDENTITY = "database"
KEPT = 100
"""Sets a database remembers one by one; older ones are believed."""
Doc = dict[str, Any]


@dataclass(frozen=True)
class Identity:
    """What a database knows of itself."""

    database_id: str
    number: int = 0
    """Of the last set it has written."""
    written: Mapping[int, str] = field(default_factory=dict)
    """``backup_id`` of the last sets, by number."""
    trusted: int = 0
    """Numbers up to this one were accepted by an administrator."""
    claimed: bool | None = None
    """Whether it has claimed the sets of its name without an id; None while there was nothing to claim, False when an
    administrator said that it has nothing to do with the backups that were there."""
    adopted: tuple[Adopted, ...] = ()
    question: Question | None = None

    def stranger(self, sets: Sequence[BackupSet]) -> BackupSet | None:
        """Give the newest set with this id that this database has not written."""
        strange = [backup for backup in sets if backup.database_id == self.database_id and self._is_strange(backup)]
        return strange[-1] if strange else None

    def _is_strange(self, backup: BackupSet) -> bool:
        number = backup.number
        if number is None or number <= self.trusted:
            return False
        known = self.written.get(number)
        return number > self.number or (known is not None and known != backup.backup_id)


def read(database: Database[Doc]) -> Identity | None:
    """Give what the database knows of itself, None while it has no id."""
    with database_errors(database):
        document = _state(database).find_one({"_id": IDENTITY})
    return None if document is None else _identity(document)


def create(database: Database[Doc], **known: Any) -> Identity:
    """Give the database an id unless it has one; ``known`` are further fields of the document.

    Raises ``BackupError`` when the database is dropped meanwhile.
    """
    with database_errors(database), suppress(DuplicateKeyError):  # another process was faster, and its id counts
        _state(database).insert_one({"_id": IDENTITY, "database_id": str(uuid.uuid4()), "number": 0, "written": [],
                                     **known})
    return _known(database)


def write_down(database: Database[Doc], backup_id: str, seq: int) -> int:
    """Note a set that is about to be committed; gives its number. The caller holds the locks."""
    identity = _known(database)
    number = identity.number + 1
    kept = [{"number": known, "backup_id": name} for known, name in identity.written.items()][-KEPT + 1 :]
    written = [*kept, {"number": number, "backup_id": backup_id, "seq": seq}]
    _change(database, {"number": number, "written": written})
    return number


def note_claim(database: Database[Doc]) -> None:
    """Note that the sets without an id are this database's."""
    _change(database, {"claimed": True})


def ask(database: Database[Doc], question: Question | None) -> None:
    """Note a question that stays until an administrator has answered it, or take it away."""
    _change(database, {"question": {"kind": question.kind, "label": question.label} if question else None})


def renew(database: Database[Doc]) -> None:
    """This database is a copy: it gets an id of its own, and what it had written belongs to the other one."""
    _change(database, {"database_id": str(uuid.uuid4()), "number": 0, "written": [], "trusted": 0, "claimed": False,
                       "question": None})


def trust(database: Database[Doc], number: int) -> None:
    """This database was rolled back: sets up to this number are its own though it does not know them."""
    identity = _known(database)
    _change(database, {"trusted": number, "number": max(number, identity.number), "question": None})


def adopt(database: Database[Doc], adopted: Sequence[Adopted]) -> None:
    """Note the databases whose sets this one has taken over."""
    _change(database, {"adopted": [{"database_id": other.database_id, "database": other.database, "gone": other.gone}
                                   for other in adopted]})


def _known(database: Database[Doc]) -> Identity:
    identity = read(database)
    if identity is None:
        raise BackupError("the database was dropped at this very moment", hint="Try again.")
    return identity


def _change(database: Database[Doc], fields: Mapping[str, Any]) -> None:
    with database_errors(database):
        _state(database).update_one({"_id": IDENTITY}, {"$set": dict(fields)})


def _state(database: Database[Doc]) -> Collection[Doc]:
    if not answers_commands(database):
        return database[COLLECTION]
    return database.get_collection(COLLECTION, codec_options=PYTHON, write_concern=DURABLE)


def _identity(document: Mapping[str, Any]) -> Identity:
    question = document.get("question")
    return Identity(
        database_id=str(document["database_id"]), number=int(document.get("number", 0)),
        written={int(entry["number"]): str(entry["backup_id"]) for entry in document.get("written", ())},
        trusted=int(document.get("trusted", 0)), claimed=document.get("claimed"),
        adopted=tuple(Adopted(other["database_id"], other["database"], bool(other.get("gone")))
                      for other in document.get("adopted", ())),
        question=Question(question["kind"], question["label"]) if question else None,
    )
