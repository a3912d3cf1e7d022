"""Asking for an account oneself: off until an administrator switches it on, and nobody gets in without approval."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from backup_engine.errors import BadInput
from equipment.accounts.login import SignInRefused, Visitor, hash_of, in_words
from equipment.accounts.passwords import PASSWORDS, Passwords, check_rules
from equipment.domain.faults import all_at_once
from equipment.domain.names import clean_name
from equipment.domain.person import Person, clean_person
from equipment.domain.roles import is_role
from equipment.store import activity
from equipment.store.access import USERS, Db, Who, require
from equipment.store.accounts import attempts, users
from equipment.store.accounts.administrators import SETTINGS
from equipment.store.accounts.tickets import digest

__all__ = ["MOST_OF_A_REASON", "ask", "is_open", "switch"]

MOST_WAITING: Final = 1_000
MOST_OF_AN_ADDRESS: Final = 10
"""One that asks and asks locks nobody else out; a lab of more than ten newcomers has an administrator."""
MOST_OF_A_REASON: Final = 200
"""Characters that are kept of why somebody asks."""
LIMIT: Final = attempts.Limit(free=5, first=60, longest=3600)
_ID: Final = "sign_up"


def is_open(db: Db) -> bool:
    """Tell whether people may ask for an account."""
    stored = db[SETTINGS].find_one({"_id": _ID})
    return bool(stored and stored.get("open"))


def switch(db: Db, who: Who, is_open: bool) -> None:
    """Let people ask for an account, or no longer."""
    require(db, who, "settings.edit")
    before = db[SETTINGS].find_one_and_update({"_id": _ID}, {"$set": {"open": is_open}}, upsert=True)
    activity.record(db, who, "settings.sign_up", "setting:sign_up",
                    before={"open": bool(before and before.get("open"))}, after={"open": is_open})


def ask(
    db: Db, name: str, password: str, note: str, visitor: Visitor, *, repeated: str | None = None,
    person: Person | None = None, wished_role: str = "user", passwords: Passwords = PASSWORDS,
) -> None:
    """Store a request. A name that is taken looks no different from outside.

    Whatever *wished_role* says, the account has the role user until an administrator approves it with another one.

    Raises ``BadInput`` with every fault of what was typed (*repeated*, unless None, is the password once more),
    ``SignInRefused`` when this address asks too often, when too many requests wait, when too many passwords are being
    hashed at the moment or when nobody may ask.
    """
    if not is_open(db):
        raise SignInRefused("An administrator creates the accounts here.")
    asked_from = digest(visitor.address)
    # Before the rules: looking at a password takes 7 ms of a processor, which a flood need not get.
    for which, most in (({}, MOST_WAITING), ({"asked_from": asked_from}, MOST_OF_AN_ADDRESS)):
        if db[USERS].count_documents({"state": "pending", **which}, limit=most) >= most:
            raise SignInRefused("Too many requests are waiting. Ask an administrator.")
    person = person or Person()
    all_at_once(lambda: clean_name(name), lambda: clean_person(person), lambda: _check_role(wished_role),
                lambda: check_rules(password, name), lambda: _check_same(password, repeated))
    document = users.new_document(name, "user", "pending", by="sign-up") | asdict(clean_person(person))
    subject = f"sign-up {attempts.address_subject(visitor.address)}"
    wait = attempts.admit(db, subject, LIMIT)
    if wait:
        raise SignInRefused(f"Too many requests from here. Wait {in_words(wait)} and try again.")
    document |= {"note": note[:MOST_OF_A_REASON], "wished_role": wished_role, "asked_from": asked_from}
    try:
        document["password"] = hash_of(passwords, password)
    except SignInRefused:
        attempts.take_back(db, subject)  # nothing was asked: whoever tries again does not pay for the crowd
        raise
    try:
        users.insert(db, document)
    except BadInput:
        return
    who = Who("", document["name"], visitor.address)
    activity.record(db, who, "user.sign_up", f"user:{document['_id']}", note=note[:MOST_OF_A_REASON])


def _check_role(role: str) -> None:
    if not is_role(role):
        raise BadInput(f"There is no role {role!r}.")


def _check_same(password: str, repeated: str | None) -> None:
    if repeated is not None and repeated != password:
        raise BadInput("The two passwords differ.")
