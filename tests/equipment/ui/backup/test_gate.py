"""The door of the backup screens: a proof of who is there for our own accounts, a host's word for its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly, FreshSignInNeeded
from equipment import offsite, sealing
from equipment.backups import Backups
from equipment.caller import Caller
from equipment.domain.roles import NEEDS_PROOF, PERMISSIONS
from equipment.settings import Settings
from equipment.store import moments
from equipment.store.access import SESSIONS, identify
from equipment.ui.backup.gate import caller_of
from equipment.ui.context import App
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
UNTOUCHED: Any = Backups.__new__(Backups)
"""Backups without a folder or a database: whoever gets past the door falls over."""

VERBS: dict[str, Callable[[Caller], object]] = {
    "replace": lambda caller: UNTOUCHED.replace(caller, None, ("equipment",)),
    "undo": lambda caller: UNTOUCHED.undo(caller, None, ()),
    "delete": lambda caller: UNTOUCHED.delete(caller, None),
    "sealing": lambda caller: sealing.change(UNTOUCHED, caller, "zstd", ""),
    "reseal": lambda caller: sealing.reseal(UNTOUCHED, caller),
    "add": lambda caller: offsite.add(UNTOUCHED, caller, "nas", "file:///nowhere"),
    "confirm_key": lambda caller: offsite.confirm_key(UNTOUCHED, caller, "nas", "SHA256:x"),
    "take_over": lambda caller: offsite.take_over(UNTOUCHED, caller, "nas"),
    "remove": lambda caller: offsite.remove(UNTOUCHED, caller, "nas"),
}


def own_caller(database: Db, *, hours_ago: int) -> Caller:
    """Give an administrator of ours whose last proof is so long ago."""
    who = signed_in(database)
    proved = moments.now() - timedelta(hours=hours_ago)
    database[SESSIONS].update_one({"_id": who.session}, {"$set": {"proved": proved}})
    account = identify(database, who)
    assert account is not None
    return caller_of(App(Settings(), database, who, account))


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_page_left_open_is_refused_before_anything_is_touched(database: Db, verb: Callable[[Caller], object]) -> None:
    with pytest.raises(FreshSignInNeeded):
        verb(own_caller(database, hours_ago=1))


def test_who_has_just_signed_in_is_let_through(database: Db) -> None:
    caller = own_caller(database, hours_ago=0)

    assert [caller.check(action) is not None for action in sorted(NEEDS_PROOF)] == [True] * len(NEEDS_PROOF)


class Host:
    """Another app, with people of its own."""

    def __init__(self, role: str) -> None:
        self.role = role

    def current_user(self) -> tuple[str, str]:
        """Give name and role."""
        return "Grace", self.role


@pytest.mark.parametrize("action", sorted(action for action in NEEDS_PROOF if PERMISSIONS[action] == "admin"))
def test_another_app_decides_by_its_own_user(action: str) -> None:
    assert caller_of(Host("admin")).check(action) == "Grace"
    with pytest.raises(AdminOnly):
        caller_of(Host("manager")).check(action)
