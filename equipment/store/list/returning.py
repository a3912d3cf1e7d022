"""What awaits a record that comes back from the trash: the list has it again, or another record has its ID."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import bson
from bson import ObjectId
from pymongo.collection import Collection

from backup_engine.mongo.guarded import Also
from backup_engine.records import raw
from equipment.domain.record import ID, text
from equipment.store.access import Db
from equipment.store.list import ids, listing
from equipment.store.list.ids import TRASH
from equipment.store.list.listing import EQUIPMENT
from equipment.store.list.records import edited

__all__ = ["Again", "Numbered", "again", "numbered", "there"]

STEP: Final = 1_000
"""Records whose bytes are compared at a time."""


@dataclass(frozen=True)
class Again:
    """Entries of the trash whose records the list has again, such as after a restore."""

    same: tuple[ObjectId, ...] = ()
    """Byte for byte: nothing of them is left to bring back. An undo of the restore shows them again."""
    otherwise: frozenset[str] = frozenset()
    """In another version, by the entry's number."""


@dataclass
class Numbered:
    """Records as they come back: those whose ID is in use with a free one, and what is to be said of these."""

    documents: list[bytes]
    said: dict[bytes, str] = field(default_factory=dict)
    """By the element of the ``_id``."""
    guarding: Callable[[Also], Also] = lambda also: also
    """Around what is written with them, see ``ids.Reserved.guarding``."""


def again(db: Db) -> Again:
    """Ask the list for the records of the trash; only of those that it has are the bytes read."""
    entries: dict[bytes, list[ObjectId]] = {}
    identities = []
    for entry in db[TRASH].find({}, {"record._id": 1}):
        identities.append(entry["record"]["_id"])
        entries.setdefault(_element(entry["record"]), []).append(entry["_id"])
    same: list[ObjectId] = []
    otherwise: set[str] = set()
    for start in range(0, len(identities), STEP):
        found = _raw(db, EQUIPMENT, {"_id": {"$in": identities[start : start + STEP]}})
        live = {raw.id_of(document): document for document in found}
        numbers = [number for identity in live for number in entries[identity]]
        for document in _raw(db, TRASH, {"_id": {"$in": numbers}}):
            fields = dict(raw.elements(document))
            record, number = fields[b"record"][1:], raw.value_of(fields[b"_id"])  # [1:]: the byte of the type
            if live[raw.id_of(record)] == record:
                same.append(number)
            else:
                otherwise.add(str(number))
    return Again(tuple(dict.fromkeys(same)), frozenset(otherwise))


def there(db: Db, documents: Sequence[bytes]) -> set[bytes]:
    """Give the elements of those ``_id`` that the list has."""
    wanted = [raw.value_of(raw.id_of(document)) for document in documents]
    return {_element(found) for found in db[EQUIPMENT].find({"_id": {"$in": wanted}}, {"_id": 1})}


@contextmanager
def numbered(db: Db, documents: Sequence[bytes], live: set[bytes]) -> Iterator[Numbered]:
    """Hold the IDs of records that come back, and free ones for those whose ID a record of the list has.

    Only whole numbers are given anew. Records that are ``live`` do not come back. Raises ``Busy`` as ``ids.reserve``.
    """
    used = {*listing.sheet(db).whole_numbers(ID).tolist()}
    kept: list[str] = []
    clashing: list[int] = []
    for place, document in enumerate(documents):
        said = _id_text(document)
        if raw.id_of(document) in live or not (said.isascii() and said.isdigit()):
            continue
        if int(said) in used:
            clashing.append(place)
        else:
            used.add(int(said))
            kept.append(said)
    with ids.reserve(db, len(clashing), kept) as numbers:
        coming = Numbered(list(documents), guarding=numbers.guarding)
        for place, number in zip(clashing, numbers, strict=True):
            document = documents[place]
            coming.documents[place] = edited(document, {ID: _like(_id(document), number)})
            coming.said[raw.id_of(document)] = f"ID {_id_text(document)} is in use: it has ID {number} now."
        yield coming


def _id(document: bytes) -> Any:
    return next((raw.value_of(element) for name, element in raw.elements(document) if name == ID.encode()), None)


def _id_text(document: bytes) -> str:
    return text(_id(document)).strip()


def _like(before: Any, number: int) -> str | int:
    return str(number) if isinstance(before, str) else number


def _element(record: Any) -> bytes:
    return raw.id_of(bson.encode({"_id": record["_id"]}))


def _raw(db: Db, name: str, where: dict[str, Any]) -> list[bytes]:
    if isinstance(db[name], Collection):
        batches: Any = db[name].find_raw_batches(where)
        return [document for batch in batches for document in raw.documents_of(batch)]
    return [bson.encode(document) for document in db[name].find(where)]
