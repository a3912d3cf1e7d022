"""How backups are stored, as an administrator chooses it."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from backup_engine.csv_format import age
from equipment.backups import Backups
from equipment.store import activity
from tests.equipment.ui.backup.place import opened, press, said

Db = Database[dict[str, Any]]
IDENTITY = age.new_identity()
PUBLIC = age.public_half(IDENTITY)


def test_keys_are_stored_with_their_proof_and_a_line_in_activity(place: Backups, database: Db) -> None:
    test = opened("storing")
    (keys,) = test.text_area
    keys.input(PUBLIC)

    test = press(test, "Store backups like this")

    text = said(test)
    assert PUBLIC in text and "not proven: no drill with its identity has passed" in text
    assert "One key only: if it is lost, so is every backup" in text
    (entry,) = activity.find(database, activity.Filter(actions=("backup.sealing",)))
    assert entry["note"] == f"compression none; encrypted for {PUBLIC}"
    [change] = opened("storing").dataframe[0].value.to_dict("records")
    assert (change["What"], change["By"]) == (entry["note"], "ada")


def test_a_secret_key_is_refused_and_shown_to_nobody(place: Backups) -> None:
    test = opened("storing")
    test.text_area[0].input(IDENTITY)

    text = said(press(test, "Store backups like this"))

    assert "That is a secret key" in text and IDENTITY not in text


def test_nobody_else_may(place: Backups, database: Db) -> None:
    test = opened("storing", name="ben")
    test.text_area[0].input(PUBLIC)
    test.session_state["role"] = "manager"

    assert "Admin only" in said(press(test, "Store backups like this"))
    assert PUBLIC not in said(opened("storing"))
