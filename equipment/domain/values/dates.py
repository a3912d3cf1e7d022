"""Reads the dates people type: ``6.8.2013``, ``2013/08/06``, ``20130806``, ``6 Aug 2013 14:30``, and words for none.

Nothing is guessed: ``6/8/2013`` may be June or August. Which one is said by the order of its column, once and for all
its cells; where a column has none, such a cell cannot be read until someone writes it plainly. With dots the day comes
first everywhere, and a year of four digits in front has the month behind it.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, get_args

from equipment.domain.values.month_names import fold, number_of

Kind = Literal["date", "not needed", "empty", "unreadable"]
Status = Literal["overdue", "due soon", "fine", "not needed", "no date", "cannot read"]
STATUSES: tuple[Status, ...] = ("overdue", "due soon", "fine", "not needed", "no date", "cannot read")
Order = Literal["", "day/month", "month/day"]
"""How a column's ``6/8/2013`` and ``06-08-2013`` are meant; empty: nobody has decided it."""
ORDERS: tuple[Order, ...] = get_args(Order)[1:]


@dataclass(frozen=True)
class Reading:
    """What a text says: a day, that none is needed, nothing, or something nobody can be sure of (and ``why``).

    ``time`` is what it says of the time of day, such as ``14:30``. With ``whole_month`` it names a month only, and
    ``day`` is its first.
    """

    kind: Kind
    day: date | None = None
    why: str = ""
    time: str = ""
    whole_month: bool = False

    @property
    def last_day(self) -> date | None:
        """The last day that is meant: of a month its last, else the day itself."""
        if self.day is None or not self.whole_month:
            return self.day
        return self.day.replace(day=calendar.monthrange(self.day.year, self.day.month)[1])

    @property
    def iso(self) -> str:
        """The same as year-month-day, with nothing added and nothing left out; empty when it is no date."""
        if self.day is None:
            return ""
        return self.day.isoformat()[:7] if self.whole_month else f"{self.day.isoformat()} {self.time}".strip()


LONGEST = 100
"""Characters a date may have; the longest way to say that none is needed has 50."""
EMPTY, NOT_NEEDED = Reading("empty"), Reading("not needed")
_NOT_A_DATE = Reading("unreadable", why="not a date")
# All of them are for folded text, and what repeats is bounded or gives nothing back (*+, ++).
_WORDS_FOR_NONE = re.compile(
    r"no\s*cal(ibration)?(\s+(needed|required|necessary))?|not?\s+(needed|required|necessary)|not\s+applicable|n\.?/?a\.?|none"
    r"|keine?( kal(ibrierung)?)?( (notig|notwendig|erforderlich))?")
_NUMBERS = re.compile(r"(\d{1,4})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{1,4})")
_DAY_WORD = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|er|o\b)?[\s.,/-]*+(?:de\s)?([^\W\d_]{3,12})[\s.,/-]*+(?:del?\s)?(\d{4}|\d{2})")
_WORD_DAY = re.compile(r"([^\W\d_]{3,12})[\s.,/-]*+(\d{1,2})(?:st|nd|rd|th)?[\s.,/-]++(\d{4})")
_YEAR_WORD_DAY = re.compile(r"(\d{4})[\s.,/-]*+([^\W\d_]{3,12})[\s.,/-]*+(\d{1,2})")
_WORD_YEAR = re.compile(r"([^\W\d_]{3,12})[\s.,/-]*+(?:del?\s)?(\d{4})")
_YEAR_MONTH = re.compile(r"(\d{4})[/-](\d{1,2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[./-](\d{4})")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_SERIAL = re.compile(r"[2-5]\d{4}")  # the days a spreadsheet counts: 1954 to 2064
_TIMED = re.compile(
    r"(.{4,40}?)(?:t|,?\s{1,3}(?:(?:at|um)\s)?)(\d{1,2}):(\d{2})(?::(\d{2})([.,]\d{1,9})?)?"
    r"\s{0,2}(?:([ap])\.?m\.?)?\s{0,2}(z|utc|[+-]\d{2}:?\d{2})?(?:\suhr)?")


@lru_cache(maxsize=100_000)
def read_date(text: str, order: Order = "") -> Reading:
    """Say what a text means as a date in a column of that order; pure, and the same everywhere."""
    typed = text.strip().strip("()")
    if not typed or typed in {"-", "--", "–"}:
        return EMPTY
    if len(typed) > LONGEST:
        return _NOT_A_DATE
    typed = fold(typed)
    if _WORDS_FOR_NONE.fullmatch(typed):
        return NOT_NEEDED
    if timed := _TIMED.fullmatch(typed):
        return _with_time(_day_of(timed.group(1), order), timed)
    return _day_of(typed, order)


def rewritten(text: str, order: Order = "") -> str:
    """Give a date as year-month-day; what is none, or stands in brackets, which say something too, stays as it is."""
    return text if "(" in text or ")" in text else read_date(text, order).iso or text


def status(due: Reading, last: Reading, today: date, soon: int = 30) -> Status:
    """Say how a record stands: from its next date, or from the words in either field. What is due in a month is due on
    its last day."""
    if (day := due.last_day) is not None:
        if day < today:
            return "overdue"
        return "due soon" if day <= today + timedelta(days=soon) else "fine"
    if due.kind == "unreadable":
        return "cannot read"
    if "not needed" in (due.kind, last.kind):
        return "not needed"
    return "no date"


def _day_of(typed: str, order: Order) -> Reading:
    if match := _NUMBERS.fullmatch(typed):
        return _in_numbers(match, order)
    for pattern, places in ((_DAY_WORD, "dmy"), (_WORD_DAY, "mdy"), (_YEAR_WORD_DAY, "ymd"), (_COMPACT, "ymd")):
        if match := pattern.fullmatch(typed):
            return _date(**dict(zip(places, match.groups(), strict=True)))
    for pattern, places in ((_WORD_YEAR, "my"), (_YEAR_MONTH, "ym"), (_MONTH_YEAR, "my")):
        if match := pattern.fullmatch(typed):
            return replace(_date(**dict(zip(places, match.groups(), strict=True))), whole_month=True)
    if _SERIAL.fullmatch(typed):
        # Day 1 is 1.1.1900, and spreadsheets count a 29.2.1900 that never was.
        return Reading("date", date(1899, 12, 30) + timedelta(days=int(typed)))
    return _NOT_A_DATE


def _in_numbers(match: re.Match[str], order: Order) -> Reading:
    first, mark, second, third = match.groups()
    if len(first) == 4 and len(third) <= 2:
        return _date(first, second, third)
    if len(first) > 2 or len(third) not in (2, 4):
        return _NOT_A_DATE
    day_first, month_first = _date(third, second, first), _date(third, first, second)
    if mark == "." or day_first == month_first:
        return day_first
    if order:
        meant, other = (day_first, month_first) if order == "day/month" else (month_first, day_first)
        if meant.day is None and other.day is not None:
            return replace(meant, why=f"the column is {order}, and {meant.why}")
        return meant
    if mark == "-" and len(third) == 2:
        return Reading("unreadable", why="day, month and year could stand in any order")
    if int(first) > 12:
        return day_first
    if int(second) > 12:
        return month_first
    return Reading("unreadable", why="day and month could be either way round")


def _date(y: str, m: str, d: str = "1") -> Reading:
    year, month, day = _year(y), int(m) if m.isdecimal() else number_of(m), int(d)
    if not 1 <= month <= 12:
        return Reading("unreadable", why=f"there is no month {month}" if m.isdecimal() else f"“{m}” is no month")
    if not year or not day:
        return Reading("unreadable", why=f"there is no {'year' if not year else 'day'} 0")
    days = calendar.monthrange(year, month)[1]
    if day > days:
        return Reading("unreadable", why=f"{calendar.month_name[month]} {year} has {days} days")
    return Reading("date", date(year, month, day))


def _with_time(reading: Reading, timed: re.Match[str]) -> Reading:
    _, hours, minutes, seconds, part, half, zone = timed.groups(default="")
    if reading.day is None:
        return reading
    if reading.whole_month:
        return _NOT_A_DATE
    hour = int(hours)
    if int(minutes) > 59 or int(seconds or 0) > 59 or hour > 23 or (half and not 1 <= hour <= 12):
        return Reading("unreadable", why=f"there is no time {hours}:{minutes}{f':{seconds}' if seconds else ''}")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    after = f":{seconds}{part.replace(',', '.')}" if seconds else ""
    return replace(reading, time=f"{hour:02}:{minutes}{after}{'Z' if zone in ('z', 'utc') else zone}")


def _year(digits: str) -> int:
    """Two digits: 70–99 are the last century, as POSIX has it (69 and below this one)."""
    year = int(digits)
    if len(digits) == 4:
        return year
    return 1900 + year if year >= 70 else 2000 + year
