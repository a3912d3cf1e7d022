"""Reads the dates people type: ``6.8.2013``, ``06.08.13``, ``2013-08-06``, ``6 Aug 2013``, and words that mean none.

Nothing is guessed: ``6/8/2013`` may be June or August, so it cannot be read until someone writes it plainly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

Kind = Literal["date", "not needed", "empty", "unreadable"]
Status = Literal["overdue", "due soon", "fine", "not needed", "no date", "cannot read"]
STATUSES: tuple[Status, ...] = ("overdue", "due soon", "fine", "not needed", "no date", "cannot read")


@dataclass(frozen=True)
class Reading:
    """What a text says: a day, that none is needed, nothing, or something nobody can be sure of."""

    kind: Kind
    day: date | None = None
    why: str = ""


LONGEST = 100
"""Characters a date may have; the longest way to say that none is needed has 50."""
EMPTY, NOT_NEEDED = Reading("empty"), Reading("not needed")
_WORDS_FOR_NONE = re.compile(
    r"no\s*cal(ibration)?(\s+(needed|required|necessary))?|not?\s+(needed|required|necessary)|not\s+applicable|n\.?/?a\.?|none"
    r"|keine?( kal(ibrierung)?)?( (nötig|notwendig|erforderlich))?", re.IGNORECASE)
_DOTS = re.compile(r"(\d{1,2})\s*\.\s*(\d{1,2})\s*\.\s*(\d{2}|\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})")
_DAY_WORD = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s.\-]*([A-Za-zäÄ]{3,9})\.?[\s,\-]+(\d{2}|\d{4})")
_WORD_DAY = re.compile(r"([A-Za-zäÄ]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_SERIAL = re.compile(r"[2-5]\d{4}")  # the days a spreadsheet counts: 1954 to 2064
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan januar jän jänner", "february feb februar", "march mar märz mär mrz", "april apr", "may mai",
         "june jun juni", "july jul juli", "august aug", "september sep sept", "october oct oktober okt",
         "november nov", "december dec dezember dez"), start=1)
    for name in names.split()
}


@lru_cache(maxsize=100_000)
def read_date(text: str) -> Reading:
    """Say what a text means as a date; pure, and the same everywhere."""
    typed = text.strip().strip("()")
    if not typed or typed in {"-", "--", "–"}:
        return EMPTY
    if len(typed) > LONGEST:
        return Reading("unreadable", why="not a date")
    if _WORDS_FOR_NONE.fullmatch(typed):
        return NOT_NEEDED
    for pattern, order in ((_DOTS, "dmy"), (_ISO, "ymd"), (_DAY_WORD, "dmy"), (_WORD_DAY, "mdy")):
        if match := pattern.fullmatch(typed):
            return _day(dict(zip(order, match.groups(), strict=False)))
    if match := _SLASHES.fullmatch(typed):
        return _slashes(*match.groups())
    if _SERIAL.fullmatch(typed):
        # Day 1 is 1.1.1900, and spreadsheets count a 29.2.1900 that never was.
        return Reading("date", date(1899, 12, 30) + timedelta(days=int(typed)))
    return Reading("unreadable", why="not a date")


def status(due: Reading, last: Reading, today: date, soon: int = 30) -> Status:
    """Say how a record stands: from its next date, or from the words in either field."""
    if due.kind == "date" and due.day is not None:
        if due.day < today:
            return "overdue"
        return "due soon" if due.day <= today + timedelta(days=soon) else "fine"
    if due.kind == "unreadable":
        return "cannot read"
    if "not needed" in (due.kind, last.kind):
        return "not needed"
    return "no date"


def _slashes(first: str, second: str, year: str) -> Reading:
    if first == second or int(second) > 12:
        return _day({"m": first, "d": second, "y": year})
    if int(first) > 12:
        return _day({"d": first, "m": second, "y": year})
    return Reading("unreadable", why="day and month could be either way round")


def _day(parts: dict[str, str]) -> Reading:
    month = int(parts["m"]) if parts["m"].isdigit() else _MONTHS.get(parts["m"].lower(), 0)
    try:
        return Reading("date", date(_year(parts["y"]), month, int(parts["d"])))
    except ValueError:
        return Reading("unreadable", why="no such day")


def _year(digits: str) -> int:
    """Two digits: 70–99 are the last century, as POSIX has it (69 and below this one)."""
    year = int(digits)
    if len(digits) == 4:
        return year
    return 1900 + year if year >= 70 else 2000 + year
