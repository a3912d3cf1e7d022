"""The types a column can have. A type interprets: it sorts, filters and warns; it never changes what is stored.

A new type is one class here and one line in ``TYPES``. Only a kind of widget that no type had before needs the screens
in ``ui/records`` and ``ui/record`` too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import ClassVar, Literal

from equipment.domain.values.dates import ORDERS, Order, Reading, read_date
from equipment.domain.values.units import is_currency, is_unit

Widget = Literal["text", "choice", "link"]
Key = float | None
"""What a type sorts and compares by: a number, or None where the text says none."""


class FieldType:
    """How the texts of one column are understood."""

    name: ClassVar[str] = "text"
    label: ClassVar[str] = "Text"
    has_range: ClassVar[bool] = False
    """Whether people filter it from … to …."""
    is_strict: ClassVar[bool] = False
    """Whether some texts are not of this type."""
    align: ClassVar[Literal["left", "right"]] = "left"
    example: ClassVar[str | None] = None
    """What an empty field shows to say how it is meant."""
    widget: ClassVar[Widget] = "text"
    """How it is shown and asked for: as text, as one of known values, as an address to open."""

    def key(self, text: str) -> Key:
        """Give the number to sort and compare by."""
        return None

    def end(self, text: str) -> Key:
        """Give the number up to which a range goes that ends with this text."""
        return self.key(text)

    def fits(self, text: str) -> bool:
        """Whether the text is of this type; empty always is."""
        return True

    def why(self, text: str) -> str:
        """Say why a text is not of this type, where more can be said than that it is not."""
        return ""


class Text(FieldType):
    """Anything."""


class Number(FieldType):
    """``3,000``, ``~500``, ``1 200.50 EUR``, ``<2015``, ``10 MHz``, ``5 %``: the number in it counts."""

    name, label, has_range, is_strict, align = "number", "Number", True, True, "right"

    def key(self, text: str) -> Key:
        return read_number(text)

    def fits(self, text: str) -> bool:
        return not text.strip() or self.key(text) is not None


class Date(FieldType):
    """Days in the ways people write them, as ``equipment.domain.values.dates`` reads them in a column of that order."""

    name, label, has_range, is_strict, example = "date", "Date", True, True, "31.1.2026"

    def __init__(self, order: Order = "") -> None:
        self.order = order

    def read(self, text: str) -> Reading:
        """Say what a text of the column means."""
        return read_date(text, self.order)

    def key(self, text: str) -> Key:
        day = self.read(text).day
        return float(day.toordinal()) if day else None

    def end(self, text: str) -> Key:
        day = self.read(text).last_day
        return float(day.toordinal()) if day else None

    def fits(self, text: str) -> bool:
        return self.read(text).kind != "unreadable"

    def why(self, text: str) -> str:
        return self.read(text).why


class Choice(FieldType):
    """One of the choices of the select options; other values stay, and are listed there."""

    name, label, widget = "choice", "Choice", "choice"


class YesNo(FieldType):
    """``x``, ``ok``, ``yes`` or nothing, ``no``."""

    name, label, is_strict = "yes/no", "Yes / No", True
    YES: ClassVar = {"x", "ok", "yes", "y", "true", "1", "ja"}
    NO: ClassVar = {"", "no", "n", "false", "0", "nein", "-"}

    def key(self, text: str) -> Key:
        word = text.strip().lower()
        return 1.0 if word in self.YES else 0.0 if word in self.NO else None

    def fits(self, text: str) -> bool:
        return self.key(text) is not None


class Link(FieldType):
    """A web address."""

    name, label, is_strict, example, widget = "link", "Link", True, "https://…", "link"

    def fits(self, text: str) -> bool:
        return not text.strip() or re.match(r"https?://\S+$", text.strip()) is not None


DATES: Mapping[str, Date] = {order: Date(order) for order in ("", *ORDERS)}
"""Dates by the order of their column."""
TYPES: Mapping[str, FieldType] = {kind.name: kind for kind in (Text(), Number(), DATES[""], Choice(), YesNo(), Link())}

USUAL_TYPES: Mapping[str, str] = {
    "ID": "number", "Category": "choice", "Vendor": "choice", "Location": "choice", "Last Cal Date": "date",
    "Next Cal Date": "date", "Purchase Value": "number", "Year of Purchase": "number",
}
"""Types of the usual columns until someone chooses others. Whatever has select options is a choice as well."""

LONGEST_NUMBER = 200
"""Characters a number may have, with what stands around it; a double has 17 digits."""
_GROUPS = "' "
_ON_HIGH = "⁰¹²³⁴⁵⁶⁷⁸⁹"
# Of groups (?>…): before Python 3.11.4 a group with a + of its own keeps what it had read of a repetition that failed.
# What repeats gives nothing back (*+, ++): with blanks that three groups could share, 400 of them took 15 s.
_NUMBER = re.compile(
    r"(?>(?:[<>]=?+|[~≈±≤≥])?)\s*+(?>(?:ca\.?+|approx\.?+)?)\s*+(?P<sign>[-+]?+)"
    r"(?P<before>[^\W\d]{0,3}+[^\w\s.,'+-]?+)\s*+(?P<inner>[-+]?+)(?P<digits>(?>(?:[.,' ]?+\d++)+))"
    r"(?>(?P<power>E[-+]?+\d{1,3}+)?)(?>(?:[.,]?+-{1,2}+)?)\s*+(?P<after>.*+)",
    re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=200_000)
def read_number(text: str) -> float | None:
    """Read the number a text states; thousands may be set off by comma, dot, apostrophe or space.

    A single separator before exactly three digits sets off thousands (``3,000`` is three thousand), otherwise it is
    the decimal point (``3,5``). In brackets it is negative (``(1,234.00)``), ``1.23E+15`` has fifteen places more.
    Beside it may stand a currency or a unit and nothing else: ``CAL-10`` is no number. A unit is not converted:
    ``1 kHz`` is 1.
    """
    typed = _plain(text.strip()) if len(text) <= LONGEST_NUMBER else ""
    bare = _without_brackets(typed)
    match = _NUMBER.fullmatch(bare)
    if not match or (match["sign"] and match["inner"]):
        return None
    if (match["before"] and not is_currency(match["before"])) or (match["after"] and not is_unit(match["after"])):
        return None
    value = _value(match["digits"], match["power"] or "")
    negative = bare != typed or "-" in (match["sign"], match["inner"])
    return -value if negative and value is not None else value


def _plain(text: str) -> str:
    """Give full-width digits, odd blanks and signs as plain ones; digits on high stay what they are."""
    if text.isascii():
        return text
    apart = "".join(one if one in _ON_HIGH else unicodedata.normalize("NFKC", one) for one in text)
    return apart.replace("−", "-").replace("–", "-").replace("’", "'")


def _without_brackets(text: str) -> str:
    """Leave out one pair of brackets that holds all the digits."""
    before, opened, rest = text.partition("(")
    inside, closed, after = rest.partition(")")
    outside = before + after
    if not (opened and closed) or any(map(str.isdigit, outside)) or "(" in inside + after or ")" in before + after:
        return text
    return f"{before}{inside}{after}"


def _value(digits: str, power: str) -> float | None:
    if power[1:2].isdigit() and digits.isdigit():
        return None  # 1E5 is a place or a model; 1.5E5 and 1E+5 are numbers
    parts, marks = re.split(r"[.,' ]", digits), re.sub(r"\d+", "", digits)
    if marks and _is_point(parts, marks, power):
        parts, marks, tail = parts[:-1], marks[:-1], "." + parts[-1]
    else:
        tail = ""
    if not _are_thousands(parts, marks):
        return None
    value = float("".join(parts) + tail + power)
    return value if isfinite(value) else None


def _is_point(parts: Sequence[str], marks: str, power: str) -> bool:
    """Whether the last separator is the decimal point."""
    if marks[-1] in _GROUPS or marks[-1] in marks[:-1]:
        return False
    # "0.500" is a half, and "1234.567" no million: neither begins like a number with thousands.
    lone = len(marks) == 1 and len(parts[1]) == 3 and 1 <= len(parts[0]) <= 3 and parts[0][0] != "0"
    return bool(power) or not lone


def _are_thousands(parts: Sequence[str], marks: str) -> bool:
    """Whether groups of digits are thousands, or as in India hundreds behind the first (``12,34,567``)."""
    if not marks:
        return True
    first, *middle, last = map(len, parts)
    indian = marks[0] == "," and 1 <= first <= 2 and set(middle) <= {2}
    return len(set(marks)) == 1 and last == 3 and (indian or (1 <= first <= 3 and set(middle) <= {3}))


def dates_of(types: Mapping[str, FieldType], column: str) -> Date:
    """Give how the dates of a column are read: by its order, where it is a column of dates that has one."""
    kind = types.get(column)
    return kind if isinstance(kind, Date) else DATES[""]
