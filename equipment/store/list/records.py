"""The equipment list in MongoDB: read a page, add, save. Everything written is guarded by the exact bytes last seen."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Final

import bson
import numpy as np
from bson import Int64
from bson.objectid import ObjectId
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from backup_engine.errors import BadInput
from backup_engine.mongo.guarded import Also, apply
from backup_engine.records import raw
from backup_engine.records.changes import Applied, Change
from equipment.data_disk import require_room
from equipment.domain.query import Query
from equipment.domain.record import ID, MISSING, UUID
from equipment.domain.search import Rows
from equipment.domain.values.fields import FieldType
from equipment.index.proof import differing
from equipment.index.sheet import Sheet
from equipment.store import activity
from equipment.store.access import Db, Who, require
from equipment.store.list import ids, keys, listing, texts
from equipment.store.list.indexing.forgiving import FORGIVING
from equipment.store.list.listing import EQUIPMENT

LONGEST_ID: Final = 200
"""Characters of an ID that somebody typed into an address."""
LOOKS: Final = 3
PAGE_SIZES: Final = (25, 50, 100, 200)


@dataclass(frozen=True)
class Entry:
    """One record as it is stored: its key, and its exact bytes."""

    key: str
    raw: bytes

    @cached_property
    def record(self) -> dict[str, Any]:
        """The record decoded, without ``_id``."""
        decoded = bson.decode(self.raw, codec_options=FORGIVING)
        decoded.pop("_id", None)
        return decoded


@dataclass(frozen=True)
class Page:
    """Some rows of the list, and how many there are in all."""

    entries: list[Entry]
    total: int


@dataclass(frozen=True)
class Neighbours:
    """Where a record stands among those that match: its place from 0, how many there are, and the keys of the one
    before and the one after; empty at the ends."""

    place: int
    total: int
    before: str
    after: str


@dataclass(frozen=True)
class Save:
    """New values for some fields of one record; ``MISSING`` removes a field."""

    entry: Entry
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Saved:
    """What became of one save: ``status`` as in ``Applied``; ``entry`` as it is now, None when it is gone."""

    key: str
    status: str
    entry: Entry | None
    why: str = ""


def page(
    db: Db, query: Query, types: Mapping[str, FieldType], today: date, *, number: int = 1, size: int = 50,
    sheet: Sheet | None = None,
) -> Page:
    """Give one page (1 is the first) of the records that match, in the query's order.

    ``sheet`` is the list as the caller has just looked at it, if it has. Where a record is not what the list's index
    says, as when somebody saved it at this moment, the index takes it in and is asked again.
    """
    first = max(0, number - 1) * size
    found, _, total = _looked(db, query, types, today, lambda _sheet, _rows: first, size, sheet)
    return Page(found, total)


def following(
    db: Db, query: Query, types: Mapping[str, FieldType], today: date, *, key: str = "", place: int = 0, size: int = 50
) -> tuple[Page, int]:
    """Give the records that match behind the one of that key, and the place of the first of them, from 0.

    Where that record does not match (any more), they begin at ``place``. For who goes through the list while others
    change it: what is not changed is met once.
    """
    def start(sheet: Sheet, rows: Rows) -> int:
        places = np.flatnonzero(np.isin(rows, sheet.rows_of([key]))) if key else np.array([], int)
        return int(places[0]) + 1 if len(places) else place

    found, first, total = _looked(db, query, types, today, start, size, None)
    return Page(found, total), first


def first(db: Db, size: int) -> tuple[list[Entry], Sheet]:
    """Give the first records as the database keeps them, without an index, and what is in their columns."""
    found = _entries(db[EQUIPMENT], {}, size)
    return found, Sheet.of([texts.columns(list(map(_with_id, found)))])


def neighbours(db: Db, query: Query, types: Mapping[str, FieldType], today: date, key: str) -> Neighbours | None:
    """Give what stands around a record among those that match, in order; None when it does not match (any more)."""
    sheet = listing.sheet(db)
    rows = sheet.find(query, types, today)
    places = np.flatnonzero(np.isin(rows, sheet.rows_of([key])))
    if not len(places):
        return None
    place = int(places[0])
    before, after = (sheet.keys(rows[at : at + 1]) if at >= 0 else [] for at in (place - 1, place + 1))
    return Neighbours(place, len(rows), next(iter(before), ""), next(iter(after), ""))


def matching_keys(db: Db, query: Query, types: Mapping[str, FieldType], today: date) -> list[str]:
    """Give the keys of every record that matches, in order."""
    sheet = listing.sheet(db)
    return sheet.keys(sheet.find(query, types, today))


def entries(db: Db, wanted: Sequence[str], *, collection: str = EQUIPMENT) -> list[Entry]:
    """Read these records as they are now, in the order of the keys; those that are gone are left out."""
    by_key = {entry.key: entry for entry in _read(db[collection], [keys.id_of(key) for key in wanted])}
    return [by_key[key] for key in wanted if key in by_key]


def get(db: Db, key: str) -> Entry | None:
    """Read one record, or None."""
    return next(iter(entries(db, [key])), None)


def named(db: Db, number: str) -> list[str]:
    """Give the keys of the records with that ID, written as people write it: ``5``; two at most."""
    said = number.strip()[:LONGEST_ID]
    if not said:
        return []
    wanted: list[Any] = [said]
    if said.isascii() and said.lstrip("-").isdigit():
        wanted.append(Int64(said) if -(1 << 63) <= int(said) < 1 << 63 else said)  # finds 5 and 5.0 as well
    found = db[EQUIPMENT].find({ID: {"$in": wanted}}, {"_id": 1}).limit(2)
    return [keys.key_of_id(document["_id"]) for document in found]


def add(db: Db, who: Who, fields: Mapping[str, Any], *, note: str = "") -> Entry:
    """Add a record with the lowest free ID and a uuid, unless ``fields`` brings its own ID.

    Raises ``BadInput`` for a field name MongoDB cannot hold.
    """
    return add_many(db, who, [fields], note=note)[0]


def add_many(
    db: Db, who: Who, many: Sequence[Mapping[str, Any]], *, action: str = "records.add", note: str = ""
) -> list[Entry]:
    """Add records in one go; see ``add``. They are logged under ``action``, which is also the permission needed."""
    require(db, who, action)
    unnumbered = sum(1 for fields in many if fields.get(ID) in (None, ""))
    brought = (str(fields[ID]) for fields in many if fields.get(ID) not in (None, ""))
    with ids.reserve(db, unnumbered, brought) as numbers:
        free = iter(numbers)
        changes = [Change(None, new_document(fields, free)) for fields in many]
        log = numbers.guarding(log_changes(db, who, action, note))
        with activity.one_deed():
            applied = apply(db[EQUIPMENT], changes, also=log)
    tell(who, action, note, applied)
    made = [Entry(keys.key_of(outcome.current), outcome.current)
            for outcome in applied if outcome.written and outcome.current is not None]
    listing.touch(db, [entry.key for entry in made])
    if len(made) < len(applied):
        raise BadInput(next(outcome.why for outcome in applied if not outcome.written))
    return made


def save(
    db: Db, who: Who, saves: Iterable[Save], *, action: str = "records.edit", note: str = "",
    also: Callable[[Also], Also] = lambda log: log,
) -> list[Saved]:
    """Write new values over exactly the records that were seen; what someone changed meanwhile is a conflict.

    Only the fields named are touched; all other bytes of a record stay. ``action`` is the permission needed and what
    the activity log says; ``also`` may add to what is written with it.
    """
    require(db, who, action)
    changes = [Change(edit.entry.raw, edited(edit.entry.raw, edit.fields)) for edit in saves]
    with activity.one_deed():
        applied = apply(db[EQUIPMENT], changes, also=also(log_changes(db, who, action, note)))
    tell(who, action, note, applied)
    listing.touch(db, [keys.key_of(outcome.change.before) for outcome in applied if outcome.change.before])
    return [_saved(outcome) for outcome in applied]


def edited(document: bytes, fields: Mapping[str, Any]) -> bytes:
    """Give the document with these fields set or removed; every other byte stays as it is. New fields come last."""
    elements = raw.elements(document)
    places = {name: place for place, (name, _) in enumerate(elements)}
    gone: set[int] = set()
    for name, value in fields.items():
        encoded = field_name(name)
        if value is MISSING:
            # All of them: a document may hold a name twice.
            gone.update(place for place, (known, _) in enumerate(elements) if known == encoded)
        elif encoded in places:
            elements[places[encoded]] = (encoded, raw.element_of(value))
        else:
            elements.append((encoded, raw.element_of(value)))
    return raw.build(element for place, element in enumerate(elements) if place not in gone)


@lru_cache(10_000)
def field_name(name: str) -> bytes:
    """Encode a field name. Raises ``BadInput`` for the names no field may have."""
    if name == "_id":
        raise BadInput("The _id of a record cannot be changed.")
    if "\0" in name:
        raise BadInput("A column name cannot hold the NUL character.")
    return name.encode()


def new_document(fields: Mapping[str, Any], numbers: Iterator[int]) -> bytes:
    """Make a new record: ID first, from ``numbers`` unless it has one, and a uuid."""
    values = dict(fields)
    ordered = {ID: values.pop(ID, None)} | values
    if ordered[ID] in (None, ""):
        ordered[ID] = next(numbers)
    if not ordered.get(UUID):
        ordered[UUID] = str(uuid.uuid4())
    for name in ordered:
        field_name(name)
    # at once: field by field 100,000 records took 17 s
    return bson.encode({"_id": ObjectId(), **{name: value for name, value in ordered.items() if value is not MISSING}})


def _looked(
    db: Db, query: Query, types: Mapping[str, FieldType], today: date, start: Callable[[Sheet, Rows], int], size: int,
    sheet: Sheet | None,
) -> tuple[list[Entry], int, int]:
    """Give the entries from where ``start`` says, that place, and how many match in all."""
    for left in reversed(range(LOOKS)):
        sheet = listing.shown(db) if sheet is None else sheet  # a list of none is false
        rows = sheet.find(query, types, today)
        first = start(sheet, rows)
        shown = rows[first : first + size]
        found = entries(db, sheet.keys(shown))
        wrong = _differing(db, sheet, shown, found) if left else []
        if not wrong:
            break
        listing.doubt(db, wrong)
        sheet = None
    return found, first, len(rows)


def _read(collection: Collection[dict[str, Any]], wanted: list[Any]) -> list[Entry]:
    return _entries(collection, {"_id": {"$in": wanted}})


def _entries(collection: Collection[dict[str, Any]], where: dict[str, Any], most: int = 0) -> list[Entry]:
    if isinstance(collection, Collection):
        batches: Any = collection.find_raw_batches(where, limit=most)
        documents = [document for batch in batches for document in raw.documents_of(batch)]
    else:
        documents = [bson.encode(document) for document in collection.find(where, limit=most)]
    return [Entry(keys.key_of(document), document) for document in documents]


def _with_id(entry: Entry) -> dict[str, Any]:
    return {"_id": keys.id_of(entry.key), **entry.record}


def _differing(db: Db, sheet: Sheet, shown: Rows, found: Sequence[Entry]) -> list[str]:
    if not isinstance(db[EQUIPMENT], Collection):
        return []
    read = texts.columns(list(map(_with_id, found)))
    return differing(sheet, shown, read)


def _saved(outcome: Applied) -> Saved:
    key = keys.key_of(outcome.change.before or outcome.change.after or b"")
    now = Entry(key, outcome.current) if outcome.current is not None else None
    return Saved(key, outcome.status, now, outcome.why)


def log_changes(db: Db, who: Who, action: str, note: str) -> Callable[[ClientSession | None, list[Applied]], None]:
    """Make what writes the activity entries of a batch inside its transaction.

    It raises ``NoSpace``, which takes the batch back, when the disk has come to its limit: 100,000 records in one go
    take more room than is kept free.
    """

    def write(session: ClientSession | None, applied: list[Applied]) -> None:
        require_room(db)
        written = [log_entry(outcome.change, note) for outcome in applied if outcome.written]
        activity.record_many(db, who, action, written, session=session)

    return write


def tell(who: Who, action: str, note: str, applied: Iterable[Applied]) -> None:
    """Write the line of the log for what was written, once it is."""
    activity.told(who, action, [target(outcome) for outcome in applied if outcome.written], note)


def target(outcome: Applied) -> str:
    """Name a record as the activity log does."""
    return keys.target(keys.key_of(outcome.change.before or outcome.change.after or b""))


def log_entry(change: Change, note: str = "") -> activity.Change:
    """Describe a change for the activity log: only the fields that differ, with what they were and are."""
    if change.before is None and change.after is not None:  # nothing to compare; an import adds 100,000 like this
        added = bson.decode(change.after, codec_options=raw.FORGIVING)
        target_ = keys.target(keys.key_of(change.after))
        return activity.Change(target_, None, {name: value for name, value in added.items() if name != "_id"}, note)
    before, after = (dict(raw.elements(document)) if document else {} for document in (change.before, change.after))
    differing = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    old, new = ({raw.name_text(name): raw.value_of(side[name]) for name in differing if name in side and name != b"_id"}
                for side in (before, after))
    key = keys.key_of(change.before or change.after or b"")
    return activity.Change(keys.target(key), old if before else None, new if after else None, note)
