"""A deletion that the trash holds is said first, and its button brings exactly that back."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from equipment.backups import Backups
from tests.equipment.restores.test_thrown import throw
from tests.equipment.store.people import signed_in
from tests.equipment.ui.backup.place import opened, press, said

Db = Database[dict[str, Any]]


def test_it_comes_back_without_a_restore(place: Backups, database: Db) -> None:
    place.engine.create(force=True)
    who = signed_in(database, "admin")
    throw(database, who, 2)
    test = opened("restore.screen", own_app=True, who=who)
    assert "2 records went to the trash just now, moved by some admin." in said(test)

    press(test, "Bring these 2 back from the trash")

    assert database["Equipment"].count_documents({}) == 3 and database["Equipment_trash"].count_documents({}) == 0
    assert "went to the trash" not in said(test.run())
    assert [toast.value for toast in test.toast] == [] or "2 records brought back" in test.toast[0].value
    assert len(place.engine.workspace.catalog.sets()) == 1, "no safety copy: nothing was restored"


def test_without_one_nothing_is_said(place: Backups) -> None:
    place.engine.create(force=True)

    assert "went to the trash" not in said(opened("restore.screen", own_app=True))
