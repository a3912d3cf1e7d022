"""Reading expressions of Prometheus: enough of the language for the rules that this project ships.

https://prometheus.io/docs/prometheus/latest/querying/basics/ and …/operators/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TOKEN = re.compile(r"""
    (?P<space>\s+) | (?P<number>\d+(\.\d+)?) | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*) | (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<sign>==|!=|>=|<=|=~|!~|[-+*/%^<>=(){}\[\],])
""", re.X)
DURATION = re.compile(r"(\d+[smhdwy])+")
LEVELS = (("or",), ("and", "unless"), ("==", "!=", ">", "<", ">=", "<="), ("+", "-"), ("*", "/", "%"))
"""Operators from the weakest to the strongest."""
FUNCTIONS = {"absent": 1, "rate": 1, "increase": 1, "histogram_quantile": 2}
"""How many arguments each takes."""
AGGREGATIONS = ("sum", "min", "max", "avg", "count")
KEYWORDS = {"or", "and", "unless", "by", "without", "on", "ignoring", "bool", "group_left", "group_right"}


@dataclass
class Expression:
    """What was read: which metrics it selects by which labels, and the other labels that it names."""

    selected: list[tuple[str, dict[str, tuple[str, str]]]] = field(default_factory=list)
    """Name, and by label the operator and the text."""
    labels: set[str] = field(default_factory=set)


def parse(text: str) -> Expression:
    """Read one. Raises ``ValueError`` saying what is wrong and where."""
    reading = _Reading(text)
    reading.binary(0)
    if reading.token != ("end", ""):
        raise ValueError(f"{reading.token[1]!r} is too much in {text!r}")
    return reading.found


class _Reading:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.found = Expression()
        self.token = ("", "")
        self._next()

    def binary(self, level: int) -> None:
        """Operands of this level and what stands between them."""
        if level == len(LEVELS):
            self._operand()
            return
        self.binary(level + 1)
        while self.token[1] in LEVELS[level] and self.token[0] in ("sign", "name"):
            self._next()
            if self.token[1] == "bool":
                self._next()
            if self.token[1] in ("on", "ignoring"):
                self._next()
                self._labels()
                if self.token[1] in ("group_left", "group_right"):
                    self._next()
            self.binary(level + 1)

    def _operand(self) -> None:
        kind, word = self.token
        if kind == "number":
            self._next()
        elif word == "(":
            self._next()
            self.binary(0)
            self._take(")")
        elif kind != "name" or word in KEYWORDS:
            raise ValueError(f"no value but {word!r} in {self._text!r}")
        elif word in AGGREGATIONS:
            self._next()
            if self.token[1] in ("by", "without"):
                self._next()
                self._labels()
            self._arguments(1)
        elif word in FUNCTIONS:
            self._next()
            self._arguments(FUNCTIONS[word])
        else:
            self._selector(word)

    def _selector(self, name: str) -> None:
        self._next()
        matchers: dict[str, tuple[str, str]] = {}
        if self.token[1] == "(":
            raise ValueError(f"there is no function {name!r}")
        if self.token[1] == "{":
            self._next()
            while self.token[1] != "}":
                label = self._take_kind("name")
                sign = self.token[1]
                if sign not in ("=", "!=", "=~", "!~"):
                    raise ValueError(f"{sign!r} compares no label in {self._text!r}")
                self._next()
                matchers[label] = sign, self._take_kind("text")[1:-1]
                if self.token[1] != "}":
                    self._take(",")
            self._next()
        if self.token[1] == "[":
            duration = DURATION.match(self._text, self._at)
            if duration is None:
                raise ValueError(f"no duration behind [ in {self._text!r}")
            self._at = duration.end()
            self._next()
            self._take("]")
        self.found.selected.append((name, matchers))

    def _arguments(self, count: int) -> None:
        self._take("(")
        self.binary(0)
        for _ in range(count - 1):
            self._take(",")
            self.binary(0)
        self._take(")")

    def _labels(self) -> None:
        self._take("(")
        while self.token[1] != ")":
            self.found.labels.add(self._take_kind("name"))
            if self.token[1] != ")":
                self._take(",")
        self._next()

    def _take(self, word: str) -> None:
        if self.token[1] != word:
            raise ValueError(f"{word!r} is missing before {self.token[1]!r} in {self._text!r}")
        self._next()

    def _take_kind(self, kind: str) -> str:
        if self.token[0] != kind:
            raise ValueError(f"a {kind} is missing before {self.token[1]!r} in {self._text!r}")
        word = self.token[1]
        self._next()
        return word

    def _next(self) -> None:
        self.token = ("space", "")
        while self.token[0] == "space":
            if self._at == len(self._text):
                self.token = ("end", "")
                return
            found = TOKEN.match(self._text, self._at)
            if found is None:
                raise ValueError(f"{self._text[self._at:]!r} is not understood")
            self._at = found.end()
            self.token = (str(found.lastgroup), found[0]) if found.lastgroup else ("sign", found[0])
