"""What a visitor was told before: kept, and thrown away by the kind of question."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from equipment.ui.backup.background import ANSWERS, FAILURES


def _script():  # without types: it runs as a script of its own
    from equipment.ui.backup import background

    background.forget("verify")


def test_what_is_forgotten_is_of_one_kind_answers_and_failures() -> None:
    test = AppTest.from_function(_script)
    test.session_state[ANSWERS] = {("verify", "a"): 1, ("list", "a"): 2}
    test.session_state[FAILURES] = {("verify", "b"): 3, ("compare", "b"): 4}

    test.run()

    assert test.session_state[ANSWERS] == {("list", "a"): 2}
    assert test.session_state[FAILURES] == {("compare", "b"): 4}
