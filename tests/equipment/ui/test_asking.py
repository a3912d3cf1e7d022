"""Every dialog and every question has *Cancel*, which does nothing, and nothing is done by a second click."""

from __future__ import annotations

import ast
from pathlib import Path

from streamlit.testing.v1 import AppTest

import equipment.ui

SCREENS = Path(equipment.ui.__file__).parent
OTHER_WAYS_OUT = {"records/changing/review.py": "Back to editing", "records/changing/trash.py": "Cancel",
                  "records/calibrated.py": "Cancel", "backup/create/deleting.py": "Cancel",
                  "records/status.py": "Cancel",
                  "records/loans/check_out.py": "outcome.buttons", "records/loans/check_in.py": "outcome.buttons",
                  "records/events/done_today.py": "outcome.buttons", "records/events/on_record.py": "outcome.buttons",
                  "records/events/plan_form.py": "outcome.buttons",
                  "records/files/attaching.py": "outcome.buttons"}
"""Dialogs whose button stands in a line with the others, and what it is called."""
NO_QUESTIONS = {"asking.py", "records/calibration.py", "records/list/toolbar.py", "records/list/filters.py",
                "records/list/views.py",
                "backup/create/actions.py", "backup/restore/moment.py"}
"""Where a popover holds choices, a comment or more of a day, and nothing that takes something away at once.

Saved views ask in the place of their own line, as a popover holds no other one.
"""


def dialogs() -> dict[str, list[set[str]]]:
    """Give the dialogs of each module: for each the calls and texts of it and of what it calls in its module."""
    found: dict[str, list[set[str]]] = {}
    for path in SCREENS.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        for function in functions.values():
            if any("st.dialog" in ast.unparse(decorator) for decorator in function.decorator_list):
                found.setdefault(path.relative_to(SCREENS).as_posix(), []).append(said(function, functions, set()))
    return found


def said(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef], seen: set[str]) -> set[str]:
    seen.add(function.name)
    words: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Constant):
            words.add(str(node.value))
        elif isinstance(node, ast.Attribute):
            words.add(ast.unparse(node))
        elif isinstance(node, ast.Name) and node.id in functions and node.id not in seen:
            words |= said(functions[node.id], functions, seen)
    return words


def test_every_dialog_can_be_left_by_a_button() -> None:
    found = dialogs()
    assert sum(map(len, found.values())) >= 18, "they are found"

    without = [place for place, given in found.items() for words in given
               if "asking.cancel" not in words and OTHER_WAYS_OUT.get(place) not in words]

    assert without == []


def test_every_popover_that_asks_is_one_with_cancel() -> None:
    found = {path.relative_to(SCREENS).as_posix() for path in SCREENS.rglob("*.py")
             if "st.popover(" in path.read_text("utf-8")}

    assert found == NO_QUESTIONS


def _question():  # type: ignore[no-untyped-def]  # it runs as a script of its own
    import streamlit as st

    from equipment.ui import asking

    if asking.button("Remove", "It goes.", "Remove it", "thing"):
        st.session_state.done = st.session_state.get("done", 0) + 1


def test_a_question_is_closed_by_either_button() -> None:
    test = AppTest.from_function(_question).run()
    for pressed, done in (("thing_cancel", False), ("thing", True)):
        test.session_state["thing_asks"] = True
        test.run()

        test.button(key=pressed).click().run()

        assert test.session_state["thing_asks"] is False
        assert ("done" in test.session_state) is done
    assert test.run().session_state["done"] == 1
