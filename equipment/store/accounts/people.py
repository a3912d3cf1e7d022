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


def change(db: Db, who: Who, key: str, person: Person) -> None:
    """Store *person* for any account. For administrators; raises ``BadInput`` for what cannot be."""
    require(db, who, "users.rights")
    _store(db, who, key, person)


def change_own(db: Db, who: Who, person: Person) -> None:
    """Store *person* for the account that is signed in; raises ``BadInput`` for what cannot be."""
    _store(db, who, require(db, who, "records.read").key, person)


def _store(db: Db, who: Who, key: str, person: Person) -> None:
    person = clean_person(person)
    before = db[USERS].find_one_and_update({"_id": key}, {"$set": asdict(person)})
    if before is None:
        raise BadInput("There is no such account any more.")
    old, new = asdict(stored_person(before)), asdict(person)
    changed = [LABELS[field] for field in LABELS if old[field] != new[field]]
    if changed:
        # Which fields only: everybody reads the activity, and an address is the concern of few.
        activity.record(db, who, "user.person", f"user:{key}", note=", ".join(changed))
