"""The address under which an account's calendar program reads due work: one for each account, until it is taken back.

Stored is the digest of its secret, and the account's epoch when it was made. So it ends when the account is disabled or
signed out everywhere, and when the accounts of a backup were taken back, and nothing that does so has to think of it.
It opens nothing but the calendar.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING

from equipment.store import activity, moments
from equipment.store.access import USERS, Account, Db, Who, account_of, require
from equipment.store.accounts.tickets import digest

__all__ = ["CALENDARS", "LONGEST", "RIGHT", "Address", "account_behind", "issue", "of", "prepare", "revoke"]

CALENDARS: Final = "equipment_calendar_links"
"""In no backup: an address that was taken back would work again."""
RIGHT: Final = "records.read"
LONGEST: Final = 100
"""Characters of a secret; ours has 64. What is longer is not looked up."""
TOUCH: Final = timedelta(minutes=5)
"""How often it is noted that an address was used; a calendar program may ask more often."""
Doc = dict[str, Any]


@dataclass(frozen=True)
class Address:
    """What is known of somebody's address, which itself is not."""

    made: datetime
    used: datetime | None = None


def prepare(db: Db) -> None:
    """Create the index by which an address is found."""
    db[CALENDARS].create_index([("secret", ASCENDING)])


def issue(db: Db, who: Who) -> str:
    """Give the secret of a new address for whoever asks, in place of an older one. It is shown once."""
    account = require(db, who, RIGHT)
    user = db[USERS].find_one({"_id": account.key}, {"epoch": 1}) or {}
    secret = secrets.token_hex(32)  # letters and digits: what shows addresses as links leaves out a - at their end
    db[CALENDARS].replace_one({"_id": account.key}, {"secret": digest(secret), "epoch": user.get("epoch", 0),
                                                     "made": moments.now()}, upsert=True)
    activity.record(db, who, "user.calendar", f"user:{account.key}", note="a new address")
    return secret


def revoke(db: Db, who: Who) -> bool:
    """End the address of whoever asks; tells whether there was one."""
    account = require(db, who, RIGHT)
    if db[CALENDARS].find_one_and_delete({"_id": account.key}) is None:
        return False
    activity.record(db, who, "user.calendar", f"user:{account.key}", note="the address was taken back")
    return True


def of(db: Db, key: str) -> Address | None:
    """Give what is known of an account's address; None without one that works."""
    found = db[CALENDARS].find_one({"_id": key})
    if found is None or _behind(db, found) is None:
        return None
    used = found.get("used")
    return Address(moments.aware(found["made"]), moments.aware(used) if used else None)


def account_behind(db: Db, secret: str, *, now: datetime | None = None) -> Account | None:
    """Give the account whose calendar this is, when it may read the list now; else None."""
    if not secret or len(secret) > LONGEST:
        return None
    found = db[CALENDARS].find_one({"secret": digest(secret)})
    user = _behind(db, found) if found else None
    if found is None or user is None:
        return None
    now = now or moments.now()
    if not found.get("used") or now - moments.aware(found["used"]) >= TOUCH:
        db[CALENDARS].update_one({"_id": found["_id"], "secret": found["secret"]}, {"$set": {"used": now}})
    return account_of(user)


def _behind(db: Db, found: Doc) -> Doc | None:
    user = db[USERS].find_one({"_id": found["_id"]})
    if user is None or user.get("state") != "active" or user.get("epoch", 0) != found["epoch"]:
        return None
    return user if account_of(user).may(RIGHT) else None
