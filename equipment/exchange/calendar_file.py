"""Due work as a calendar that other programs read: iCalendar, RFC 5545. Pure.

One entry of a whole day for each thing to be done, under a name of its own (``UID``) that stays while the day moves: a
program that has read it before moves the entry and makes no second one. What is overdue stands on the day it was due.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from equipment.domain.calibration import due_in_words
from equipment.domain.life.due import Due
from equipment.logs.lines import visible

__all__ = ["LONGEST_LINE", "LONGEST_TEXT", "TYPE", "to_calendar"]

TYPE: Final = "text/calendar; charset=utf-8"
LONGEST_LINE: Final = 75
"""Octets of a line without its end (RFC 5545, 3.1)."""
LONGEST_TEXT: Final = 200
"""Characters of a name: one found in a database may have millions."""
HEAD: Final = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//equipment//due work//EN", "CALSCALE:GREGORIAN",
               "METHOD:PUBLISH", "X-WR-CALNAME:Due work", "NAME:Due work", "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
               "X-PUBLISHED-TTL:PT6H")


def to_calendar(found: Iterable[Due], *, today: date, now: datetime, address: str = "", place: str = "") -> bytes:
    """Give the file. ``address`` is that of the app, empty where nobody has said; ``place`` tells this list from others
    in the names of the entries."""
    lines = [*HEAD, *(line for due in found for line in _entry(due, today, now, address, place)), "END:VCALENDAR"]
    return b"".join(folded for line in lines for folded in _folded(line))


def _entry(due: Due, today: date, now: datetime, address: str, place: str) -> Iterator[str]:
    title = f"{'Overdue: ' if due.day < today else ''}{_short(due.title)}: {_short(due.called)}"
    about = [f"{due.kind.capitalize()}, {due_in_words(due.day, today)}"]
    about += [f"Last on {due.last}"] if due.last else []
    link = f"{address}/?id={quote(due.thing, safe='')}" if address else ""
    name = sha256("\n".join((place, due.thing, due.kind, due.plan)).encode("utf-8", "surrogatepass")).hexdigest()[:40]
    yield "BEGIN:VEVENT"
    yield f"UID:{name}@equipment"
    yield f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{due.day:%Y%m%d}"
    yield f"SUMMARY:{_text(title)}"
    yield f"DESCRIPTION:{_text(chr(10).join([*about, *([link] if link else [])]))}"
    if due.location.strip():
        yield f"LOCATION:{_text(_short(due.location))}"
    if link:
        yield f"URL:{link}"
    yield "TRANSP:TRANSPARENT"  # it takes nobody's day
    yield "END:VEVENT"


def _short(words: str) -> str:
    """Give words of a record as one line of what can be seen: marks that turn the writing would turn the rest of it."""
    line = " ".join(words[:4 * LONGEST_TEXT].split())
    return visible(line if len(line) <= LONGEST_TEXT else f"{line[:LONGEST_TEXT - 1]}…")


def _text(words: str) -> str:
    r"""Escape a text (RFC 5545, 3.3.11): backslash, semicolon, comma, and a line's end as ``\n``."""
    for letter in ("\\", ";", ","):
        words = words.replace(letter, f"\\{letter}")
    return words.replace("\n", "\\n")


def _folded(line: str) -> Iterator[bytes]:
    """Cut a line where it is too long, never within a letter; each further piece begins with a blank."""
    piece, longest = b"", LONGEST_LINE
    for letter in line:
        octets = letter.encode("utf-8", "replace")
        if len(piece) + len(octets) > longest:
            yield piece + b"\r\n "
            piece, longest = b"", LONGEST_LINE - 1
        piece += octets
    yield piece + b"\r\n"
