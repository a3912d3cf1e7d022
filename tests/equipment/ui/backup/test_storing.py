"""How backups are stored, as an administrator chooses it."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.csv_format import age
from backup_engine.csv_format.seal import UNSEALED
from backup_engine.reseal import Resealed
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


def _after_a_job() -> None:
    from types import SimpleNamespace
    from typing import Any, cast

    import streamlit as st

    from equipment.ui.backup import storing

    storing.resealed(cast(Any, SimpleNamespace(result=st.session_state.result)))


def _outcome(result: object) -> AppTest:
    test = AppTest.from_function(_after_a_job)
    test.session_state["result"] = result
    return test.run()


def test_what_storing_anew_did_is_told_and_what_it_left(place: Backups) -> None:
    backup = place.engine.create(force=True).set
    assert backup is not None

    whole = _outcome(Resealed((backup,), (), (), UNSEALED))
    assert len(whole.success) == 1 and not whole.warning

    part = _outcome(Resealed((), (), ((backup, "it is pinned"),), UNSEALED))
    assert len(part.warning) == 1 and not part.success
    assert part.caption[0].value.endswith("it is pinned")

    assert said(_outcome("a drill")) == ""
