"""Every regular expression of the product, and texts that are made to keep each busy."""

from __future__ import annotations

import ast
import importlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from re import _constants as codes, _parser as parser
from types import ModuleType
from typing import Any

from tests.doc_pages import ROOT

ASKED = ("match", "fullmatch", "search", "sub", "split", "findall", "finditer")
ANYWHERE = frozenset(ASKED) - {"match", "fullmatch"}
PUMPED = " \t\\\"'a0.,:-=/<(\n@"
"""What is repeated behind each beginning that a pattern accepts, besides what it accepts there itself."""
LONG = 1_000
MOST_BEGINNINGS = 8
"""Of texts of that length or longer; short ones cost nothing and have all."""
END = "\0\0"
"""Accepted by nobody, so that whoever could begin anew does."""


@dataclass(frozen=True)
class Pattern:
    """One expression, where it stands, and whether it is looked for anywhere in a text."""

    place: str
    compiled: re.Pattern[Any]
    anywhere: bool

    def ask(self, text: str) -> None:
        """Let it look at a text."""
        subject: Any = text.encode() if isinstance(self.compiled.pattern, bytes) else text
        if self.anywhere:
            self.compiled.sub(subject[:0], subject)
        self.compiled.fullmatch(subject)


def patterns() -> list[Pattern]:
    """Give every expression that the code names, each once."""
    found: dict[tuple[Any, int, bool], Pattern] = {}
    for path in sorted(path for package in ("backup_engine", "equipment") for path in (ROOT / package).rglob("*.py")):
        for pattern in _in_file(path):
            found.setdefault((pattern.compiled.pattern, pattern.compiled.flags, pattern.anywhere), pattern)
    return list(found.values())


def _in_file(path: Path) -> Iterator[Pattern]:
    source = path.read_text("utf-8")
    if "re." not in source:
        return
    tree = ast.parse(source)
    place = str(path.relative_to(ROOT))
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    asked: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKED:
            # of one in a table the name is that of the table
            names = [each.id for each in ast.walk(node.func.value) if isinstance(each, ast.Name)]
            asked.setdefault(names[0] if names else "", set()).add(node.func.attr)
    for name, value in vars(module).items():
        if not isinstance(value, ModuleType):
            ways = asked.get(name, set())
            yield from (Pattern(f"{place} {name}", compiled, not ways or bool(ways & ANYWHERE))
                        for compiled in _compiled(value))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=way), args=[ast.Constant(value=text), *_]):
                flags = re.S if "re.S" in ast.unparse(node) else re.NOFLAG
                yield Pattern(f"{place}:{node.lineno}", re.compile(text, flags), way in ANYWHERE)


def _compiled(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, (tuple, list, set, frozenset)):
        for each in value:
            yield from _compiled(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _compiled(each)


def hard_texts(pattern: Pattern, length: int, seed: int = 0) -> Iterator[str]:
    """Give texts of about that length: each beginning of what is accepted, and then one thing over and over."""
    chance = random.Random(seed)
    text = pattern.compiled.pattern
    tree = parser.parse(text, pattern.compiled.flags & ~re.U if isinstance(text, bytes) else pattern.compiled.flags)
    accepted = _accepted(tree, chance)
    places = range(len(accepted) + 1)
    few = length >= LONG and len(places) > MOST_BEGINNINGS
    chosen = sorted(chance.sample(places, MOST_BEGINNINGS)) if few else list(places)
    for place in chosen:
        beginning, last = accepted[:place], accepted[place - 1:place] or "a"
        for pumped in dict.fromkeys([last, accepted[max(0, place - 2):place] or "a", *PUMPED]):
            yield beginning + pumped * (length // len(pumped)) + END
        yield (beginning or "a") * (length // max(1, len(beginning))) + END  # begun over and over, and never ended


def _accepted(tree: Any, chance: random.Random) -> str:
    """One text that an expression accepts, with something in every part that may be empty; near enough for one with
    conditions around it."""
    said = ""
    for code, about in tree:
        if code is codes.LITERAL:
            said += chr(about)
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            least, most, inner = about
            said += _accepted(inner, chance) * max(1, min(least, 40)) if most else ""
        elif code is codes.SUBPATTERN:
            said += _accepted(about[3], chance)
        elif code is codes.ATOMIC_GROUP:
            said += _accepted(about, chance)
        elif code is codes.BRANCH:
            said += _accepted(chance.choice(about[1]), chance)
        elif code is codes.IN:
            said += _one_of(about)
        elif code in (codes.ANY, codes.NOT_LITERAL):
            said += "b"
    return said


def _one_of(choices: Any) -> str:
    kinds = {codes.CATEGORY_DIGIT: "7", codes.CATEGORY_SPACE: " ", codes.CATEGORY_WORD: "w",
             codes.CATEGORY_NOT_SPACE: "n", codes.CATEGORY_NOT_DIGIT: "n", codes.CATEGORY_NOT_WORD: "-"}
    if choices[0][0] is codes.NEGATE:
        return "b"
    code, about = choices[0]
    if code is codes.LITERAL:
        return chr(about)
    return chr(about[0]) if code is codes.RANGE else kinds[about]
