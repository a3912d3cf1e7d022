"""Loans as documents: where they are kept, what keeps a thing from going out twice, and how they are read.

One document a loan: ``{_id, thing, name, holder, account, state, first, last, place, note, by, at, given, ended, …}``,
days as ``YYYY-MM-DD``. A loan that is out has its thing's key in ``out``, and reservations and loans with a last day
have each of their days in ``days``, as ``key|day``. Both fields are unique in all of the collection, so MongoDB itself
refuses a second loan and an overlapping span, whoever asks at the same moment; both go when the loan ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Literal

from bson.objectid import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection

from equipment.domain.life.loan import Holder, Loan, Terms, days_of
from equipment.store import moments
from equipment.store.access import Db

__all__ = ["CLAIMS", "ENDS", "LOANS", "Which", "count", "days_taken", "due_by", "ended", "find", "holders", "listed",
           "loan_of", "note_reminder", "of_thing", "out", "prepare", "reservations"]

LOANS: Final = "equipment_loans"
CLAIMS: Final = ("out", "days")
"""The two unique fields."""
ENDS: Final = {"$unset": dict.fromkeys(CLAIMS, "")}
"""What frees the thing and its days again."""
Which = Literal["out", "overdue", "reserved", "ended"]
MOST: Final = 500
"""Loans of one list, the newest; of a thing or a person the rest is in Activity."""


def prepare(db: Db) -> None:
    """Create the indexes; the first two are what the promises rest on."""
    loans = db[LOANS]
    loans.create_index([("out", ASCENDING)], unique=True, sparse=True)
    if isinstance(loans, Collection):  # the stand-in in memory cannot compare lists, and has one visitor at a time
        loans.create_index([("days", ASCENDING)], unique=True, sparse=True)
    loans.create_index([("thing", ASCENDING), ("at", DESCENDING)])
    loans.create_index([("account", ASCENDING), ("state", ASCENDING)])
    loans.create_index([("state", ASCENDING), ("last", ASCENDING)])


def out(db: Db, things: Iterable[str]) -> dict[str, Loan]:
    """Give the loans of those of the things that are out, by key."""
    return {str(found["out"]): loan_of(found) for found in db[LOANS].find({"out": {"$in": list(things)}})}


def reservations(db: Db, thing: str, today: date) -> list[Loan]:
    """Give what is reserved of a thing from today on, the first day first."""
    where = {"thing": thing, "state": "reserved", "last": {"$gte": today.isoformat()}}
    return [loan_of(found) for found in db[LOANS].find(where).sort("first", ASCENDING)]


def of_thing(db: Db, thing: str, *, limit: int = 50) -> list[Loan]:
    """Give the loans of a thing, the newest first."""
    return [loan_of(found) for found in db[LOANS].find({"thing": thing}).sort([("at", DESCENDING)]).limit(limit)]


def listed(db: Db, which: Which, today: date, *, account: str = "", name: str = "") -> list[Loan]:
    """Give at most ``MOST`` loans: those due first come first, of ended ones the last ended.

    ``account`` and ``name`` narrow them to one holder.
    """
    order = [("ended", DESCENDING)] if which == "ended" else [("last", ASCENDING), ("at", ASCENDING)]
    found = [loan_of(each) for each in db[LOANS].find(_where(which, today, account, name)).sort(order).limit(MOST)]
    # MongoDB puts what has no last day first, and people want it last.
    return found if which == "ended" else sorted(found, key=lambda loan: loan.terms.last or date.max)


def count(db: Db, which: Which, today: date, *, account: str = "") -> int:
    """Count what ``listed`` gives."""
    return int(db[LOANS].count_documents(_where(which, today, account, "")))


def holders(db: Db) -> list[Holder]:
    """Give everybody who has or has reserved something, by name."""
    found = db[LOANS].aggregate([
        {"$match": {"state": {"$in": ["out", "reserved"]}}},
        {"$group": {"_id": {"name": "$holder", "account": "$account"}}}])
    return sorted((Holder(each["_id"]["name"], each["_id"].get("account", "")) for each in found),
                  key=lambda holder: (holder.name.casefold(), holder.account))


def find(db: Db, number: str) -> Loan | None:
    """Give one loan; None when there is none of that number."""
    if not ObjectId.is_valid(number):
        return None
    found = db[LOANS].find_one({"_id": ObjectId(number)})
    return loan_of(found) if found else None


def due_by(db: Db, day: date) -> list[Loan]:
    """Give what is out and due back on that day or before, the longest overdue first."""
    where = {"state": "out", "last": {"$lte": day.isoformat(), "$ne": None}}
    return [loan_of(found) for found in db[LOANS].find(where).sort("last", ASCENDING)]


def note_reminder(db: Db, number: str, tag: str) -> bool:
    """Note that a reminder of that name is sent; False when it was before, or the thing is back."""
    where = {"_id": ObjectId(number), "state": "out", "reminded": {"$ne": tag}}
    return bool(db[LOANS].update_one(where, {"$set": {"reminded": tag}}).modified_count)


def days_taken(thing: str, terms: Terms, today: date) -> list[str]:
    """Give the keys that take the days of this for a thing."""
    return [f"{thing}|{day.isoformat()}" for day in days_of(terms, today)]


def loan_of(document: Mapping[str, Any]) -> Loan:
    """Read a document."""
    terms = Terms(Holder(document["holder"], document.get("account", "")), date.fromisoformat(document["first"]),
                  date.fromisoformat(document["last"]) if document.get("last") else None,
                  document.get("place", ""), document.get("note", ""))
    return Loan(str(document["_id"]), document["thing"], document["name"], terms, document["state"], document["by"],
                _moment(document, "given"), _moment(document, "ended"), document.get("ended_by", ""),
                document.get("end_note", ""))


def ended(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a loan from a backup as it comes back beside a newer one of the same thing or days: as one that is over."""
    over = {name: value for name, value in document.items() if name not in CLAIMS}
    return over | {"state": "back" if document["state"] == "out" else "cancelled", "ended": moments.now(),
                   "ended_by": "", "end_note": "there was a newer one when this came back from a backup"}


def _where(which: Which, today: date, account: str, name: str) -> dict[str, Any]:
    states: Mapping[Which, Sequence[str]] = {
        "out": ("out",), "overdue": ("out",), "reserved": ("reserved",), "ended": ("back", "cancelled")}
    where: dict[str, Any] = {"state": {"$in": list(states[which])}}
    if which == "overdue":
        where["last"] = {"$lt": today.isoformat(), "$ne": None}
    if account:
        where["account"] = account
    elif name:
        where |= {"holder": name, "account": ""}
    return where


def _moment(document: Mapping[str, Any], name: str) -> datetime | None:
    value = document.get(name)
    return moments.aware(value) if value else None
