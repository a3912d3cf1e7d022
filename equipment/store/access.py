"""The gate before every privileged write: is this session alive, and does its account's role allow the action?

Nothing here is remembered between calls. The session and the account are read from the database each time, so a
role taken away, an account disabled or a session ended counts from the next action on, in every tab and process. So
does a token with which a program acts: it never has more than its account has at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pymongo.client_session import ClientSession
from pymongo.database import Database

from backup_engine.errors import AdminOnly, FreshSignInNeeded, PermissionDenied
from equipment.data_disk import require_room
from equipment.domain.roles import (
    CHANGES_THE_LIST,
    NEEDS_PROOF,
    NEVER_BY_TOKEN,
    PERMISSIONS,
    READS,
    Role,
    allows,
    can,
    is_role,
    lesser,
)
from equipment.store import moments

USERS: Final = "equipment_users"
SESSIONS: Final = "equipment_sessions"
TOKENS: Final = "equipment_tokens"
SYSTEM_PREFIX: Final = "system:"
TOKEN_PREFIX: Final = "token:"
"""Before a token's number in ``Who.session``. No session's id begins so: no cookie leads here."""
PROVED_FOR: Final = timedelta(minutes=10)
"""How long a password typed, or a sign-in at the identity provider, counts for what ``NEEDS_PROOF`` names."""

Db = Database[dict[str, Any]]

second_factor: Literal["off", "optional", "required"] = "optional"
"""What this installation says about second factors; set once, when the application starts."""


def inside(session: ClientSession | None) -> dict[str, Any]:
    """Give the argument that makes a write part of a transaction; the stand-in in memory knows none."""
    return {"session": session} if session else {}


@dataclass(frozen=True)
class Who:
    """Who acts. *session* is the stored id of a session, or a token's number behind ``TOKEN_PREFIX``: what a cookie or
    a header says is looked up first, so that it can never name the system."""

    session: str
    name: str
    address: str = ""


@dataclass(frozen=True)
class Account:
    """An account as the database has it now."""

    key: str
    name: str
    role: Role
    must_change_password: bool = False
    local: bool = True
    """False when an identity provider vouches for the account; it then has no password here."""
    has_factor: bool = False
    """Whether a second factor is asked for at sign-in."""
    needs_factor: bool = False
    """Whether one has to be set up before anything else."""
    proved: datetime | None = field(default=None, compare=False)
    """When the person behind this session last proved who they are; None for the application itself, and tokens."""
    token: str = ""
    """The name of the token with which a program acts; empty for a person."""
    only_reads: bool = False
    """Whether that token changes nothing."""

    def proved_lately(self, now: datetime) -> bool:
        """Tell whether the proof still counts for what ``NEEDS_PROOF`` names."""
        return self is _SYSTEM_ACCOUNT or (self.proved is not None and now - self.proved < PROVED_FOR)

    @property
    def is_held(self) -> bool:
        """Tell whether something about the account has to be done before anything else."""
        return self.must_change_password or self.needs_factor

    def may(self, action: str) -> bool:
        """Tell whether the role allows *action* (for showing or hiding; ``require`` decides)."""
        by_token = not self.token or not (action in NEVER_BY_TOKEN or (self.only_reads and action not in READS))
        return not self.is_held and allows(self.role, action) and by_token


SYSTEM: Final = Who(f"{SYSTEM_PREFIX}app", "system")
"""The application itself: scheduler and start-up. Never built from anything a visitor sends."""

_SYSTEM_ACCOUNT: Final = Account("system", "system", "admin")


def session_is_live(session: dict[str, Any], now: datetime) -> bool:
    """Tell whether a session document is within both of its limits."""
    return moments.aware(session["until"]) > now and moments.aware(session["idle_until"]) > now


def account_of(user: dict[str, Any]) -> Account:
    """Give the account a user document describes."""
    local, role = user.get("source", "local") == "local", user["role"]
    has_factor = local and second_factor != "off" and bool(user.get("factor"))
    return Account(
        key=str(user["_id"]),
        name=str(user["name"]),
        role=role,
        must_change_password=bool(user.get("must_change")),
        local=local,
        has_factor=has_factor,
        needs_factor=second_factor == "required" and local and role == "admin" and not has_factor,
    )


def identify(db: Db, who: Who, *, now: datetime | None = None) -> Account | None:
    """Read the account behind *who* from the database; None when the session or token has ended or the account is not
    active."""
    if who.session.startswith(SYSTEM_PREFIX):
        return _SYSTEM_ACCOUNT
    by_token, now = who.session.startswith(TOKEN_PREFIX), now or moments.now()
    # Both in one command, as every rerun of a page asks this.
    found = next(iter(db[TOKENS if by_token else SESSIONS].aggregate(
        [{"$match": {"_id": who.session.removeprefix(TOKEN_PREFIX)}},
         {"$lookup": {"from": USERS, "localField": "user", "foreignField": "_id", "as": "users"}}])), None)
    if found is None or not (moments.aware(found["until"]) > now if by_token else session_is_live(found, now)):
        return None
    user = next(iter(found["users"]), None)
    if user is None or user.get("state") != "active" or user.get("epoch", 0) != found.get("epoch", 0):
        return None
    account = account_of(user)
    if by_token:
        role = lesser(found["role"], account.role) if is_role(found["role"]) and is_role(account.role) else "user"
        return replace(account, role=role, token=str(found["name"]), only_reads=found["scope"] != "write")
    # A session of a version that wrote no such moment was opened by a proof.
    return replace(account, proved=moments.aware(found.get("proved") or found["created"]))


def require(db: Db, who: Who, action: str, *, now: datetime | None = None) -> Account:
    """Give the account when it may do *action*.

    Raises ``PermissionDenied`` when the session has ended, a new password is due or the role is too low,
    ``AdminOnly`` when only an administrator may do it, ``FreshSignInNeeded`` when the action asks for a proof of who is
    there and the last one is older than ``PROVED_FOR``, and ``NoSpace`` when it changes the list and the disk is nearly
    full. A token is refused what no program may do, and what its scope leaves out, with ``PermissionDenied``. An action
    missing from the table raises ``KeyError``.
    """
    least = PERMISSIONS[action]
    now = now or moments.now()
    account = identify(db, who, now=now)
    if account is None and who.session.startswith(TOKEN_PREFIX):
        raise PermissionDenied("the token has ended", hint="Make another one under your name in the app.")
    if account is None:
        raise PermissionDenied("you are no longer signed in", hint="Sign in again.")
    if account.must_change_password:
        raise PermissionDenied("a new password is due first", hint="Choose it under your name at the top.")
    if account.needs_factor:
        raise PermissionDenied("a second factor is due first", hint="Open the page and set it up there.")
    if account.token and action in NEVER_BY_TOKEN:
        raise PermissionDenied(f"{action} is not for tokens", hint="Sign in to the app and do it there.")
    if account.only_reads and action not in READS:
        raise PermissionDenied(f"{account.token} is a token that only reads, and {action} is more than that",
                               hint="Make one whose scope is write.")
    if allows(account.role, action):
        if action in NEEDS_PROOF and not account.proved_lately(now):
            raise FreshSignInNeeded("your last sign-in is more than 10 minutes ago", hint="Nothing was done.")
        if action in CHANGES_THE_LIST:
            require_room(db)
        return account
    said, hint = f"this needs the role {least}, and {account.name} has the role {account.role}", can(action)
    raise (AdminOnly if least == "admin" else PermissionDenied)(said, hint=hint)
