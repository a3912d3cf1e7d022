"""Failed sign-ins, counted per account and per address, and the growing wait they cost.

An attempt is counted *before* the password is looked at, by compare-and-set on the counter, so that a thousand parallel
guesses get no further than one after the other. Names nobody has are counted like any other: a wait tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from equipment.store import moments
from equipment.store.access import Db
from equipment.store.accounts.tickets import digest

ATTEMPTS: Final = "equipment_attempts"
FORGET: Final = timedelta(hours=24)
PLACE_DAYS: Final = 30
TRIES: Final = 20
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""No wait; not the present, for two clocks at the same counter differ by milliseconds."""


@dataclass(frozen=True)
class Limit:
    """*free* attempts cost nothing; then *first* seconds, doubled each time up to *longest*."""

    free: int
    first: float = 5
    longest: float = 900

    def wait(self, failures: int) -> timedelta:
        """Give the wait after that many failures."""
        beyond = failures - self.free
        # min(): from 2.0 ** 1024 on Python raises OverflowError.
        return timedelta(seconds=0 if beyond < 0 else min(self.longest, self.first * 2.0 ** min(beyond, 30)))


PER_ACCOUNT: Final = Limit(free=5)
PER_ADDRESS: Final = Limit(free=30)
"""A whole lab may share one address behind a proxy."""


def account_subject(key: str) -> str:
    """Name the counter of an account; as a digest, for people type passwords into the name field."""
    return f"account:{digest(key)}"


def address_subject(address: str) -> str:
    """Name the counter of an address."""
    return f"address:{address[:64]}"


def place_subject(key: str, address: str) -> str:
    """Name the counter of an account at one address."""
    return f"account:{digest(key)}@{digest(address)}"


def remember_place(db: Db, key: str, address: str, *, now: datetime | None = None) -> None:
    """Note that the account has proved itself at this address: for ``PLACE_DAYS`` it is counted there by itself."""
    until = (now or moments.now()) + timedelta(days=PLACE_DAYS)
    db[ATTEMPTS].update_one({"_id": f"known {place_subject(key, address)}"}, {"$set": {"forget": until}}, upsert=True)


def subject_at(db: Db, key: str, address: str, *, now: datetime | None = None) -> str:
    """Name the counter that counts for an account at that address: where it has proved itself, nobody elsewhere who
    keeps failing makes it wait."""
    known = db[ATTEMPTS].find_one({"_id": f"known {place_subject(key, address)}"})
    if known is not None and moments.aware(known["forget"]) > (now or moments.now()):
        return place_subject(key, address)
    return account_subject(key)


def prepare(db: Db) -> None:
    """Create the index by which MongoDB forgets old failures."""
    db[ATTEMPTS].create_index([("forget", ASCENDING)], expireAfterSeconds=0)


def admit(db: Db, subject: str, limit: Limit, *, now: datetime | None = None) -> timedelta:
    """Count one attempt of *subject*; gives zero when it may go on, else the time left to wait (then not counted)."""
    now = now or moments.now()
    for _ in range(TRIES):
        known = db[ATTEMPTS].find_one({"_id": subject})
        if known is not None and moments.aware(known["until"]) > now:
            return moments.aware(known["until"]) - now
        failures = known["failures"] if known and moments.aware(known["forget"]) > now else 0
        if _count(db, subject, known["failures"] if known else None, failures + 1, now, limit):
            return timedelta(0)
    return timedelta(seconds=1)  # Others try the same name at this very moment.


def forgive(db: Db, subject: str) -> None:
    """Forget the failures of *subject*: it proved itself."""
    db[ATTEMPTS].delete_one({"_id": subject})


def take_back(db: Db, subject: str) -> None:
    """Uncount one attempt that turned out well, leaving earlier failures counted."""
    counted = {"_id": subject, "failures": {"$gt": 0}}
    db[ATTEMPTS].update_one(counted, {"$inc": {"failures": -1}, "$set": {"until": _LONG_AGO}})


def _count(db: Db, subject: str, seen: int | None, failures: int, now: datetime, limit: Limit) -> bool:
    wait = limit.wait(failures)
    after = {"failures": failures, "until": now + wait if wait else _LONG_AGO, "forget": now + FORGET}
    if seen is None:
        try:
            db[ATTEMPTS].insert_one({"_id": subject, **after})
        except DuplicateKeyError:
            return False
        return True
    return db[ATTEMPTS].update_one({"_id": subject, "failures": seen}, {"$set": after}).matched_count == 1
