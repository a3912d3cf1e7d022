"""Where a full set stands in the server's change stream, and which records were touched since.

The mark is taken before the snapshot, so that it can only be too early: an event seen twice does no harm, because the
record is read again from the new snapshot, whatever the event says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bson import Timestamp, json_util
from pymongo.database import Database
from pymongo.errors import OperationFailure

from backup_engine.errors import BackupError
from backup_engine.model import BackupSet, Source
from backup_engine.mongo.capabilities import database_errors
from backup_engine.records import raw
from backup_engine.repository.notes import Note
from backup_engine.storage.base import STATE, Storage

_PATIENCE_SECONDS = 30.0
_AWAIT_MS = 20
_BARE = 40
"""Digits of a token that stands for a moment alone, 32 in MongoDB 6.0; one of an event bears the record's ``_id``."""
_TIMESTAMP = "82"
"""First byte of a resume token: a timestamp in KeyString encoding follows, seconds and increment of 4 bytes each."""


class Lost(BackupError):
    """The change stream cannot say what happened since the mark; everything has to be read. Nobody is told."""


@dataclass(frozen=True)
class Mark:
    """A resume token, and the collections' UUIDs in hex, by key."""

    token: Mapping[str, Any]
    uuids: Mapping[str, str]


def take(database: Database[dict[str, Any]], sources: Sequence[Source]) -> Mapping[str, Any] | None:
    """Give the resume token of this moment, or None for a user or a server that has no change streams."""
    try:
        with database_errors(database), _open(database, sources) as stream:
            token: Any = stream.resume_token
    except BackupError:
        return None
    return None if token is None else {"_data": token["_data"]}


def keep(storage: Storage, backup: BackupSet, mark: Mark, *, may_go: Callable[[str], bool] = lambda _: True) -> None:
    """Remember a set's mark; those of other sets go, if they may by their label."""
    note = _note(backup)
    for name in storage.names(STATE):
        of_a_mark = name.startswith("mark_") and name != note.name
        if of_a_mark and may_go(name.removeprefix("mark_").removesuffix(".json")):
            storage.delete(STATE, name)
    _write(storage, note, backup, mark)


def keep_seen(storage: Storage, backup: BackupSet, mark: Mark) -> None:
    """Remember up to where nothing that counts was touched since a set: one mark, beside that of the set itself, on
    which a differential has to go back."""
    _write(storage, _seen(backup), backup, mark)


def _write(storage: Storage, note: Note[Mark | None], backup: BackupSet, mark: Mark) -> None:
    if backup.encrypted and len(mark.token["_data"]) > _BARE:
        note.delete(storage)  # the token names a record; without it the next run compares
        return
    about = {"backup_id": backup.backup_id, "token": json_util.dumps(mark.token), "uuids": dict(mark.uuids)}
    note.write(storage, about)


def of(storage: Storage, backup: BackupSet) -> Mark | None:
    """Give the mark of a set, if one was kept."""
    return _note(backup).read(storage)


@dataclass(frozen=True)
class Followed:
    """What the stream told from a mark on: touched records, and where it stands now, to go on from."""

    touched: Mapping[str, set[bytes]]
    """``_id`` elements, by key of the collection."""
    token: Mapping[str, Any]
    first: int | None
    """When the first of them was touched, in seconds of the server's clock; None when none was, or nobody knows."""
    now: int
    """The server's clock at the end."""

    @property
    def changes(self) -> int:
        """How many records were touched."""
        return sum(map(len, self.touched.values()))

    @property
    def age(self) -> int | None:
        """Seconds since the first touch, by the server's clock alone: this machine's may jump."""
        return None if self.first is None else max(0, self.now - self.first)

    def then(self, more: Followed) -> Followed:
        """Add what was touched from where this one stands."""
        touched = {key: self.touched.get(key, set()) | identities for key, identities in more.touched.items()}
        # changes of which nobody knows since when stay so
        return Followed(touched, more.token, self.first if self.changes else more.first, more.now)


def seen_until(storage: Storage, backup: BackupSet) -> Mark | None:
    """Give the latest mark up to which nothing that counts was touched since that set, else its own."""
    return _seen(backup).read(storage) or of(storage, backup)


def follow(
    database: Database[dict[str, Any]], sources: Sequence[Source], token: Mapping[str, Any], limit: int
) -> Followed:
    """Give every record touched from a token until now, since when that is, and where the stream stands.

    Raises ``Lost`` when the oplog no longer reaches back, a collection was dropped or renamed, or more than ``limit``
    records were touched.
    """
    keys = {source.collection: source.key for source in sources}
    touched: dict[str, set[bytes]] = {source.key: set() for source in sources}
    first: int | None = None
    deadline = time.monotonic() + _PATIENCE_SECONDS
    try:
        with database_errors(database):
            until = database.command("ping")["operationTime"]  # any answer of a replica set carries it
        with _open(database, sources, token) as stream:
            while (position := _position(stream.resume_token)) <= until:  # a transaction's events share their time
                event = stream.try_next()
                if event is not None:
                    touched[_key_of(event, keys)].add(raw.id_of(event["documentKey"].raw))
                    first = _position(event["_id"]).time if first is None else first
                elif position == until:
                    break
                if time.monotonic() > deadline or sum(map(len, touched.values())) > limit:
                    raise Lost("there are too many")
            reached = {"_data": stream.resume_token["_data"]}
    except OperationFailure as problem:
        raise Lost(str((problem.details or {}).get("codeName", problem))) from problem
    return Followed(touched, reached, first, until.time)


def _key_of(event: Mapping[str, Any], keys: Mapping[str, str]) -> str:
    if event["operationType"] not in ("insert", "update", "replace", "delete"):
        raise Lost(f"{event['operationType']} of a collection")
    return keys[event["ns"]["coll"]]


def _open(
    database: Database[dict[str, Any]], sources: Sequence[Source], token: Mapping[str, Any] | None = None
) -> Any:
    names = [source.collection for source in sources]
    # a rename onto a collection names it in "to", and dropDatabase names none
    wanted = [{"ns.coll": {"$in": names}}, {"to.coll": {"$in": names}}, {"operationType": "dropDatabase"}]
    fields = {"operationType": 1, "ns": 1, "documentKey": 1}
    return database.with_options(codec_options=raw.RAW).watch(
        [{"$match": {"$or": wanted}}, {"$project": fields}], resume_after=token, max_await_time_ms=_AWAIT_MS
    )


def _position(token: Mapping[str, Any] | None) -> Timestamp:
    data = str(token["_data"]) if token is not None else ""
    if not data.startswith(_TIMESTAMP) or len(data) < 18:
        raise Lost("the server's resume tokens are of an unknown kind")
    return Timestamp(int(data[2:10], 16), int(data[10:18], 16))


def _note(backup: BackupSet) -> Note[Mark | None]:
    return Note(f"mark_{backup.label}.json", partial(_mark, backup), lambda: None)


def _seen(backup: BackupSet) -> Note[Mark | None]:
    return Note("seen.json", partial(_mark, backup), lambda: None)


def _mark(backup: BackupSet, about: Mapping[str, Any]) -> Mark:
    if about["backup_id"] != backup.backup_id:
        raise ValueError("it belongs to another backup")
    mark = Mark(json_util.loads(about["token"]), about["uuids"])
    if not isinstance(mark.token, dict) or not isinstance(mark.uuids, dict):
        raise TypeError("token and uuids are no objects")
    return mark
