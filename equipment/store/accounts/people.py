"""Who is behind an account: changed by its owner, or by an administrator who proved who they are."""

from __future__ import annotations

from dataclasses import asdict

from backup_engine.errors import BadInput
from equipment.domain.person import LABELS, Person, clean_person, stored_person
from equipment.store import activity
from equipment.store.access import USERS, Db, Who, require

__all__ = ["change", "change_own", "of"]


def of(db: Db, key: str) -> Person:
    """Give what is stored of the person. Asks for no role: for the account's owner, and for tests."""
    return stored_person(db[USERS].find_one({"_id": key}) or {})


def change(db: Db, who: Who, key: str, person: Person) -> str:
    """Store *person* for any account; gives the e-mail that is no longer its, or nothing. For administrators.

    Raises ``BadInput`` for what cannot be.
    """
    require(db, who, "users.rights")
    return _store(db, who, key, clean_person(person))


def change_own(db: Db, who: Who, person: Person) -> str:
    """Store *person* for the account that is signed in; gives the e-mail that is no longer its, or nothing.

    Another e-mail asks for a proof of who is there, since a forgotten password is replaced by it. Raises ``BadInput``
    for what cannot be.
    """
    key = require(db, who, "records.read").key
    person = clean_person(person)
    changes_email = of(db, key).email != person.email
    if changes_email:
        require(db, who, "account.email")
    return _store(db, who, key, person, with_email=changes_email)


def _store(db: Db, who: Who, key: str, person: Person, *, with_email: bool = True) -> str:
    new = asdict(person)
    if not with_email:  # nor one that was the same a moment ago: another tab may have changed it
        del new["email"]
    before = db[USERS].find_one_and_update({"_id": key}, {"$set": new})
    if before is None:
        raise BadInput("There is no such account any more.")
    old = asdict(stored_person(before))
    changed = [LABELS[field] for field in new if old[field] != new[field]]
    if changed:
        # Which fields only: everybody reads the activity, and an address is the concern of few.
        activity.record(db, who, "user.person", f"user:{key}", note=", ".join(changed))
    return str(old["email"]) if LABELS["email"] in changed else ""
