"""The accounts: who exists, with which role, in which state. Every change asks who is asking and is logged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from backup_engine.errors import BadInput
from backup_engine.records.folding import fold
from equipment.domain.counting import number_of
from equipment.domain.names import clean_name, name_key
from equipment.domain.person import Person, stored_person
from equipment.domain.roles import Role, is_role
from equipment.store import activity, moments
from equipment.store.access import USERS, Db, Who, require
from equipment.store.accounts import administrators, sessions
from equipment.store.accounts.restored import LOCKED_BY
from equipment.store.accounts.tickets import code, code_digest

CODE_HOURS: Final = 24
State = Literal["active", "disabled", "pending", "rejected"]


@dataclass(frozen=True)
class User:
    """One account, for lists. It carries no secret."""

    key: str
    name: str
    role: Role
    state: State
    local: bool
    created: datetime
    last_sign_in: datetime | None
    must_change: bool
    code_until: datetime | None
    """Until when a one-time code waits to be used."""
    note: str = ""
    person: Person = field(default_factory=Person)
    wished_role: Role | None = None
    """What who asked for the account would like to be; an administrator decides."""
    has_factor: bool = False
    """Whether a second factor is set up."""


def prepare(db: Db) -> None:
    """Create the indexes."""
    db[USERS].create_index([("oidc", ASCENDING)], unique=True, sparse=True)
    db[USERS].create_index([("state", ASCENDING), ("asked_from", ASCENDING)])


def exist(db: Db) -> bool:
    """Tell whether anybody has an account yet."""
    return db[USERS].find_one({}, {"_id": 1}) is not None


def find(db: Db, name: str) -> User | None:
    """Give the account of that name, in any spelling."""
    user = db[USERS].find_one({"_id": name_key(name)})
    return None if user is None else _user(user)


def listed(db: Db, who: Who) -> list[User]:
    """Give every account, by name. For administrators."""
    require(db, who, "users.manage")
    return sorted((_user(user) for user in db[USERS].find()), key=lambda user: (fold(user.name), user.key))


def create(db: Db, who: Who, name: str, role: str, *, password_hash: str | None = None) -> tuple[User, str | None]:
    """Add an account. Without *password_hash* it gets a one-time code, given back and shown this once.

    Raises ``BadInput`` for a name or role that cannot be, and for a name that is taken.
    """
    require(db, who, "users.rights")
    first_code = None if password_hash else code()
    waiting = _waiting(first_code) if first_code else {}
    user = insert(db, new_document(name, role, "active", by=who.name) | {"password": password_hash} | waiting)
    activity.record(db, who, "user.create", f"user:{user.key}", after={"name": user.name, "role": user.role})
    return user, first_code


def set_role(db: Db, who: Who, key: str, role: str) -> None:
    """Give an account another role. Raises ``BadInput`` when that would leave no administrator."""
    require(db, who, "users.rights")
    if not is_role(role):
        raise BadInput(f"There is no role {role!r}.")
    user = _known(db, key)
    if user.role == role:
        return
    if user.role == "admin":
        administrators.dismiss(db, key)
    db[USERS].update_one({"_id": key}, {"$set": {"role": role}})
    if role == "admin" and user.state == "active":
        administrators.admit(db, key)
    activity.record(db, who, "user.role", f"user:{key}", before={"role": user.role}, after={"role": role})


def disable(db: Db, who: Who, key: str) -> None:
    """Lock an account out and end its sessions. Raises ``BadInput`` for the last administrator."""
    require(db, who, "users.manage")
    user = _known(db, key)
    if user.state != "active":
        raise BadInput(f"{user.name} is not active.")
    if user.role == "admin":
        administrators.dismiss(db, key)
    _set_state(db, who, user, "disabled", "user.disable")
    end_sessions(db, who, key)


def enable(db: Db, who: Who, key: str) -> None:
    """Let a disabled account in again."""
    require(db, who, "users.rights")
    user = _known(db, key)
    if user.state != "disabled":
        raise BadInput(f"{user.name} is not disabled.")
    _set_state(db, who, user, "active", "user.enable")


def approve(db: Db, who: Who, key: str, role: str = "user") -> None:
    """Let somebody in who signed up."""
    require(db, who, "users.rights")
    user = _known(db, key)
    if user.state not in ("pending", "rejected"):
        raise BadInput(f"{user.name} does not wait for approval.")
    if not is_role(role):
        raise BadInput(f"There is no role {role!r}.")
    db[USERS].update_one({"_id": key}, {"$set": {"role": role, "note": ""}})
    # Read anew: with the role admin just written, it must get on the list of administrators.
    _set_state(db, who, _known(db, key), "active", "user.approve")


def reject(db: Db, who: Who, key: str, reason: str) -> None:
    """Decline a sign-up; *reason* is what the person reads at the next try."""
    require(db, who, "users.manage")
    user = _known(db, key)
    if user.state != "pending":
        raise BadInput(f"{user.name} does not wait for approval.")
    db[USERS].update_one({"_id": key}, {"$set": {"note": reason[:500]}})
    _set_state(db, who, user, "rejected", "user.reject", note=reason[:500])


def reject_all(db: Db, who: Who) -> int:
    """Decline every sign-up that waits, as after a flood of them; gives how many there were."""
    require(db, who, "users.manage")
    waiting = [_user(user) for user in db[USERS].find({"state": "pending"})]
    for user in waiting:
        _set_state(db, who, user, "rejected", "user.reject", note="all that waited")
    return len(waiting)


def reset(db: Db, who: Who, key: str) -> str:
    """Replace an account's password by a one-time code of 24 hours, shown this once; ends its sessions.

    Raises ``BadInput`` for one's own: the code would be shown to a session that has just ended.
    """
    account = require(db, who, "users.rights")
    user = _known(db, key)
    if account.key == key:
        raise BadInput("This is your own account.", hint="Choose another password under your name at the top.")
    if not user.local:
        raise BadInput(f"{user.name} signs in through the identity provider and has no password here.")
    new_code = code()
    db[USERS].update_one({"_id": key}, {"$set": {"password": None, **_waiting(new_code)}})
    activity.record(db, who, "user.reset", f"user:{key}", note="one-time code")
    end_sessions(db, who, key)
    return new_code


def end_sessions(db: Db, who: Who, key: str) -> int:
    """End every session of an account, wherever it is signed in; gives how many there were."""
    require(db, who, "users.manage")
    return sign_out_everywhere(db, who, key)


def sign_out_everywhere(db: Db, who: Who, key: str, *, but: str = "") -> int:
    """End an account's sessions without asking for a role: for its owner. *but* is a session to keep."""
    if not but:  # a new epoch would end the session to keep as well
        db[USERS].update_one({"_id": key}, {"$inc": {"epoch": 1}, "$set": {"signed_out_at": moments.now()}})
    ended = sessions.end_all(db, key, but=but)
    activity.record(db, who, "sign_out.everywhere", f"user:{key}", note=number_of(ended, "session"))
    return ended


def new_document(name: str, role: str, state: State, *, by: str) -> dict[str, Any]:
    """Give the document of a new account. Raises ``BadInput`` for a name or role that cannot be."""
    name = clean_name(name)
    if not is_role(role):
        raise BadInput(f"There is no role {role!r}.")
    return {"_id": name_key(name), "name": name, "role": role, "state": state, "epoch": 0, "source": "local",
            "created": moments.now(), "created_by": by}


def insert(db: Db, document: dict[str, Any]) -> User:
    """Store a new account; raises ``BadInput`` when its name is taken. Asks for no role: callers do."""
    try:
        db[USERS].insert_one(document)
    except DuplicateKeyError:
        raise BadInput(f"There is already an account {document['name']}.") from None
    if document["role"] == "admin" and document["state"] == "active":
        administrators.admit(db, document["_id"])
    return _user(document)


def _waiting(one_time_code: str) -> dict[str, Any]:
    until = moments.now() + timedelta(hours=CODE_HOURS)
    return {"must_change": True, "code": code_digest(one_time_code), "code_until": until}


def _set_state(db: Db, who: Who, user: User, state: State, action: str, *, note: str = "") -> None:
    db[USERS].update_one({"_id": user.key}, {"$set": {"state": state}, "$unset": {LOCKED_BY: "", "asked_from": ""}})
    if user.role == "admin" and state == "active":
        administrators.admit(db, user.key)
    before, after = {"state": user.state}, {"state": state}
    activity.record(db, who, action, f"user:{user.key}", before=before, after=after, note=note)


def _known(db: Db, key: str) -> User:
    user = db[USERS].find_one({"_id": key})
    if user is None:
        raise BadInput("There is no such account any more.")
    return _user(user)


def _user(document: dict[str, Any]) -> User:
    last, until = document.get("last_sign_in"), document.get("code_until")
    wished = document.get("wished_role")
    return User(
        key=str(document["_id"]), name=str(document["name"]), role=document["role"],
        state=document.get("state", "disabled"), local=document.get("source", "local") == "local",
        created=moments.aware(document.get("created") or moments.now()),
        last_sign_in=moments.aware(last) if last else None, must_change=bool(document.get("must_change")),
        code_until=moments.aware(until) if until else None, note=str(document.get("note", "")),
        person=stored_person(document), wished_role=wished if is_role(wished) else None,
        has_factor=bool(document.get("factor")),
    )
