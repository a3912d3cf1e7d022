"""Tokens with which programs act for an account: made once by a person, shown once, kept only as their SHA-256.

A document is ``{_id, digest, user, called, epoch, name, role, scope, created, until}``, and once it was used or revoked
``used``, ``used_from`` and ``revoked_by``. A token ends on its day, when it is revoked, when its account is disabled,
and when its owner signs out everywhere: the epoch of the account is another one then. What it may do is asked of
``store.access`` at every request.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from pymongo import ASCENDING, WriteConcern

from backup_engine.errors import BadInput
from equipment.domain.names import clean_name
from equipment.domain.roles import ROLES, Role, is_role
from equipment.store import activity, moments
from equipment.store.access import TOKEN_PREFIX, TOKENS, USERS, Account, Db, Who, require
from equipment.store.accounts.tickets import digest, token

__all__ = ["LONGEST_DAYS", "MOST", "PREFIX", "SCOPES", "USUAL_DAYS", "Scope", "Token", "everybodys", "make", "of_text",
           "own", "prepare", "revoke"]

PREFIX: Final = "eq_"
"""What every token begins with, so that people, scanners of secrets and the log know one."""
LENGTH: Final = len(PREFIX) + 43
USUAL_DAYS: Final = 90
LONGEST_DAYS: Final = 365
MOST: Final = 20
"""Tokens of one account that are good at the same time."""
KEPT_DAYS: Final = 30
"""For which an ended token is still listed."""
NOTED_SECONDS: Final = 60
"""Within which further uses of a token are not written down."""
Scope = Literal["read", "write"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
State = Literal["good", "revoked", "expired", "signed out"]


@dataclass(frozen=True)
class Token:
    """One token, for lists. It carries no secret."""

    number: str
    user: str
    """The key of its account."""
    name: str
    role: Role
    scope: Scope
    created: datetime
    until: datetime
    used: datetime | None
    """When it was last used, to the minute; None when never."""
    used_from: str
    state: State
    revoked_by: str = ""


def prepare(db: Db) -> None:
    """Create the indexes; MongoDB removes a token some weeks after its end."""
    db[TOKENS].create_index([("digest", ASCENDING)], unique=True)
    db[TOKENS].create_index([("user", ASCENDING)])
    db[TOKENS].create_index([("until", ASCENDING)], expireAfterSeconds=KEPT_DAYS * 86_400)


def make(
    db: Db, who: Who, name: str, role: str, scope: str, days: int, *, now: datetime | None = None
) -> tuple[Token, str]:
    """Make a token of the account that is signed in; gives its text as well, which is stored nowhere.

    Raises ``BadInput`` for a name, role, scope or days that cannot be and for too many, ``FreshSignInNeeded`` when
    nobody has proved lately who is there, and ``PermissionDenied`` to a token.
    """
    now = now or moments.now()
    account = require(db, who, "tokens.make", now=now)
    name = clean_name(name)
    _check(account, role, scope, days)
    good = [each for each in _of_user(db, account.key, now) if each.state == "good"]
    if len(good) >= MOST:
        raise BadInput(f"An account has at most {MOST} tokens.", hint="Revoke one that nobody needs.")
    if any(each.name == name for each in good):
        raise BadInput(f"There is already a token {name}.", hint="Choose another name, or revoke that one.")
    user = db[USERS].find_one({"_id": account.key}) or {}
    text = PREFIX + token()
    document = {
        "_id": secrets.token_hex(12), "digest": digest(text), "user": account.key, "called": account.name,
        "epoch": user.get("epoch", 0), "name": name, "role": role, "scope": scope, "created": now,
        "until": now + timedelta(days=days)}
    db[TOKENS].insert_one(document)
    activity.record(db, who, "user.token", f"user:{account.key}",
                    note=f"{name}: {scope} as {role}, until {document['until']:%Y-%m-%d}")
    return _token(document, user, now), text


def own(db: Db, who: Who, *, now: datetime | None = None) -> list[Token]:
    """Give the tokens of the account that is signed in, those that are good first."""
    now = now or moments.now()
    return _of_user(db, require(db, who, "records.read", now=now).key, now)


def everybodys(db: Db, who: Who, *, now: datetime | None = None) -> list[Token]:
    """Give the tokens of all accounts, those that are good first. For administrators."""
    now = now or moments.now()
    require(db, who, "tokens.manage", now=now)
    return _found(db, {}, now)


def revoke(db: Db, who: Who, number: str, *, now: datetime | None = None) -> None:
    """End a token now: one's own, or as an administrator anybody's. It counts from the next request on.

    Raises ``BadInput`` when there is no such token, ``AdminOnly`` for somebody else's.
    """
    now = now or moments.now()
    account = require(db, who, "records.read", now=now)
    found = db[TOKENS].find_one({"_id": number})
    if found is None:
        raise BadInput("There is no such token any more.")
    if found["user"] != account.key or account.token:
        require(db, who, "tokens.manage", now=now)
    ended = db[TOKENS].update_one({"_id": number, "until": {"$gt": now}},
                                  {"$set": {"until": now, "revoked_by": who.name}})
    if ended.modified_count:
        activity.record(db, who, "user.token_revoked", f"user:{found['user']}", note=str(found["name"]))


def of_text(db: Db, text: str, address: str = "", *, now: datetime | None = None) -> Who | None:
    """Give who acts with a token, and note the use; None for a text that is no token, or one that has ended.

    Whether the account may still do anything is for ``access.require`` to say.
    """
    if len(text) != LENGTH or not text.startswith(PREFIX):
        return None
    now = now or moments.now()
    found = db[TOKENS].find_one({"digest": digest(text), "until": {"$gt": now}})
    if found is None:
        return None
    if "used" not in found or moments.aware(found["used"]) < now - timedelta(seconds=NOTED_SECONDS):
        # Nothing to wait for: without a majority of the members the list can still be read.
        db[TOKENS].with_options(write_concern=WriteConcern(1)).update_one(
            {"_id": found["_id"]}, {"$set": {"used": now, "used_from": address[:64]}})
    # In brackets, which the name of an account cannot have.
    return Who(f"{TOKEN_PREFIX}{found['_id']}", f"{found['called']} (token {found['name']})", address)


def _check(account: Account, role: str, scope: str, days: int) -> None:
    if not is_role(role):
        raise BadInput(f"There is no role {role!r}.", hint=f"Choose {', '.join(ROLES)}.")
    if role not in ROLES[: ROLES.index(account.role) + 1]:
        raise BadInput(f"A token cannot be {role}: {account.name} is {account.role}.")
    if scope not in SCOPES:
        raise BadInput(f"There is no scope {scope!r}.", hint=f"Choose {' or '.join(SCOPES)}.")
    if not 1 <= days <= LONGEST_DAYS:
        raise BadInput(f"A token lasts from a day to {LONGEST_DAYS} of them.")


def _of_user(db: Db, key: str, now: datetime) -> list[Token]:
    return _found(db, {"user": key}, now)


def _found(db: Db, where: dict[str, Any], now: datetime) -> list[Token]:
    documents = list(db[TOKENS].find(where))
    keys = {document["user"] for document in documents}
    users = {user["_id"]: user for user in db[USERS].find({"_id": {"$in": list(keys)}}, {"epoch": 1, "state": 1})}
    listed = [_token(document, users.get(document["user"], {}), now) for document in documents]
    return sorted(listed, key=lambda each: (each.state != "good", each.user, each.name, each.created))


def _token(document: dict[str, Any], user: dict[str, Any], now: datetime) -> Token:
    used, until = document.get("used"), moments.aware(document["until"])
    state: State = "good"
    if document.get("revoked_by"):
        state = "revoked"
    elif until <= now:
        state = "expired"
    elif user.get("epoch", 0) != document["epoch"]:
        state = "signed out"
    return Token(
        str(document["_id"]), str(document["user"]), str(document["name"]), document["role"], document["scope"],
        moments.aware(document["created"]), until, moments.aware(used) if used else None,
        str(document.get("used_from", "")), state, str(document.get("revoked_by", "")))
