"""What is told of the command line is what it does: commands, flags, exit codes and their first words."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import backup_engine
import equipment
from backup_engine import errors
from backup_engine.cli import main, signals
from backup_engine.errors import BackupError, Cancelled
from equipment import __main__ as console
from equipment.unattended import commands as unattended
from tests.doc_blocks import PROGRAM
from tests.doc_pages import PAGES, code, difference, page, prose, rows

OPERATIONS = page("docs/operations.md")
MODULES = [
    importlib.import_module(module.name) for package in (backup_engine, equipment)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
COMMAND_LINE = [module for module in MODULES if module.__name__.startswith("backup_engine.cli.")] + [
    console, unattended]


def unknown_words(text: str) -> list[str]:
    """Commands and flags in a page's code that the program does not have."""
    fences = re.findall(r"^```.*?^```", text, re.S | re.M)
    said = [*code(prose(text)), *(line for fence in fences for line in fence.splitlines())]
    return sorted(problem for words in map(str.split, said) for problem in _unknown(words))


def _unknown(words: list[str]) -> Iterator[str]:
    """Look at the words after the program's name; without it, at words of which the first is a command."""
    for program, group in (("backup_csv_for_db_restore", PROGRAM), ("equipment", console.main)):
        names = [n for n, word in enumerate(words) if re.sub(r".*/|\.py$", "", word) == program]
        if names and (n := names[-1]) > 0 and re.search(r"python[\d.]*$|^-m$", words[n - 1]):
            yield from _unknown_to(group, words[n + 1:])
            return
    if words and words[0] in PROGRAM.commands and len(words) > 1:
        yield from _unknown_to(PROGRAM, words)


def _unknown_to(group: click.Group, words: list[str]) -> Iterator[str]:
    known, here = {"--help", "-h"}, group
    for word in words:
        known |= {name for option in here.params for name in option.opts}
        command = here.commands.get(word) if isinstance(here, click.Group) else None
        if command is not None:
            known |= {name for option in command.params for name in option.opts}
            here = command  # type: ignore[assignment]
        elif isinstance(here, click.Group) and re.fullmatch(r"[a-z][a-z-]+", word):
            yield f"command {word}"
            return
        elif word.strip("[]").startswith("-") and word.strip("[]") not in known:
            yield f"flag {word.strip('[]')}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_and_flag_it_names_exists(path: Path) -> None:
    assert unknown_words(path.read_text("utf-8")) == []


@pytest.mark.parametrize(("text", "problems"), [
    ("use `backup --forced`", ["flag --forced"]),
    ("use `restore ID --mode replace --quick`", ["flag --quick"]),
    ("run `.venv/bin/python backup_csv_for_db_restore.py rescue ID`", ["command rescue"]),
    ("run `python -m equipment user invite NAME`", ["command invite"]),
    ("```\n* * * * *  cd F && .venv/bin/python backup_csv_for_db_restore.py --loud backup\n```", ["flag --loud"]),
    ("use `backup --force`, `--json list`, `python -m equipment user add NAME --role admin` or `pip --anything`", []),
])
def test_an_invented_command_or_flag_is_noticed(text: str, problems: list[str]) -> None:
    assert unknown_words(text) == problems


# Exit codes.

def error_classes(root: type[BackupError] = BackupError) -> Iterator[type[BackupError]]:
    """The tree of errors, in all modules of both packages."""
    yield root
    for child in root.__subclasses__():
        yield from error_classes(child)


def exit_code_table(text: str) -> set[tuple[int, str]]:
    """Codes with their first words as the table has them; a row may name several of both."""
    return {(int(number), words.removesuffix("…").strip()) for codes, first_words, _ in rows(text, "code")
            for number in codes.split(",") for words in first_words.split("·")}


def openings() -> set[tuple[int, str]]:
    """Codes with their first words as the errors have them. A signal's code says the same as Ctrl-C's."""
    stopped = {(128 + number, Cancelled.opening) for number in signals.CAUGHT}
    return stopped | {(error.exit_code, error.opening) for error in error_classes() if error.__module__.startswith(
        ("backup_engine.", "equipment."))}


def codes_given(source: str, names: dict[str, Any], *, returned: bool = False) -> set[int]:
    """Exit codes that a module writes as a number or a ``name`` of its own, rather than taking them from an error.

    ``returned``: its functions that return an integer return an exit code.
    """
    given: set[int] = set()
    for expression in _code_expressions(ast.parse(source), returned):
        try:
            value = eval(compile(ast.Expression(expression), "code", "eval"), dict(names))
        except (NameError, AttributeError):
            continue  # of a local variable: an error's or an answer's own code
        given |= {int(value)} if isinstance(value, int) else set()
    return given


def _code_expressions(tree: ast.AST, returned: bool) -> Iterator[ast.expr]:
    """What is named ``code``, or given to an ``Answer``, to ``_failed``, to ``exit`` or to ``SystemExit``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and "code" in map(ast.unparse, node.targets):
            yield from _branches(node.value)
        elif returned and isinstance(node, ast.FunctionDef) and node.returns and ast.unparse(node.returns) == "int":
            yield from (part for each in ast.walk(node) if isinstance(each, ast.Return) and each.value
                        for part in _branches(each.value))
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            place = {"Answer": 3, "_failed": 2, "exit": 0, "SystemExit": 0}.get(name, len(node.args))
            named = [word.value for word in node.keywords if word.arg == "code"]
            yield from (part for each in (*node.args[place:place + 1], *named) for part in _branches(each))


def _branches(expression: ast.expr) -> Iterator[ast.expr]:
    if isinstance(expression, ast.IfExp):
        yield from (*_branches(expression.body), *_branches(expression.orelse))
    else:
        yield expression


def test_the_table_of_exit_codes_is_the_tree_of_errors() -> None:
    table, real = exit_code_table(OPERATIONS), openings()
    of_errors = {number for number, _ in real}

    assert difference(real, {row for row in table if row[0] in of_errors}) == []


def test_the_table_of_exit_codes_has_every_code_the_command_line_gives() -> None:
    given = {code for module in COMMAND_LINE
             for code in codes_given(inspect.getsource(module), vars(module), returned=module in (main, signals))}

    assert {0, 3, 128 + signal.SIGPIPE} <= given
    assert difference(given | {number for number, _ in openings()},
                      {number for number, _ in exit_code_table(OPERATIONS)}) == []


def test_first_words_that_are_no_errors_are_said_by_the_engine() -> None:
    texts = [node.value for module in MODULES for node in ast.walk(ast.parse(inspect.getsource(module)))
             if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    of_errors = {number for number, _ in openings()}
    said = {words for number, words in exit_code_table(OPERATIONS) if number not in of_errors}

    assert "Backup created successfully" in said
    assert [words for words in said if not any(text.startswith(words) for text in texts)] == []


def test_an_undocumented_and_an_invented_exit_code_are_noticed() -> None:
    table = exit_code_table(OPERATIONS)
    source = "def main(done):\n    code = ODD if done else 0\n    sys.exit(45 if done else done.code)"

    assert difference({(22, "No luck"), *table}, table) == ["not documented: (22, 'No luck')"]
    assert difference(table, exit_code_table(OPERATIONS.replace("| 13 |", "| 13, 99 |"))) == [
        "documented, but not there: (99, 'Backup verification failed')"]
    assert codes_given(source, {"ODD": 44}) == {0, 44, 45}


def test_the_tree_drawn_in_errors_is_the_tree() -> None:
    drawn = re.findall(r"^[ │]*(?:[├└]── )?([A-Z]\w+) +(\d+)", errors.__doc__ or "", re.M)
    real = {(error.__name__, str(error.exit_code)) for error in error_classes() if error.__module__ == errors.__name__}

    assert difference(real, drawn) == []
    assert difference({name for name, _ in real}, errors.__all__) == []
