"""Giving things out, taking them back and reserving them. What the screens, the phone page and programs call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from bson.objectid import ObjectId
from pymongo.errors import DuplicateKeyError

from backup_engine.errors import BadInput
from backup_engine.records.folding import fold
from equipment.domain.life.loan import Holder, Loan, Terms, clean, in_words
from equipment.domain.record import name_of
from equipment.store import activity, moments
from equipment.store.access import USERS, Account, Db, Who, require
from equipment.store.accounts.administrators import SETTINGS
from equipment.store.life import loans
from equipment.store.life.loans import ENDS, LOANS, loan_of
from equipment.store.list import keys, records
from equipment.store.list.records import Entry

__all__ = ["MOST_AT_ONCE", "OTHERS", "OWN", "Lent", "cancel", "check_in", "check_out", "may_for", "people",
           "people_may", "prolong", "reminds", "reserve", "switch"]

MOST_AT_ONCE: Final = 100
OWN: Final = "loans.own"
OTHERS: Final = "loans.manage"
BUSY: Final = "others take it and give it back at this moment; try again"
TRIES: Final = 3
"""Times a thing is tried that somebody else gives back or out at this very moment."""
_SETTING: Final = "loans"


@dataclass(frozen=True)
class Lent:
    """What became of one thing: its loan as it is now, or why there is none."""

    thing: str
    name: str
    loan: Loan | None
    why: str = ""


def people_may(db: Db) -> bool:
    """Tell whether everybody may take things and give them back for themselves."""
    stored = db[SETTINGS].find_one({"_id": _SETTING})
    return bool(stored and stored.get("own"))


def reminds(db: Db) -> bool:
    """Tell whether people are reminded by mail of what is due back."""
    stored = db[SETTINGS].find_one({"_id": _SETTING})
    return bool((stored or {}).get("remind", True))


def switch(db: Db, who: Who, **wanted: bool) -> None:
    """Let everybody take things for themselves or no longer (``own``), and be reminded by mail or not (``remind``)."""
    require(db, who, "settings.edit")
    before = db[SETTINGS].find_one_and_update({"_id": _SETTING}, {"$set": wanted}, upsert=True) or {}
    activity.record(db, who, "settings.loans", "setting:loans",
                    before={name: bool(before.get(name, name == "remind")) for name in wanted}, after=dict(wanted))


def people(db: Db, who: Who) -> list[Holder]:
    """Give everybody who can sign in, by name, for whoever gives things out."""
    require(db, who, OTHERS)
    found = db[USERS].find({"state": "active"}, {"name": 1})
    return sorted((Holder(str(user["name"]), str(user["_id"])) for user in found),
                  key=lambda holder: (fold(holder.name), holder.account))


def may_for(db: Db, account: Account, holder: Holder) -> bool:
    """Tell whether this account may give things to, and take them from, that holder; for drawing."""
    return account.may(OTHERS) or (holder.account == account.key and account.may(OWN) and people_may(db))


def check_out(db: Db, who: Who, entries: Sequence[Entry], terms: Terms, *, today: date) -> list[Lent]:
    """Give things out, each by itself: one that is out already or reserved by others is left, and says why.

    A reservation of the same holder for these days becomes the loan. Raises ``BadInput`` for terms that cannot be
    and for too many things, ``PermissionDenied`` for who may not.
    """
    _allowed(db, who, terms.holder)
    terms = clean(replace(terms, first=today), today)
    if len(entries) > MOST_AT_ONCE:
        raise BadInput(f"At most {MOST_AT_ONCE} things at once.", hint="Tick fewer.")
    with activity.one_deed():
        return [_given(db, who, entry, terms, today) for entry in entries]


def check_in(db: Db, who: Who, numbers: Sequence[str], *, note: str = "") -> list[Lent]:
    """Take things back; one that is back already says so."""
    done = []
    with activity.one_deed():
        for number in numbers:
            loan = _known(db, number)
            _allowed(db, who, loan.terms.holder)
            done.append(_ended(db, who, loan, "out", "back", "loans.back", note))
    return done


def reserve(db: Db, who: Who, entry: Entry, terms: Terms, *, today: date) -> Loan:
    """Keep a thing for somebody for some days.

    Raises ``BadInput`` when one of the days is taken, or the thing is out until further notice.
    """
    _allowed(db, who, terms.holder)
    terms = clean(terms, today, reserving=True)
    document = _document(who, entry, terms, "reserved", today)
    why = _missing(db, entry) or _in_the_way(db, entry.key, terms, today)
    if why:
        raise BadInput(f"{name_of(entry.record)}: {why}.", hint="Choose other days.")
    try:
        db[LOANS].insert_one(document)
    except DuplicateKeyError as error:  # somebody else at this very moment
        why = _in_the_way(db, entry.key, terms, today) or BUSY
        raise BadInput(f"{name_of(entry.record)}: {why}.", hint="Choose other days.") from error
    # A loan until further notice takes no days that an index could refuse, so both look once more after writing.
    there = loans.out(db, [entry.key]).get(entry.key)
    if there and there.terms.last is None:
        db[LOANS].delete_one({"_id": document["_id"]})
        raise BadInput(f"{name_of(entry.record)}: {in_words(there)}.", hint="Choose another thing.")
    loan = loan_of(document)
    activity.record(db, who, "loans.reserve", keys.target(entry.key), note=in_words(loan))
    return loan


def cancel(db: Db, who: Who, number: str, *, note: str = "") -> Lent:
    """Give up a reservation."""
    loan = _known(db, number)
    _allowed(db, who, loan.terms.holder)
    return _ended(db, who, loan, "reserved", "cancelled", "loans.cancel", note)


def prolong(db: Db, who: Who, number: str, last: date | None, *, today: date) -> Loan:
    """Move the day on which a thing that is out is due back.

    Raises ``BadInput`` when the day is past, when somebody else has reserved the thing, or when it is back already.
    """
    loan = _known(db, number)
    _allowed(db, who, loan.terms.holder)
    # From today, so that a loan of a year may go on for another.
    terms = clean(replace(loan.terms, first=today, last=last), today)
    why = _reserved(db, loan.thing, terms, today)
    if why:
        raise BadInput(f"{loan.name}: {why}.", hint="Choose an earlier day.")
    days = loans.days_taken(loan.thing, terms, today)
    change: dict[str, Any] = {"$set": {"last": last.isoformat() if last else None} | ({"days": days} if days else {})}
    if not days:
        change["$unset"] = {"days": ""}
    try:
        before = db[LOANS].find_one_and_update({"_id": ObjectId(number), "state": "out"}, change)
    except DuplicateKeyError as error:
        raise BadInput(f"{loan.name}: somebody has just reserved it.", hint="Look again.") from error
    if before is None:
        raise BadInput(f"{loan.name} is back already.")
    longer = _known(db, number)
    activity.record(db, who, "loans.prolong", keys.target(loan.thing), note=in_words(longer))
    return longer


def _allowed(db: Db, who: Who, holder: Holder) -> None:
    """Raise unless this person may do so for that holder. For oneself it takes less, where the setting says so."""
    account = require(db, who, "records.read")
    if holder.account == account.key and people_may(db):
        require(db, who, OWN)
    else:
        require(db, who, OTHERS)


def _given(db: Db, who: Who, entry: Entry, terms: Terms, today: date) -> Lent:
    name, why = name_of(entry.record), _missing(db, entry)
    for _ in range(0 if why else TRIES):
        why = _in_the_way(db, entry.key, terms, today, fetching=True)
        if why:
            break
        document = _document(who, entry, terms, "out", today)
        try:
            reserved = _fetched(db, entry.key, terms, document, today)
            if reserved is None:
                db[LOANS].insert_one(document)
        except DuplicateKeyError:  # asked again who was quicker
            why = _reserved(db, entry.key, terms, today) or BUSY
            continue
        if terms.last is None and (late := _reserved(db, entry.key, terms, today, but=terms.holder)):
            _withdraw(db, document, reserved)
            return Lent(entry.key, name, None, late)
        loan = loan_of(document | {"_id": reserved["_id"]} if reserved else document)
        place = f"; {loan.terms.place}" if loan.terms.place else ""
        activity.record(db, who, "loans.out", keys.target(entry.key), note=f"{in_words(loan)}{place}")
        return Lent(entry.key, name, loan)
    return Lent(entry.key, name, None, why)


def _fetched(
    db: Db, thing: str, terms: Terms, document: dict[str, Any], today: date
) -> dict[str, Any] | None:
    """Let the holder's own reservation of these days become the loan; gives it as it was, None when there is none."""
    where = {"thing": thing, "state": "reserved", "holder": terms.holder.name, "account": terms.holder.account,
             "first": {"$lte": (terms.last or date.max).isoformat()}, "last": {"$gte": today.isoformat()}}
    change: dict[str, Any] = {"$set": {name: value for name, value in document.items() if name != "_id"}}
    if "days" not in document:
        change["$unset"] = {"days": ""}
    return db[LOANS].find_one_and_update(where, change)


def _withdraw(db: Db, document: dict[str, Any], reserved: dict[str, Any] | None) -> None:
    """Take a loan back that must not be; the reservation that it was made of is one again."""
    if reserved is None:
        db[LOANS].delete_one({"_id": document["_id"]})
    else:
        db[LOANS].replace_one({"_id": reserved["_id"]}, reserved)


def _ended(db: Db, who: Who, loan: Loan, was: str, state: str, action: str, note: str) -> Lent:
    end = {"state": state, "ended": moments.now(), "ended_by": who.name, "end_note": note.strip()[:1_000]}
    if db[LOANS].find_one_and_update({"_id": ObjectId(loan.number), "state": was}, {"$set": end, **ENDS}) is None:
        return Lent(loan.thing, loan.name, None, "is back already" if was == "out" else "is no longer reserved")
    # A note alone: before and after of an entry are fields of the record, from which its history is worked out.
    activity.record(db, who, action, keys.target(loan.thing), note=f"{loan.terms.holder.name}. {note}".strip(" ."))
    return Lent(loan.thing, loan.name, _known(db, loan.number))


def _in_the_way(db: Db, thing: str, terms: Terms, today: date, *, fetching: bool = False) -> str:
    """Say why the thing cannot be had on these terms; empty when it can. ``fetching``: from now on, not only later."""
    there = loans.out(db, [thing]).get(thing)
    if there and (fetching or there.terms.last is None or there.terms.last >= terms.first):
        return in_words(there)
    return _reserved(db, thing, terms, today, but=terms.holder if fetching else None)


def _reserved(db: Db, thing: str, terms: Terms, today: date, *, but: Holder | None = None) -> str:
    for loan in loans.reservations(db, thing, today):
        # both ends count, and what is until further notice goes on for ever
        meets = loan.terms.first <= (terms.last or date.max) and (loan.terms.last or date.max) >= terms.first
        if meets and loan.terms.holder != but:
            return in_words(loan)
    return ""


def _missing(db: Db, entry: Entry) -> str:
    return "" if records.get(db, entry.key) else "is not in the list any more"


def _document(who: Who, entry: Entry, terms: Terms, state: str, today: date) -> dict[str, Any]:
    now = moments.now()
    document = {
        "_id": ObjectId(), "thing": entry.key, "name": name_of(entry.record), "holder": terms.holder.name,
        "account": terms.holder.account, "state": state, "first": terms.first.isoformat(),
        "last": terms.last.isoformat() if terms.last else None, "place": terms.place, "note": terms.note,
        "by": who.name, "at": now,
    }
    if state == "out":
        document |= {"given": now, "out": entry.key}
    if days := loans.days_taken(entry.key, terms, today):
        document["days"] = days
    return document


def _known(db: Db, number: str) -> Loan:
    loan = loans.find(db, number)
    if loan is None:
        raise BadInput("There is no such loan.", hint="Look at the list again.")
    return loan
