"""A key for encrypted backups: taken from whoever may see backups, held for the visit, and let go."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from equipment.ui.backup.background import ANSWERS, FAILURES
from equipment.ui.backup.keys import HELD
from tests.equipment.ui.backup.place import press, said


def _script(role):  # without types: it runs as a script of its own
    from backup_engine.errors import AdminOnly
    from equipment.backups import Caller
    from equipment.ui.backup import keys

    def check(action):
        if role != "admin":
            raise AdminOnly(f"{action} needs the role admin")

    caller = Caller("ada", check)
    keys.show(caller)
    keys._form(caller, "here")


def given(role: str) -> AppTest:
    """Paste a key."""
    test = AppTest.from_function(_script, args=(role,), default_timeout=60).run()
    test.text_input[0].input("a passphrase that nobody guesses")
    return press(test, "Use this key")


def test_a_key_is_held_for_the_visit_and_forgotten_with_all_it_has_opened() -> None:
    test = given("admin")
    assert "A key for encrypted backups is held in memory for this visit." in said(test)
    test.session_state[ANSWERS] = {("list", "remote"): "what the key opened"}
    test.session_state[FAILURES] = {("verify", "x"): ValueError("x")}

    press(test, "Forget the key")

    assert HELD not in test.session_state
    assert ANSWERS not in test.session_state and FAILURES not in test.session_state
    assert "is held in memory" not in said(test)


@pytest.mark.parametrize("role", ["manager", "user"])
def test_nobody_else_hands_one_over(role: str) -> None:
    test = given(role)

    assert [error.value for error in test.error] == ["Admin only: backup.see needs the role admin"]
    assert HELD not in test.session_state
