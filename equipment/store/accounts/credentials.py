"""What sign-in reads and writes of an account: the password's hash, the one-time code, the last visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from equipment.domain.names import name_key
from equipment.store import moments
from equipment.store.access import USERS, Account, Db, account_of
from equipment.store.accounts.tickets import code_digest


@dataclass(frozen=True)
class Credentials:
    """An account with what proves it; never leaves the server, never logged."""

    account: Account
    state: str
    epoch: int
    password_hash: str | None
    note: str
    signed_out_at: datetime | None


def of_name(db: Db, name: str) -> Credentials | None:
    """Read the account of that name, in any spelling."""
    return _read(db, {"_id": name_key(name)})


def of_key(db: Db, key: str) -> Credentials | None:
    """Read the account of that key."""
    return _read(db, {"_id": key})


def of_identity(db: Db, identity: str) -> Credentials | None:
    """Read the account an identity provider vouches for."""
    return _read(db, {"oidc": identity})


def use_code(db: Db, key: str, typed: str, *, now: datetime | None = None) -> bool:
    """Use up an account's one-time code; True once, for the right one, in time."""
    good = {"_id": key, "code": code_digest(typed), "code_until": {"$gt": now or moments.now()}}
    used = {"$unset": {"code": "", "code_until": ""}, "$set": {"must_change": True}}
    return db[USERS].update_one(good, used).modified_count == 1


def renew_hash(db: Db, key: str, before: str, after: str) -> None:
    """Store the same password under new parameters, unless it was changed meanwhile."""
    db[USERS].update_one({"_id": key, "password": before}, {"$set": {"password": after}})


def set_password(db: Db, key: str, password_hash: str) -> None:
    """Store a new password; a one-time code still waiting is void."""
    after = {"$set": {"password": password_hash, "must_change": False}, "$unset": {"code": "", "code_until": ""}}
    db[USERS].update_one({"_id": key}, after)


def visited(db: Db, key: str, *, now: datetime | None = None) -> None:
    """Note a sign-in."""
    db[USERS].update_one({"_id": key}, {"$set": {"last_sign_in": now or moments.now()}})


def _read(db: Db, which: dict[str, str]) -> Credentials | None:
    user = db[USERS].find_one(which)
    if user is None:
        return None
    ended = user.get("signed_out_at")
    return Credentials(
        account=account_of(user), state=user.get("state", "disabled"), epoch=user.get("epoch", 0),
        password_hash=user.get("password"), note=str(user.get("note", "")),
        signed_out_at=moments.aware(ended) if ended else None,
    )
