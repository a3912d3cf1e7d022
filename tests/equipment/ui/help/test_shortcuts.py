"""Every key that a button of ours has is told."""

from __future__ import annotations

import ast
from pathlib import Path

from streamlit.testing.v1 import AppTest

import equipment.ui
from equipment.ui.help import shortcuts


def _keys() -> set[str]:
    """Every text that stands as a ``shortcut`` anywhere in the screens."""
    found: set[str] = set()
    for path in Path(equipment.ui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "shortcut":
                found |= {part.value for part in ast.walk(node.value)
                          if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return found


def _script() -> None:
    from equipment.ui.help import shortcuts

    shortcuts.show()


def test_the_keys_of_our_buttons_are_those_that_are_told() -> None:
    assert _keys() == set(shortcuts.OURS)
    assert set(shortcuts.OURS) <= set(shortcuts.KEYS)


def test_each_key_has_a_row() -> None:
    (table,) = AppTest.from_function(_script).run().markdown

    assert len(table.value.splitlines()) == len(shortcuts.KEYS) + 2
