"""What becomes of the accounts when those of a backup are taken back. Pure.

Nobody gets in who is locked out now: who is disabled or was turned down stays so, under whatever name the identity
provider vouches for them, and an account that the backup does not know is disabled instead of removed. One-time codes
are void, because one that was used since would work again; so are the recovery codes of an account that is not there.
A second factor is the one of now: a code that was used stays used, and what was taken away or renewed since does not
come back. Everybody is signed out, by the same write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import bson

from backup_engine.records import raw
from backup_engine.records.changes import Change

__all__ = ["LOCKED_BY", "Accounts", "plan"]

LOCKED_BY: Final = "disabled_by"
"""The field that says that taking back a backup has disabled an account, and nobody by hand."""
RESTORE: Final = "restore"
LOCKED_OUT: Final = ("disabled", "rejected")
PASSING: Final = ("epoch", "signed_out_at", "last_sign_in", "code", "code_until", LOCKED_BY)
"""Fields that say nothing about whether an account is another one than it was."""
NAMED: Final = 10
Doc = dict[str, Any]


@dataclass(frozen=True)
class Accounts:
    """The accounts as they would be."""

    changes: tuple[Change, ...]
    counts: Mapping[str, int]
    administrators: tuple[str, ...]
    """Keys of the accounts that can sign in and administer."""
    notes: tuple[str, ...]


def plan(saved: Iterable[bytes], live: Iterable[bytes], *, undo: bool, now: datetime) -> Accounts:
    """Say what becomes of each account, from the accounts of the backup and of the database as raw BSON.

    With ``undo`` the backup is what was there before the last time: what that has disabled is not disabled by hand.
    """
    there = {raw.id_of(document): document for document in live}
    current = {identity: _decoded(document) for identity, document in there.items()}
    wanted = {raw.id_of(document): _decoded(document) for document in saved}
    locked = {identity for identity, user in current.items()
              if user.get("state") in LOCKED_OUT and not (undo and user.get(LOCKED_BY) == RESTORE)}
    refused = {current[identity]["oidc"] for identity in locked if "oidc" in current[identity]}
    vouched = {user["oidc"] for user in wanted.values() if "oidc" in user}

    after: dict[bytes, Doc] = {}
    notes: dict[str, list[str]] = {}
    for identity, user in current.items():
        if identity not in wanted:
            after[identity] = _unknown(user, vouched, notes)
    for identity, user in wanted.items():
        after[identity] = _known(user, current.get(identity), identity in locked or user.get("oidc") in refused, notes)
    for identity, user in after.items():
        before = current.get(identity, {})
        user["epoch"] = max(before.get("epoch", 0), user.get("epoch", 0)) + 1
        user["signed_out_at"] = now
    working = [identity for identity, user in after.items() if _administers(user)]
    # names that an identity provider vouches for are free before another account takes them; then those who administer
    ordered = sorted(after, key=lambda identity: (identity in wanted, identity not in working))
    return Accounts(
        tuple(Change(there.get(identity), bson.encode(after[identity])) for identity in ordered),
        Counter(_becomes(current.get(identity), after[identity], identity in wanted) for identity in after),
        tuple(str(after[identity]["_id"]) for identity in working),
        tuple(f"{what}: {_names(names)}" for what, names in notes.items()),
    )


def _unknown(user: Doc, vouched: set[str], notes: dict[str, list[str]]) -> Doc:
    after = dict(user)
    if user.get("oidc") in vouched:
        del after["oidc"]
    if user.get("state") == "active":
        after |= {"state": "disabled", LOCKED_BY: RESTORE}
        notes.setdefault("disabled, for the backup does not know them", []).append(_name(user))
    return after


def _known(user: Doc, before: Doc | None, locked: bool, notes: dict[str, list[str]]) -> Doc:
    after = {name: value for name, value in user.items() if name not in ("code", "code_until")}
    if locked and after.get("state") not in LOCKED_OUT:
        after["state"] = before["state"] if before and before.get("state") in LOCKED_OUT else "disabled"
        notes.setdefault("locked out since, and stay so", []).append(_name(user))
    _keep_factor(after, before, notes)
    if before is None:
        return after
    if "last_sign_in" in before:
        after["last_sign_in"] = before["last_sign_in"]
    if not locked and after.get("state") == "disabled" and before.get("state") != "disabled":
        after[LOCKED_BY] = RESTORE
        notes.setdefault("disabled again, as they were then", []).append(_name(user))
    elif after.get("state") == "disabled" and LOCKED_BY in before:
        after[LOCKED_BY] = before[LOCKED_BY]  # the same backup once more
    if before.get("role") != after.get("role"):
        said = f"{_name(user)} ({before.get('role')} → {after.get('role')})"
        notes.setdefault("have another role again", []).append(said)
    if before.get("password") != after.get("password"):
        notes.setdefault("have the password of then", []).append(_name(user))
    return after


def _keep_factor(after: Doc, before: Doc | None, notes: dict[str, list[str]]) -> None:
    then = after.pop("factor", None)
    now = before.get("factor") if before is not None else then and {**then, "codes": []}
    if now:
        after["factor"] = now
    if now == then:
        return
    if before is None:
        said = "recovery codes are void; new ones are made under their name"
    else:
        said = "keep the second factor of now" if now else "have no second factor now, and that of then stays away"
    notes.setdefault(said, []).append(_name(after))


def _administers(user: Doc) -> bool:
    proves = bool(user.get("password")) or user.get("source", "local") != "local"
    return user.get("state") == "active" and user.get("role") == "admin" and proves


def _becomes(before: Doc | None, after: Doc, wanted: bool) -> str:
    if before is None:
        return "added"
    if _lasting(before) != _lasting(after):
        return "changed"
    return "unchanged" if wanted else "kept"


def _lasting(user: Doc) -> Doc:
    return {name: value for name, value in user.items() if name not in PASSING}


def _decoded(document: bytes) -> Doc:
    return bson.decode(document, codec_options=raw.PYTHON.with_options(tz_aware=False))


def _name(user: Doc) -> str:
    return str(user.get("name", user["_id"]))


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(sorted(names)[:NAMED]) + more
