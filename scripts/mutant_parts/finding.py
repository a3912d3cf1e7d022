"""What can be broken: every screen made to return at once, every guard weakened or flipped, one at a time.

* *screen*: a public function under ``equipment/ui`` that draws (it gives nothing back) returns before its first line.
* *guard*: the right that an action asks for becomes the weakest one, which everybody has who may read the list; a right
  that everybody has already becomes one that does not exist.
* *shown*: a condition of a screen on somebody's rights is turned round.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, NamedTuple

from equipment.domain.roles import PERMISSIONS, ROLES

__all__ = ["Mutant", "Place", "all_of"]

WEAKEST: Final = "records.read"
NOBODYS: Final = "nobody.may"
ASK: Final = frozenset({"require", "check", "_allowed"})
"""Calls that refuse when the right is lacking."""
_RIGHT: Final = re.compile(r"[a-z]+\.[a-z_.]+")


class Place(NamedTuple):
    """From where to where in a file, in bytes."""

    start: int
    end: int


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    kind: Literal["screen", "guard", "shown"]
    path: str
    """The file, relative to the root."""
    line: int
    what: str
    """The function that draws, or the right, with the function that asks for it."""
    place: Place
    """What is changed: the right, the condition, or where the function's first line begins."""
    weak: str = ""
    """For a guard: the right that is asked for instead."""

    @property
    def name(self) -> str:
        """Say which it is, as long as the file's functions keep their names."""
        return f"{self.kind} {self.path} {self.what}"


def all_of(root: Path) -> list[Mutant]:
    """Find them in all files of the application, in the order of their paths."""
    found = list[Mutant]()
    for path in sorted((root / "equipment").rglob("*.py")):
        relative, source = path.relative_to(root).as_posix(), path.read_bytes()
        tree = ast.parse(source)
        if relative.startswith("equipment/ui/"):
            found.extend(_screens(relative, source, tree))
        found.extend(_guards(relative, source, tree))
    once = {(mutant.path, mutant.place): mutant for mutant in found}  # a function within one is walked twice
    return list(_told_apart(once.values()))


def _told_apart(mutants: Iterable[Mutant]) -> Iterator[Mutant]:
    seen = Counter[str]()
    for mutant in mutants:
        seen[mutant.name] += 1
        again = f" ({seen[mutant.name]})" if seen[mutant.name] > 1 else ""
        yield replace(mutant, what=mutant.what + again)


def _screens(path: str, source: bytes, tree: ast.Module) -> Iterator[Mutant]:
    for node in tree.body:
        draws = isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and _gives_nothing(node)
        if draws and isinstance(node, ast.FunctionDef) and (body := _after_docstring(node)):
            at = _place(source, body[0]).start
            yield Mutant("screen", path, node.lineno, node.name, Place(at, at))


def _gives_nothing(node: ast.FunctionDef) -> bool:
    return isinstance(node.returns, ast.Constant) and node.returns.value is None


def _after_docstring(node: ast.FunctionDef) -> list[ast.stmt]:
    return node.body[1:] if ast.get_docstring(node) is not None else node.body


def _guards(path: str, source: bytes, tree: ast.Module) -> Iterator[Mutant]:
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
                weak = NOBODYS if PERMISSIONS.get(str(right.value)) == ROLES[0] else WEAKEST
                yield Mutant("guard", path, call.lineno, where, _place(source, right), weak)
            elif called == "may":
                yield Mutant("shown", path, call.lineno, where, _place(source, call))


def _place(source: bytes, node: ast.expr | ast.stmt) -> Place:
    """Columns of the tree are counted in bytes; what is decorated begins with that."""
    lines = source.splitlines(keepends=True)
    first = min((node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))))
    start = sum(map(len, lines[: first - 1])) + node.col_offset
    return Place(start, sum(map(len, lines[: (node.end_lineno or node.lineno) - 1])) + (node.end_col_offset or 0))
