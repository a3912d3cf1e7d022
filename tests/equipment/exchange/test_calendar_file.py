"""Due work as iCalendar: what RFC 5545 says of lines and texts, and what a name of a record may not do."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from equipment.domain.life.due import Due
from equipment.exchange.calendar_file import LONGEST_LINE, to_calendar

TODAY = date(2026, 11, 28)
NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)


def made(*found: Due, **given: Any) -> bytes:
    return to_calendar(found, today=TODAY, now=NOW, **given)


def due(**given: Any) -> Due:
    return Due(**{"thing": "5", "number": "5", "name": "Acme P1", "location": "", "kind": "maintenance",
                  "title": "Change the filter", "day": date(2026, 12, 1), "plan": "p", **given})


def unfolded(data: bytes) -> list[str]:
    """Read it as a program does: pieces put together, then lines."""
    return data.replace(b"\r\n ", b"").decode().split("\r\n")


def value(data: bytes, name: str) -> str:
    """Give a text as it was before it was escaped."""
    [line] = [line for line in unfolded(data) if line.startswith(f"{name}:")]
    text, letters = "", iter(line.removeprefix(f"{name}:"))
    for letter in letters:
        if letter == "\\":
            letter = {"n": "\n"}.get(after := next(letters), after)
        else:
            assert letter not in ";,", "what ends a value is escaped"
        text += letter
    return text


def test_an_entry_is_a_whole_day() -> None:
    lines = unfolded(made(due(location="Room 3", last=date(2026, 6, 1)), address="https://lab.example.org/app"))

    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""] and "VERSION:2.0" in lines
    entry = lines[lines.index("BEGIN:VEVENT"):lines.index("END:VEVENT")]
    assert entry[2:] == [
        "DTSTAMP:20261128T093000Z", "DTSTART;VALUE=DATE:20261201", "SUMMARY:Change the filter: ID 5 · Acme P1",
        "DESCRIPTION:Maintenance\\, due in 3 days\\nLast on 2026-06-01\\nhttps://lab.example.org/app/?id=5",
        "LOCATION:Room 3", "URL:https://lab.example.org/app/?id=5", "TRANSP:TRANSPARENT"]


def test_nothing_due_is_a_calendar_without_entries() -> None:
    assert b"VEVENT" not in made() and made().endswith(b"END:VCALENDAR\r\n")


def test_what_is_overdue_says_so_on_its_own_day() -> None:
    data = made(due(day=date(2026, 11, 20)))

    assert value(data, "SUMMARY").startswith("Overdue: ") and b"DTSTART;VALUE=DATE:20261120" in data
    assert "8 days overdue" in value(data, "DESCRIPTION")


NAMES = ("Pump, large; red\\blue", "two\nlines\r\nand BEGIN:VEVENT", "x" * 300, "ü" * 300, "🔧" * 150, "مضخة كبيرة",
         "gpj.\u202eexe", "\u200fמשאבה\u200e", "a\0b\x1b", "tab\there", "\u2028", "", "\ud800")


@pytest.mark.parametrize("name", NAMES)
def test_no_name_breaks_a_line_or_makes_it_too_long(name: str) -> None:
    data = made(due(name=name, title=name or "T", location=name), due(thing=f"x{name}", plan="q"))

    lines = data.split(b"\r\n")
    assert all(len(line) <= LONGEST_LINE for line in lines)
    assert all(line.decode() is not None for line in lines), "no letter is cut in two"
    assert b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b"") and b"\0" not in data
    assert data.count(b"\r\nBEGIN:VEVENT\r\n") == 2 == data.count(b"\r\nEND:VEVENT\r\n")


@pytest.mark.parametrize(("name", "shown"), [
    ("Pump, large; red\\blue", "Pump, large; red\\blue"), ("two\nlines", "two lines"), ("مضخة كبيرة", "مضخة كبيرة"),
    ("gpj.\u202eexe", "gpj.\\u202eexe"), ("\u200fמשאבה", "\\u200fמשאבה"), ("x" * 300, "x" * 199 + "…"),
    ("🔧" * 150, "🔧" * 150),
])
def test_a_name_is_read_as_it_is_but_for_what_hides_or_turns(name: str, shown: str) -> None:
    assert value(made(due(title=name)), "SUMMARY") == f"{shown}: ID 5 · Acme P1"


def test_an_entry_keeps_its_name_while_its_day_moves_and_shares_it_with_no_other() -> None:
    def name(**given: Any) -> str:
        place = given.pop("place", "lab")
        return value(made(due(**given), place=place), "UID")

    assert name() == name(day=date(2027, 1, 1), title="Another", number="6")
    assert len({name(), name(thing="6"), name(kind="repair"), name(plan=""), name(place="other")}) == 5
