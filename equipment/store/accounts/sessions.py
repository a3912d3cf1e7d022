"""Sign-in sessions as documents: expiring, listed, ended one by one or all at once.

The page works with the session's id, which never leaves the server. The browser holds another secret, the cookie, of
which only the SHA-256 is stored. How it gets there: ``issue_ticket`` gives a secret for 30 seconds, and ``redeem``
exchanges it, once, for the cookie's text.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pymongo import ASCENDING, WriteConcern

from equipment.domain.roles import ROLES, Role
from equipment.store import moments
from equipment.store.access import SESSIONS, USERS, Account, Db, session_is_live
from equipment.store.accounts.tickets import digest, token

TICKET_SECONDS: Final = 30
TOUCH_SECONDS: Final = 60
"""How often an active session's idle limit is written forward; not at every rerun of a page."""

Purpose = Literal["sign-in", "sign-out"]


@dataclass(frozen=True)
class Lifetimes:
    """How long a sign-in lasts: without any activity, and at most."""

    idle: timedelta = timedelta(hours=12)
    longest: timedelta = timedelta(days=14)


USUAL: Final = Lifetimes()


@dataclass(frozen=True)
class Session:
    """One live session, for the list."""

    id: str
    created: datetime
    seen: datetime
    address: str
    agent: str


def prepare(db: Db) -> None:
    """Create the indexes; MongoDB removes a session an hour after its end."""
    db[SESSIONS].create_index([("until", ASCENDING)], expireAfterSeconds=3600)
    db[SESSIONS].create_index([("user", ASCENDING)])
    db[SESSIONS].create_index([("cookie", ASCENDING)], sparse=True)
    db[SESSIONS].create_index([("ticket", ASCENDING)], sparse=True)


def open_session(
    db: Db, account: Account, epoch: int, *, address: str, agent: str, lifetimes: Lifetimes,
    proved: datetime | None = None, now: datetime | None = None
) -> str:
    """Start a session of *account* and give its id. *proved* is when the person showed who they are, if not now."""
    now = now or moments.now()
    session = secrets.token_hex(32)
    db[SESSIONS].insert_one({
        "_id": session, "user": account.key, "epoch": epoch, "created": now, "seen": now, "proved": proved or now,
        "until": now + lifetimes.longest, "idle_until": now + lifetimes.idle,
        "address": address[:64], "agent": agent[:200],
    })
    return session


def issue_ticket(db: Db, session: str, purpose: Purpose, *, now: datetime | None = None) -> str:
    """Give the browser's ticket for one visit to the route of that purpose, good for 30 seconds."""
    ticket = token()
    until = (now or moments.now()) + timedelta(seconds=TICKET_SECONDS)
    db[SESSIONS].update_one(
        {"_id": session}, {"$set": {"ticket": digest(ticket), "ticket_until": until, "ticket_for": purpose}}
    )
    return ticket


def awaits(db: Db, ticket: str, *, now: datetime | None = None) -> bool:
    """Tell whether a ticket is still to be used: the browser has not been at its route, and it is not too old."""
    wanted = {"ticket": digest(ticket), "ticket_until": {"$gt": now or moments.now()}}
    return db[SESSIONS].find_one(wanted, {"_id": 1}) is not None


def redeem(db: Db, ticket: str, *, now: datetime | None = None) -> tuple[str, int] | None:
    """Exchange a sign-in ticket, once, for the cookie's text and its seconds to live; None when it is not good."""
    now = now or moments.now()
    cookie = token()
    session = _use_ticket(db, ticket, "sign-in", now, {"$set": {"cookie": digest(cookie)}})
    if session is None or not session_is_live(session, now):
        return None
    return cookie, max(0, int((moments.aware(session["until"]) - now).total_seconds()))


def leave(db: Db, ticket: str, cookie: str, *, now: datetime | None = None) -> bool:
    """Use a sign-out ticket, once; True when it belongs to the session this browser's cookie names."""
    session = _use_ticket(db, ticket, "sign-out", now or moments.now(), {})
    return session is not None and secrets.compare_digest(str(session.get("cookie", "")), digest(cookie))


def by_cookie(db: Db, cookie: str) -> str | None:
    """Give the id of the session a cookie's text names."""
    session = db[SESSIONS].find_one({"cookie": digest(cookie)}, {"_id": 1})
    return None if session is None else str(session["_id"])


def touch(db: Db, session: str, lifetimes: Lifetimes, *, now: datetime | None = None) -> None:
    """Move the idle limit forward, at most once a minute."""
    now = now or moments.now()
    # Without a majority of the members a page can still be looked at: this write is none to wait for.
    db[SESSIONS].with_options(write_concern=WriteConcern(1)).update_one(
        {"_id": session, "seen": {"$lt": now - timedelta(seconds=TOUCH_SECONDS)}, "idle_until": {"$gt": now}},
        {"$set": {"seen": now, "idle_until": now + lifetimes.idle}},
    )


def prove(db: Db, session: str, moment: datetime) -> None:
    """Note that the person behind a session has shown who they are; an earlier moment than is known changes nothing."""
    db[SESSIONS].update_one({"_id": session}, {"$max": {"proved": moment}})


def end(db: Db, session: str, *, now: datetime | None = None) -> None:
    """End one session now."""
    now = now or moments.now()
    db[SESSIONS].update_one({"_id": session, "until": {"$gt": now}}, {"$set": {"until": now}})


def end_all(db: Db, user: str, *, but: str = "", now: datetime | None = None) -> int:
    """End every session of an account except *but*; gives how many there were."""
    now = now or moments.now()
    live = {"user": user, "until": {"$gt": now}, "_id": {"$ne": but}}
    return db[SESSIONS].update_many(live, {"$set": {"until": now}}).modified_count


def of_user(db: Db, user: str, *, now: datetime | None = None) -> list[Session]:
    """Give an account's live sessions, the most recently used first."""
    now = now or moments.now()
    live = db[SESSIONS].find({"user": user, "until": {"$gt": now}, "idle_until": {"$gt": now}})
    listed = [
        Session(str(document["_id"]), moments.aware(document["created"]), moments.aware(document["seen"]),
                str(document.get("address", "")), str(document.get("agent", "")))
        for document in live
    ]
    return sorted(listed, key=lambda session: session.seen, reverse=True)


def count_by_role(db: Db, *, now: datetime | None = None) -> dict[Role, int]:
    """Count the live sessions of active accounts by role; every role is named."""
    now, counts = now or moments.now(), dict.fromkeys(ROLES, 0)
    users = {user["_id"]: user for user in db[USERS].find({"state": "active"}, {"role": 1, "epoch": 1})}
    grouped = db[SESSIONS].aggregate([
        {"$match": {"until": {"$gt": now}, "idle_until": {"$gt": now}}},
        {"$group": {"_id": {"user": "$user", "epoch": "$epoch"}, "count": {"$sum": 1}}},
    ])
    for group in grouped:
        user = users.get(group["_id"].get("user"))
        if user and user.get("epoch", 0) == group["_id"].get("epoch", 0) and user.get("role") in counts:
            counts[user["role"]] += group["count"]
    return counts


def _use_ticket(
    db: Db, ticket: str, purpose: Purpose, now: datetime, change: dict[str, Any]
) -> dict[str, Any] | None:
    wanted = {"ticket": digest(ticket), "ticket_for": purpose, "ticket_until": {"$gt": now}}
    used = {"$unset": {"ticket": "", "ticket_for": "", "ticket_until": ""}, **change}
    return db[SESSIONS].find_one_and_update(wanted, used)
