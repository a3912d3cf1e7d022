"""The screens whose deeds ask who is there: what is filled in there is there again after a trip to the provider."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine.api import TIERS
from equipment import retention
from equipment.accounts import trips
from equipment.backups import NOBODY, Backups
from equipment.domain.person import Person
from equipment.store import moments
from equipment.store.access import PROVED_FOR, SESSIONS, SYSTEM, USERS, Who
from equipment.store.accounts import users
from equipment.store.list import records, trash
from equipment.ui.entrance import provider, trip
from tests.equipment.store.people import signed_in
from tests.equipment.ui.backup.conftest import options, place

Db = Database[dict[str, Any]]
AGAIN = "Sign in with your organisation again"
UI = Path(trip.__file__).parents[1]
__all__ = ["options", "place"]  # the installation of the tests beside this


def _script(database, who, screen):  # without types: it runs as a script of its own
    import importlib

    import streamlit as st

    from equipment.backups import _built
    from equipment.settings import Settings
    from equipment.store import access
    from equipment.ui.backup import gate
    from equipment.ui.context import App
    from equipment.ui.entrance import again

    app = App(Settings(), database, who, access.identify(database, who))
    again.come_back(app)
    again.show(app)
    module = importlib.import_module(f"equipment.ui.{screen}")
    if screen.startswith("backup."):
        module.show(next(iter(_built.values())), gate.caller_of(app))
    elif screen == "people.details":
        if st.button("Open"):
            st.session_state.opened = True
        if "opened" in st.session_state and "_equipment_confirm_due" not in st.session_state:
            module.change_own(app)
    else:
        module.show(app)


@pytest.fixture
def ada(database: Db, monkeypatch: pytest.MonkeyPatch) -> Who:
    """An administrator of the provider, who signed in a while ago."""
    monkeypatch.setattr(provider, "claims", dict)
    monkeypatch.setattr(provider, "_begin", lambda settings: None)
    monkeypatch.setattr(trips, "_trips", {})
    who = signed_in(database, "admin", "ada")
    database[USERS].update_one({"_id": "ada"}, {"$set": {"source": "oidc", "oidc": "x"}})
    late = moments.now() - PROVED_FOR - timedelta(seconds=1)
    database[SESSIONS].update_many({}, {"$set": {"proved": late}})
    return who


def page(database: Db, who: Who, screen: str, **state: Any) -> AppTest:
    test = AppTest.from_function(_script, args=(database, who, screen), default_timeout=60)
    for name, value in state.items():
        test.session_state[name] = value
    return test.run()


def press(test: AppTest, label: str) -> AppTest:
    found = [button for button in test.button if button.label == label]
    assert found, [button.label for button in test.button]
    return found[0].click().run()


def travel(test: AppTest, label: str, screen: str, database: Db, who: Who) -> AppTest:
    """Press that button, leave for the provider, and come back to a new page."""
    press(press(test, label), AGAIN)
    back = page(database, who, screen)
    assert AGAIN in [button.label for button in back.button]  # it proved nothing
    return back


def test_how_backups_are_stored(place: Backups, database: Db, ada: Who) -> None:
    test = page(database, ada, "backup.storing")
    test.selectbox[0].set_value("zstd")
    test.text_area[0].input("age1 of somebody")

    test = travel(test, "Store backups like this", "backup.storing", database, ada)

    assert (test.selectbox[0].value, test.text_area[0].value) == ("zstd", "age1 of somebody")


def test_that_fewer_are_kept(place: Backups, database: Db, ada: Who) -> None:
    retention.change(place, NOBODY, {tier.name: 30 for tier in TIERS})
    test = page(database, ada, "backup.retention")
    for field, number in zip(test.number_input, (24, 0, 8, 12, 3), strict=True):
        field.set_value(number)

    test = travel(test, "Keep backups like this", "backup.retention", database, ada)

    assert [field.value for field in test.number_input] == [24, 0, 8, 12, 3]


def test_a_new_remote(place: Backups, database: Db, ada: Who) -> None:
    test = page(database, ada, "backup.remotes")
    test.text_input(key="add_remote_name").input("cloud")
    test.text_input(key="add_remote_url").input("s3://bucket/lab?login=environment")

    test = travel(test, "Add and try out", "backup.remotes", database, ada)

    assert [field.value for field in test.text_input] == ["cloud", "s3://bucket/lab?login=environment"]


def test_what_is_ticked_in_the_trash_wherever_it_stands_by_now(database: Db, ada: Who) -> None:
    database.Equipment.insert_many([{"_id": f"r{n}", "ID": n} for n in range(4)])
    trash.move(database, ada, records.entries(database, ["r0", "r1", "r2"]))
    ticked = [each.number for each in trash.entries(database) if each.entry.record["ID"] != 1]
    test = page(database, ada, "records.changing.trash", trash_ticked=tuple(ticked))
    press(press(test, "Delete for good"), AGAIN)
    trash.move(database, ada, records.entries(database, ["r3"]))

    back = page(database, ada, "records.changing.trash")

    assert back.session_state["trash_ticked"] == tuple(ticked)
    assert "Bring back 2" in [button.label for button in back.button]
    assert not next(button for button in back.button if button.label == "Delete for good").disabled


def test_the_account_that_is_chosen_and_its_new_role(database: Db, ada: Who) -> None:
    users.create(database, SYSTEM, "Bob", "user", password_hash="x")
    test = page(database, ada, "users", users_chosen=("bob",))
    test.selectbox(key="role_bob_user").set_value("manager").run()
    press(press(test, "Change role"), AGAIN)
    users.insert(database, users.new_document("Aaron", "user", "pending", by="sign-up"))

    back = page(database, ada, "users")

    assert back.selectbox(key="role_bob_user").value == "manager"
    assert "**Bob**, signed in 0 times" in [each.value for each in back.markdown]


def test_another_email_of_ones_own(database: Db, ada: Who) -> None:
    test = press(page(database, ada, "people.details"), "Open")
    next(field for field in test.text_input if field.label == "E-mail").input("ada@example.org")
    press(press(test, "Save"), AGAIN)

    back = page(database, ada, "people.details")

    assert back.session_state["_equipment_person_typed"] == ("ada", Person(email="ada@example.org"))


FIELDS = ("text_input", "text_area", "number_input", "checkbox", "selectbox", "radio", "date_input", "time_input")
KEEP_NOTHING = {
    "fetch_label",  # what is fetched from a remote asks for no proof
}


@pytest.mark.parametrize("screen", [
    "backup/remotes.py", "backup/retention.py", "backup/storing.py", "backup/restore/confirm.py",
    "backup/restore/moment.py", "backup/restore/screen.py", "backup/restore/choose.py", "users.py"])
def test_every_field_of_these_screens_is_kept(screen: str) -> None:
    calls = [node for node in ast.walk(ast.parse((UI / screen).read_text("utf-8"))) if isinstance(node, ast.Call)
             and isinstance(node.func, ast.Attribute) and node.func.attr in FIELDS]
    keys = [ast.unparse(word.value) for call in calls for word in call.keywords if word.arg == "key"]
    named = {match[1] for key in keys if (match := re.match(r"f?['\"]([a-z_]+)", key))}

    assert named and not {name for name in named if not name.startswith(trip.KEPT)} - KEEP_NOTHING
