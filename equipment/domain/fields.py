"""The types a column can have. A type interprets: it sorts, filters and warns; it never changes what is stored.

A new type is one class here and one line in ``TYPES``. Only a kind of widget that no type had before needs the screens
in ``ui/records`` and ``ui/record`` too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, Literal

from equipment.domain.currencies import is_currency
from equipment.domain.dates import ORDERS, Order, Reading, read_date

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
    """``3,000``, ``~500``, ``1 200.50 EUR``, ``<2015``: the number in it counts."""

    name, label, has_range, is_strict, align = "number", "Number", True, True, "right"

    def key(self, text: str) -> Key:
        return read_number(text)

    def fits(self, text: str) -> bool:
        return not text.strip() or self.key(text) is not None


class Date(FieldType):
    """Days in the ways people write them, as ``equipment.domain.dates`` reads them in a column of that order."""

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
# What repeats gives nothing back (*+, ++): with blanks that three groups could share, 400 of them took 15 s.
_NUMBER = re.compile(
    r"[<>~≈]?\s*+(?:ca\.?|approx\.?)?\s*+([A-Z]{3}|[^\w\s.,'-])?\s*+"
    r"(-?(?:[.,' \u00a0\u202f]*+\d++)++)\s*+([A-Z]{3}|[^\w\s.,'-])?(?:,?-{1,2})?",
    re.IGNORECASE)


@lru_cache(maxsize=200_000)
def read_number(text: str) -> float | None:
    """Read the number a text states; thousands may be set off by comma, dot, apostrophe or space.

    A single separator before exactly three digits sets off thousands (``3,000`` is three thousand), otherwise it is
    the decimal point (``3,5``). Beside it may stand a currency and nothing else: ``CAL-10`` is no number.
    """
    typed = text.strip()
    match = _NUMBER.fullmatch(typed) if len(typed) <= LONGEST_NUMBER else None
    if not match or not all(is_currency(beside) for beside in match.group(1, 3) if beside):
        return None
    digits = re.sub(r"[' \u00a0\u202f]", "", match.group(2))
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        mark, tail = digits[last], digits[last + 1 :]
        other_mark = "," if mark == "." else "."
        if digits.count(mark) > 1 and any(len(group) != 3 for group in digits.split(mark)[1:]):
            return None
        # "0.500" is a half: no number with thousands begins with 0.
        lone = len(tail) == 3 and other_mark not in digits and digits.lstrip("-")[0] != "0"
        grouping = digits.count(mark) > 1 or lone
        whole = digits[:last].replace(".", "").replace(",", "")
        digits = whole + tail if grouping else f"{whole}.{tail}"
    try:
        return float(digits)
    except ValueError:
        return None


def dates_of(types: Mapping[str, FieldType], column: str) -> Date:
    """Give how the dates of a column are read: by its order, where it is a column of dates that has one."""
    kind = types.get(column)
    return kind if isinstance(kind, Date) else DATES[""]
