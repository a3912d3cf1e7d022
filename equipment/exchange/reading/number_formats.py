"""A number of a spreadsheet as the person sees it, where its format says what the number does not: leading zeros,
percent, words around it. Digits are never rounded, grouped or made exponents, whatever the format says: that would lose
some.

Format codes: ECMA-376 part 1, 18.8.31 (https://ecma-international.org/publications-and-standards/standards/ecma-376/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

__all__ = ["Format", "parse"]

LONGEST = 255
"""Characters of a format code; a spreadsheet permits no more."""
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)[^\]]*\]|\[([^\]]*)\]|_.|\*.|(.)', re.DOTALL)
_DIGITS = "0#?"
_SHOWN = " $€£¥-+()/:!^&'~{}<>"
"""Characters that need no quotes in a format."""
_DATE = frozenset("ymdhs")
_PARTIAL = frozenset(["my", "y", "h"])
"""Dates and times of which a part is not seen: the day, the month, the seconds."""


@dataclass(frozen=True)
class Format:
    """A format code taken apart: text before and after the digits, ``zeros`` the least digits of a whole number (with
    texts between them in ``pattern``), ``percent``; ``parts`` the letters of a date: ``y m d h s``, ``e`` for elapsed.
    """

    before: str = ""
    after: str = ""
    zeros: int = 0
    pattern: str = ""
    percent: bool = False
    parts: str = ""

    @property
    def plain(self) -> bool:
        """Whether the number is seen as it is, or a date or time as a whole."""
        return not (self.before or self.after or self.percent or self.zeros > 1 or self.parts in _PARTIAL)

    def text(self, number: str) -> str:
        """Give the text for a number as the file writes it, such as ``0.15`` or ``1.5E+16``."""
        try:
            value = Decimal(number) * (100 if self.percent else 1)
        except InvalidOperation:
            return number
        digits = f"{abs(value):f}"
        digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
        if self.zeros > 1 and "." not in digits:
            digits = self._placed(digits.zfill(self.zeros))
        return f"{'-' if value < 0 else ''}{self.before}{digits}{self.after}"

    def _placed(self, digits: str) -> str:
        """Put digits from the right into ``000-00``; what is more stands in front."""
        rest, placed = list(digits), list[str]()
        for character in reversed(self.pattern):
            placed.append(rest.pop() if character in _DIGITS and rest else "" if character in _DIGITS else character)
        return "".join(rest) + "".join(reversed(placed))


@lru_cache(maxsize=4_096)
def parse(code: str) -> Format:
    """Take a format code apart; what shows the number as it is gives a ``plain`` one."""
    section = _first_section(code[:LONGEST])
    tokens = [match.groups() for match in _TOKEN.finditer(section)]
    if any(letter is not None and letter.lower() in _DATE for *_, letter in tokens) or any(
            _elapsed(bracket) for *_, bracket, _ in tokens):
        return Format(parts=_date_parts(tokens))
    return _number(tokens) if section.lower() != "general" and "@" not in section else Format()


def _first_section(code: str) -> str:
    quoted = escaped = False
    for place, character in enumerate(code):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif character == ";" and not quoted:
            return code[:place]
    return code


_Token = tuple[str | None, ...]


def _elapsed(bracket: str | None) -> bool:
    return bracket is not None and bracket != "" and set(bracket.lower()) <= set("hms") and len(set(bracket)) == 1


def _date_parts(tokens: list[_Token]) -> str:
    letters = [letter.lower() for *_, letter in tokens if letter is not None and letter.lower() in _DATE]
    found = set(letters)
    if any(_elapsed(bracket) for *_, bracket, _ in tokens):
        return "e"
    if "m" in found and found & set("hs") and not found & set("yd"):
        found.discard("m")  # minutes
    return "".join(sorted(found))


def _number(tokens: list[_Token]) -> Format:
    before = after = pattern = ""
    percent = decimals = False
    for text, escaped, currency, _, letter in tokens:
        said = text or escaped or currency or (letter if letter is not None and letter in _SHOWN else "")
        if letter is not None and letter in _DIGITS:
            pattern += "" if decimals else after + letter
            after = "" if not decimals else after
        elif letter == ".":
            decimals = True
        elif letter is not None and letter in "Ee":
            return Format()  # an exponent: the number says as much
        elif letter == "%":
            percent = True
            after += "%"
        elif said == "/" and pattern:
            return Format()  # a fraction
        elif said and not pattern and not decimals:
            before += said
        elif said:
            after += said
    zeros = pattern.count("0")
    if not pattern and not percent:
        return Format()
    inner = "" if zeros == len(pattern.replace("#", "").replace("?", "")) and zeros < 2 else pattern
    return Format(before.lstrip(), after.rstrip(), zeros if not decimals else 0, inner, percent)
