"""Every field for a password hides what is typed, and says to password managers which one it is."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database
from streamlit.proto.TextInput_pb2 import TextInput
from streamlit.testing.v1 import AppTest

from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def _sign_in(database, who):  # without types: it runs as a script of its own
    from equipment.settings import Settings
    from equipment.ui.entrance import login

    login.show(database, Settings())


def _change(database, who):  # without types: it runs as a script of its own
    from equipment.ui.entrance import password

    password.form(database, who, ask_current=True)


@pytest.mark.parametrize(("script", "expected"), [
    (_sign_in, {"Password": "current-password"}),
    (_change, {"Current password": "current-password", "New password": "new-password",
               "New password again": "new-password"})])
def test_what_is_typed_is_hidden_and_known_to_password_managers(
    database: Db, script: Any, expected: dict[str, str]
) -> None:
    users.create(database, SYSTEM, "Bob", "user", password_hash="x")
    test = AppTest.from_function(script, args=(database, signed_in(database)), default_timeout=60).run()

    fields = {field.label: field.proto for field in test.text_input if "assword" in field.label}
    assert {label: field.autocomplete for label, field in fields.items()} == expected
    assert {field.type for field in fields.values()} == {TextInput.Type.PASSWORD}
