"""Texts of the screens speak to people: no names of rights or collections, no *record(s)*, one word per thing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import equipment
from equipment.domain import actions, history
from equipment.domain.roles import PERMISSIONS
from equipment.store.deeds import names
from tests.equipment.ui.markdown_calls import TEXTS

ROOT: Final = Path(equipment.__file__).parent
SCREENS: Final = ROOT / "ui"
INTERNAL: Final = re.compile("|".join((
    *(rf"(?<![\w./-]){re.escape(right)}(?![\w])" for right in PERMISSIONS),
    r"\b[Ll]evel [0-9{]", r"select_options", r"[Pp]urg(e|ing)", r"[Rr]emoved? for good", r"\w\(s\)",
    r"\bNone\b(?![.:]| of| yet)",
    r"\bObjectId\b", r"\bmoments ago\b", r"\b[0-9a-f]{24}\b",
)))
"""*None.* as a sentence, *None: …*, *None of* and *None yet* are English."""
SIZES: Final = re.compile(r"\d(e6|e9)\b|\b1024\b|\b1_000_000\b|>> (10|20|30)")


def texts(path: Path) -> Iterator[str]:
    """Give the texts of a module that people may read: given to an element of the page, or with a blank in them."""
    tree = ast.parse(path.read_text("utf-8"))
    quiet = {id(node.body[0].value) for node in ast.walk(tree)
             if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.body
             and isinstance(node.body[0], ast.Expr)}
    quiet |= {id(after.value) for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef))
              for after in node.body if isinstance(after, ast.Expr)}  # what stands below a constant
    shown: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TEXTS:
            named = (*TEXTS[node.func.attr], "help")
            given = [*node.args, *(word.value for word in node.keywords if word.arg in named)]
            shown.update(id(part) for value in given for part in ast.walk(value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quiet and (
                " " in node.value.strip() or id(node) in shown):
            yield node.value


def recorded() -> Iterator[str]:
    """Give the actions that the program writes into the activity log, as far as the source names them."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in (
                    "record", "record_many") and len(node.args) > 2 and isinstance(node.args[2], ast.Constant):
                yield str(node.args[2].value)


def test_no_screen_speaks_of_what_is_inside_the_program() -> None:
    read = {path: list(texts(path)) for path in SCREENS.rglob("*.py")}
    assert sum(map(len, read.values())) > 1_000, "the texts are found"

    found = [f"{path.relative_to(SCREENS).as_posix()}: {text}" for path, given in read.items() for text in given
             if INTERNAL.search(text)]

    assert found == []


@pytest.mark.parametrize("text", ["backup.see needs the role", "at level 2", "select_options", "Purge", "is None",
                                  "None 3", "3 record(s)", "665f1f77bcf86cd799439011", "Removed for good"])
def test_what_is_looked_for_is_found(text: str) -> None:
    assert INTERNAL.search(text)


def test_every_deed_of_the_log_has_words_without_them() -> None:
    done = set(recorded())
    assert {"records.purge", "records.export", "backup.download", "sign_in"} <= done, "they are found"
    assert done - set(actions.WORDS) == set()
    for words in (*actions.WORDS.values(), *history.WORDS.values(), *names.WORDS.values(), *names.KINDS.values()):
        assert not INTERNAL.search(words), words


def test_an_entry_of_any_version_is_deleted_for_good_everywhere() -> None:
    """What is stored is the action; the words for it are one place each, and the button says the same."""
    assert actions.in_words("records.purge") == history.WORDS["records.purge"] == "Deleted for good"
    assert '"Delete for good"' in (SCREENS / "records/changing/trash.py").read_text("utf-8")


def test_sizes_are_said_by_one_function() -> None:
    found = [f"{path.relative_to(SCREENS).as_posix()}:{number}"
             for path in SCREENS.rglob("*.py")
             for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
             if SIZES.search(line) and "size_of" not in line and "max(1_000_000" not in line]

    assert found == []
