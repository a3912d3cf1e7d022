"""The second factor of an account: the secret of an authenticator app, the last code used, and recovery codes.

Codes are those of RFC 6238: six digits, SHA-1, 30 seconds, as every app has them. The secret is stored as it is: it is
needed to check a code, and who can read the accounts can read the hashes of their passwords as well.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyotp

from backup_engine.errors import BadInput
from equipment.store import activity, moments
from equipment.store.access import USERS, Db, Who, require
from equipment.store.accounts.tickets import code, code_digest

__all__ = ["CODES", "Offered", "confirm", "left", "offer", "remove", "renew_codes", "reset", "use"]

CODES: Final = 10
GROUPS: Final = 7
"""Of four letters in a recovery code: 139 bits, which a fast hash keeps safe (ASVS 5.0, 6.5.2 asks for 112)."""
SECONDS: Final = 30
AROUND: Final = 1
"""Steps before and after the present one that count as well: clocks differ, and people type slowly (RFC 6238, 5.2)."""
ISSUER: Final = "Equipment"


@dataclass(frozen=True)
class Offered:
    """A secret that is not in force yet, and its address for the app to scan."""

    secret: str
    address: str


def offer(name: str, place: str = "") -> Offered:
    """Make a new secret of 160 bits for an account of that name; ``place`` tells installations apart in the app."""
    secret = pyotp.random_base32(32)
    issuer = f"{ISSUER} ({place})" if place else ISSUER
    return Offered(secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer))


def confirm(db: Db, who: Who, key: str, secret: str, typed: str, *, now: datetime | None = None) -> list[str]:
    """Put a secret in force once a code of it was typed; gives the recovery codes, shown this once.

    Raises ``BadInput`` for a wrong code. Asks for no role: for the account's owner.
    """
    step = _step_of(secret, typed, -1, now or moments.now())
    if step is None:
        raise BadInput("That is not the code.", hint="Type the six digits that the app shows now. If they are right, "
                       "compare the clocks of the phone and of the server.")
    codes = _new_codes()
    factor = {"secret": secret, "step": step, "since": now or moments.now(), "codes": list(map(code_digest, codes))}
    db[USERS].update_one({"_id": key}, {"$set": {"factor": factor}})
    activity.record(db, who, "user.factor", f"user:{key}", note="set up")
    return codes


def use(db: Db, who: Who, key: str, typed: str, *, now: datetime | None = None) -> bool:
    """Use up a code of the app or a recovery code; True once for each, in time."""
    user = db[USERS].find_one({"_id": key}, {"factor": 1}) or {}
    factor: dict[str, Any] = user.get("factor") or {}
    if not factor:
        return False
    step = _step_of(factor["secret"], typed, factor["step"], now or moments.now())
    if step is not None:
        # Whoever looked over a shoulder comes too late, though both come at once.
        unused = {"_id": key, "factor.secret": factor["secret"], "factor.step": {"$lt": step}}
        return db[USERS].update_one(unused, {"$set": {"factor.step": step}}).modified_count == 1
    digest = code_digest(typed)
    done = db[USERS].update_one({"_id": key, "factor.codes": digest}, {"$pull": {"factor.codes": digest}})
    if done.modified_count:
        activity.record(db, who, "user.factor", f"user:{key}", note="a recovery code was used")
    return done.modified_count == 1


def left(db: Db, key: str) -> int:
    """Give how many recovery codes are left."""
    user = db[USERS].find_one({"_id": key}, {"factor.codes": 1}) or {}
    return len(user.get("factor", {}).get("codes", ()))


def renew_codes(db: Db, who: Who, key: str) -> list[str]:
    """Give new recovery codes in place of all others, shown this once. Asks for no role: for the account's owner."""
    codes = _new_codes()
    db[USERS].update_one({"_id": key, "factor": {"$exists": True}},
                         {"$set": {"factor.codes": list(map(code_digest, codes))}})
    activity.record(db, who, "user.factor", f"user:{key}", note="new recovery codes")
    return codes


def remove(db: Db, who: Who, key: str, *, note: str = "switched off") -> None:
    """Take the second factor away. Asks for no role: for the account's owner."""
    db[USERS].update_one({"_id": key}, {"$unset": {"factor": ""}})
    activity.record(db, who, "user.factor", f"user:{key}", note=note)


def reset(db: Db, who: Who, key: str) -> None:
    """Take somebody's second factor away, who has lost the phone and the recovery codes.

    Raises ``BadInput`` for one's own account, and where there is none.
    """
    account = require(db, who, "users.rights")
    if account.key == key:
        raise BadInput("This is your own account.", hint="Switch it off under your name at the top.")
    if db[USERS].find_one({"_id": key, "factor": {"$exists": True}}, {"_id": 1}) is None:
        raise BadInput("This account has no second factor.")
    remove(db, who, key, note="reset by an administrator")


def _step_of(secret: str, typed: str, after: int, now: datetime) -> int | None:
    """Find the step of which this is the code, later than the one of the last code used."""
    digits = "".join(typed[:40].split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    present = int(now.timestamp()) // SECONDS
    app = pyotp.TOTP(secret)
    found = [step for step in range(present - AROUND, present + AROUND + 1)
             if secrets.compare_digest(app.at(step * SECONDS), digits)]
    return next((step for step in found if step > after), None)


def _new_codes() -> list[str]:
    return [code(GROUPS) for _ in range(CODES)]
