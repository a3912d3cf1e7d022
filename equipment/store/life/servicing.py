"""Writing down what was done to things, and striking it out. What the screens and programs call.

A calibration that says when the next one is due sets the dates of its record in the same deed, and in one transaction
with the event: neither is there without the other. That deed is undone like any other of the list, and what was written
down with it is struck out then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from bson.objectid import ObjectId
from pymongo.client_session import ClientSession

from backup_engine.errors import BadInput
from backup_engine.model import SILENT, Watch
from backup_engine.mongo.guarded import Also
from backup_engine.records.changes import Applied
from equipment.domain.calibration import CERTIFICATE
from equipment.domain.life.event import Done, Event, clean, clean_reason, follows_record, in_words
from equipment.domain.record import LAST_CALIBRATION, MISSING, NEXT_CALIBRATION, name_of, read, text
from equipment.domain.values.fields import FieldType, dates_of
from equipment.store import activity, moments
from equipment.store.access import Db, Who, inside, require
from equipment.store.life import attachments, events
from equipment.store.life.events import COUNTS, EVENTS, event_of
from equipment.store.list import keys, records, schema, undo
from equipment.store.list.records import Entry, Save
from equipment.store.list.undo import Undone

__all__ = ["MOST_AT_ONCE", "RIGHT", "Written", "Wrote", "fields_of", "strike", "take_back", "write"]

MOST_AT_ONCE: Final = 100
RIGHT: Final = "events.add"
STRIKES: Final = "events.strike"
WRITTEN: Final = ("updated", "unchanged")
"""What may become of a record when its event is written: it is as it is to be."""
UNDONE: Final = "what it changed of the record was undone"
Doc = dict[str, Any]


@dataclass(frozen=True)
class Wrote:
    """What somebody wants to write down of a record as they saw it.

    ``fields`` are what is set in the record with it; None: what follows from the event, see ``fields_of``.
    """

    entry: Entry
    done: Done
    fields: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Written:
    """What became of one of them: its event, or why there is none."""

    thing: str
    name: str
    event: Event | None
    why: str = ""


def write(
    db: Db, who: Who, wanted: Sequence[Wrote], *, today: date, note: str = ""
) -> tuple[str, list[Written]]:
    """Write events down, each by itself: one whose record somebody changed meanwhile is left, and says why.

    Gives the number by which ``take_back`` undoes what was changed of records, empty where nothing was, and what
    became of each. Raises ``BadInput`` for what cannot be, before anything is written, and for too many at once.
    """
    require(db, who, RIGHT)
    if len(wanted) > MOST_AT_ONCE:
        raise BadInput(f"At most {MOST_AT_ONCE} things at once.", hint="Tick fewer.")
    types = schema.types(db)
    made: list[tuple[Wrote, Doc]] = []
    saves: dict[str, Save] = {}
    riding: dict[str, Doc] = {}
    for each in wanted:
        done, key = clean(each.done, today), each.entry.key
        _check_file(db, key, done)
        made.append((each, events.document(key, name_of(each.entry.record), done, who.name)))
        fields = fields_of(each.entry, done, types) if each.fields is None else each.fields
        if fields and key not in saves:  # of two events of one thing the first sets its dates
            saves[key], riding[key] = Save(each.entry, fields), made[-1][1]
    with activity.one_deed():
        number, left = _with_records(db, who, saves, riding, note) if saves else ("", {})
        return number, [_outcome(document, left.get(each.entry.key, ""))
                        if riding.get(each.entry.key) is document else _alone(db, who, document)
                        for each, document in made]


def fields_of(entry: Entry, done: Done, types: Mapping[str, FieldType]) -> dict[str, Any]:
    """Give what an event sets in its record: the dates, and the certificate; nothing where they do not follow it."""
    last = dates_of(types, LAST_CALIBRATION).read(text(entry.record.get(LAST_CALIBRATION))).day
    if not follows_record(done, last) or done.next_due is None:
        return {}
    typed = {LAST_CALIBRATION: done.day.isoformat(), NEXT_CALIBRATION: done.next_due.isoformat()}
    if done.certificate:
        typed[CERTIFICATE] = done.certificate
    return {name: read(words, entry.record.get(name, MISSING)) for name, words in typed.items()}


def strike(db: Db, who: Who, number: str, why: str) -> Event:
    """Strike an event out: it is still read and counts no more. The dates of the record stay as they are.

    Raises ``BadInput`` without a reason, and when there is no such event or it is struck out already.
    """
    require(db, who, RIGHT)
    reason = clean_reason(why)
    if events.find(db, number) is None:
        raise BadInput("There is no such event.", hint="Look at the list again.")
    before = db[EVENTS].find_one_and_update({"_id": ObjectId(number), **COUNTS}, {"$set": _struck(who, reason)})
    if before is None:
        raise BadInput("It is struck out already.")
    event = event_of(before)
    activity.record(db, who, STRIKES, keys.target(event.thing), note=f"{in_words(event.done)}. {reason}")
    return event_of(before | _struck(who, reason))


def take_back(db: Db, who: Who, number: str, watch: Watch = SILENT) -> Undone:
    """Do ``undo.undo``, and strike out what was written down in that deed of the records that become what they were."""
    return undo.undo(db, who, number, watch, also=lambda log: partial(_strike_with, db, who, number, log))


def _with_records(
    db: Db, who: Who, saves: Mapping[str, Save], riding: Mapping[str, Doc], note: str
) -> tuple[str, dict[str, str]]:
    """Save the records and, in the same transactions, their events; gives the deed's number and why some are left."""
    require(db, who, "records.edit")  # before anything is kept of it
    number = undo.begin(db, who, "records.edit", note or "dates of an event")
    for document in riding.values():
        document["deed"] = number
    saved = records.save(db, who, saves.values(), note=note or "with an event", also=lambda log: undo.kept(
        db, number, partial(_insert_with, db, who, riding, log)))
    left = {each.key: each.why or "changed by someone else meanwhile" for each in saved if each.status not in WRITTEN}
    activity.told(who, RIGHT, [keys.target(key) for key in riding if key not in left])
    return number, left


def _insert_with(
    db: Db, who: Who, riding: Mapping[str, Doc], log: Also, session: ClientSession | None, applied: list[Applied]
) -> None:
    log(session, applied)
    written = [riding[_key(outcome)] for outcome in applied if outcome.status in WRITTEN]
    if written:
        db[EVENTS].insert_many(written, **inside(session))
        activity.record_many(db, who, RIGHT, map(_said, written), session=session)


def _strike_with(
    db: Db, who: Who, number: str, log: Also, session: ClientSession | None, applied: list[Applied]
) -> None:
    log(session, applied)
    things = [_key(outcome) for outcome in applied if outcome.status in WRITTEN]
    where = {"deed": number, "thing": {"$in": things}, **COUNTS}
    found = list(db[EVENTS].find(where, **inside(session)))
    if found:
        db[EVENTS].update_many(where, {"$set": _struck(who, UNDONE)}, **inside(session))
        activity.record_many(db, who, STRIKES, map(_said, found), session=session)


def _check_file(db: Db, thing: str, done: Done) -> None:
    attached = attachments.find(db, done.file) if done.file else None
    if done.file and (attached is None or attached.thing != thing or attached.removed):
        raise BadInput("The certificate is no file of this record.", hint="Choose another one.")


def _alone(db: Db, who: Who, document: Doc) -> Written:
    if records.get(db, document["thing"]) is None:
        return _outcome(document, "is not in the list any more")
    db[EVENTS].insert_one(document)
    activity.record_many(db, who, RIGHT, [_said(document)])
    return _outcome(document, "")


def _said(document: Mapping[str, Any]) -> activity.Change:
    # A note alone: before and after of an entry are fields of the record, from which its history is worked out.
    return activity.Change(keys.target(document["thing"]), note=in_words(event_of(document).done))


def _outcome(document: Mapping[str, Any], why: str) -> Written:
    return Written(document["thing"], document["name"], None if why else event_of(document), why)


def _struck(who: Who, why: str) -> Doc:
    return {"struck": moments.now(), "struck_by": who.name, "why": why}


def _key(outcome: Applied) -> str:
    return keys.key_of(outcome.change.before or outcome.change.after or b"")
