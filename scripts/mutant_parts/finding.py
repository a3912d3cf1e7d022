"""What can be broken: every screen made to return at once, every guard weakened or flipped, one at a time.

* *screen*: a public function under ``equipment/ui`` that draws (it gives nothing back) returns before its first line.
* *guard*: the right that an action asks for becomes the weakest one, which everybody has who may read the list; a right
  that everybody has already becomes one that does not exist.
* *shown*: a condition of a screen on somebody's rights is turned round.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from equipment.domain.roles import PERMISSIONS, ROLES

__all__ = ["Mutant", "all_of"]

WEAKEST: Final = "records.read"
NOBODYS: Final = "nobody.may"
ASK: Final = frozenset({"require", "check", "_allowed"})
"""Calls that refuse when the right is lacking."""
_RIGHT: Final = re.compile(r"[a-z]+\.[a-z_.]+")


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    kind: Literal["screen", "guard", "shown"]
    path: str
    """The file, relative to the root."""
    line: int
    what: str
    """The function that draws, or the right, with the function that asks for it."""
    source: str = field(repr=False)
    """The whole file with the change in it."""

    @property
    def name(self) -> str:
        """Say which it is, as long as the file's functions keep their names."""
        return f"{self.kind} {self.path} {self.what}"


def all_of(root: Path) -> list[Mutant]:
    """Find them in all files of the application, in the order of their paths."""
    found = list[Mutant]()
    for path in sorted((root / "equipment").rglob("*.py")):
        relative, source = path.relative_to(root).as_posix(), path.read_text("utf-8")
        tree = ast.parse(source)
        if relative.startswith("equipment/ui/"):
            found.extend(_screens(relative, source, tree))
        found.extend(_guards(relative, source, tree))
    return list({mutant.source: mutant for mutant in found}.values())  # a function within one is walked twice


def _screens(path: str, source: str, tree: ast.Module) -> Iterator[Mutant]:
    for node in tree.body:
        draws = isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and _gives_nothing(node)
        if draws and isinstance(node, ast.FunctionDef) and (body := _after_docstring(node)):
            lines = source.splitlines(keepends=True)
            lines.insert(body[0].lineno - 1, " " * body[0].col_offset + "return\n")
            yield Mutant("screen", path, node.lineno, node.name, "".join(lines))


def _gives_nothing(node: ast.FunctionDef) -> bool:
    return isinstance(node.returns, ast.Constant) and node.returns.value is None


def _after_docstring(node: ast.FunctionDef) -> list[ast.stmt]:
    return node.body[1:] if ast.get_docstring(node) is not None else node.body


def _guards(path: str, source: str, tree: ast.Module) -> Iterator[Mutant]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in ast.walk(function):
            if not isinstance(call, ast.Call):
                continue
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            right = next((each for each in call.args if isinstance(each, ast.Constant)
                          and isinstance(each.value, str) and _RIGHT.fullmatch(each.value)), None)
            if right is None:
                continue
            where = f"{right.value} in {function.name}"
            if called in ASK:
                weak = NOBODYS if PERMISSIONS.get(right.value) == ROLES[0] else WEAKEST
                yield Mutant("guard", path, call.lineno, where, _replaced(source, right, f'"{weak}"'))
            elif called == "may":
                whole = ast.get_source_segment(source, call) or ""
                yield Mutant("shown", path, call.lineno, where, _replaced(source, call, f"(not {whole})"))


def _replaced(source: str, node: ast.expr, text: str) -> str:
    lines = source.encode().splitlines(keepends=True)  # columns of the tree are counted in bytes
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before = b"".join(lines[:first]) + lines[first][: node.col_offset]
    after = lines[last][node.end_col_offset :] + b"".join(lines[last + 1 :])
    return (before + text.encode() + after).decode()
