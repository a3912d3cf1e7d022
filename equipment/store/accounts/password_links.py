"""The link by which somebody who forgot the password chooses another one: one for each account, once, for half an hour.

Stored is the digest of its secret, and beside it one of what the account was when the link was made. So a link is dead
as soon as password, e-mail, one-time code or state are others, everybody was signed out, or the accounts of a backup
were taken back, and nothing that changes these has to think of links.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING

from equipment.store import moments
from equipment.store.access import USERS, Account, Db, account_of
from equipment.store.accounts.tickets import digest

__all__ = ["LINKS", "MINUTES", "account_behind", "issue", "prepare", "use"]

LINKS: Final = "equipment_password_links"
"""In no backup: a link that was used would work again."""
MINUTES: Final = 30
BOUND: Final = ("password", "email", "epoch", "state", "source", "code")
"""Fields of an account that must be as they were when its link was made."""
Doc = dict[str, Any]


def prepare(db: Db) -> None:
    """Create the indexes; MongoDB removes a link when its time is over."""
    db[LINKS].create_index([("until", ASCENDING)], expireAfterSeconds=0)
    db[LINKS].create_index([("secret", ASCENDING)])


def issue(db: Db, key: str, *, now: datetime | None = None) -> str | None:
    """Give the secret of a new link for an account, in place of any older one; None for one that cannot have a link."""
    user = db[USERS].find_one({"_id": key})
    if user is None or not _may(user):
        return None
    secret = secrets.token_hex(32)  # letters and digits: what shows addresses as links leaves out a - at their end
    until = (now or moments.now()) + timedelta(minutes=MINUTES)
    db[LINKS].replace_one(
        {"_id": key}, {"secret": digest(secret), "bound": _bound(user), "until": until}, upsert=True)
    return secret


def account_behind(db: Db, secret: str, *, now: datetime | None = None) -> Account | None:
    """Give the account whose password a link may change. Looking uses nothing up: programs open the links of mails."""
    user = _behind(db, secret, now or moments.now())
    return None if user is None else account_of(user)


def use(db: Db, secret: str, password_hash: str, *, now: datetime | None = None) -> Account | None:
    """Use a link up and give its account that password; every sign-in of it ends by the same write.

    None when the link is dead, or somebody else was faster.
    """
    now = now or moments.now()
    user = _behind(db, secret, now)
    if user is None or db[LINKS].find_one_and_delete({"_id": user["_id"], "secret": digest(secret)}) is None:
        return None
    as_it_was = {"_id": user["_id"], **{name: user.get(name) for name in BOUND}}
    after = {"$set": {"password": password_hash, "must_change": False, "signed_out_at": now},
             "$unset": {"code": "", "code_until": ""}, "$inc": {"epoch": 1}}
    return account_of(user) if db[USERS].update_one(as_it_was, after).modified_count == 1 else None


def _behind(db: Db, secret: str, now: datetime) -> Doc | None:
    link = db[LINKS].find_one({"secret": digest(secret), "until": {"$gt": now}}) if secret else None
    user = db[USERS].find_one({"_id": link["_id"]}) if link else None
    if link is None or user is None or not _may(user):
        return None
    return user if secrets.compare_digest(str(link["bound"]), _bound(user)) else None


def _may(user: Doc) -> bool:
    return user.get("state") == "active" and user.get("source", "local") == "local"


def _bound(user: Doc) -> str:
    return digest("\n".join(repr(user.get(name)) for name in ("_id", *BOUND)))
