"""Dates as people type them; what nobody can be sure of is said, not guessed."""

from __future__ import annotations

from datetime import date

import pytest

from equipment.domain.dates import EMPTY, NOT_NEEDED, read_date, status

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("6.8.2013", date(2013, 8, 6)),
        ("06.08.13", date(2013, 8, 6)),
        (" 6. 8. 2013 ", date(2013, 8, 6)),
        ("2013-08-06", date(2013, 8, 6)),
        ("2013-8-6", date(2013, 8, 6)),
        ("2013-08-06T10:30:00Z", date(2013, 8, 6)),
        ("6 Aug 2013", date(2013, 8, 6)),
        ("6. August 2013", date(2013, 8, 6)),
        ("6th August, 2013", date(2013, 8, 6)),
        ("06-Aug-13", date(2013, 8, 6)),
        ("August 6, 2013", date(2013, 8, 6)),
        ("6. März 2014", date(2014, 3, 6)),
        ("31/12/2013", date(2013, 12, 31)),
        ("12/31/2013", date(2013, 12, 31)),
        ("5/5/2013", date(2013, 5, 5)),
        ("1.1.69", date(2069, 1, 1)),
        ("1.1.70", date(1970, 1, 1)),
        ("41492", date(2013, 8, 6)),
        ("29.2.2024", date(2024, 2, 29)),
    ],
)
def test_it_reads(typed: str, day: date) -> None:
    assert read_date(typed).day == day


@pytest.mark.parametrize(
    "typed",
    [
        "6/8/2013",
        "31.2.2021",
        "29.2.2023",
        "tbd",
        "ask Weber",
        "?",
        "2013",
        "13.13.2013",
        "0.0.2020",
        "6 Foo 2013",
        "6.8.20134",
        "(.*",
        "1.2.3.4",
        "99999",
    ],
)
def test_it_does_not_guess(typed: str) -> None:
    reading = read_date(typed)

    assert (reading.kind, reading.day) == ("unreadable", None)
    assert reading.why


@pytest.mark.parametrize(
    "typed",
    [
        "NO CAL NEEDED",
        "no cal needed",
        "No calibration required",
        "n/a",
        "N.A.",
        "none",
        "not necessary",
        "keine Kalibrierung nötig",
    ],
)
def test_words_that_mean_none_is_needed(typed: str) -> None:
    assert read_date(typed) == NOT_NEEDED


@pytest.mark.parametrize("typed", ["", "  ", "-", "–"])
def test_nothing(typed: str) -> None:
    assert read_date(typed) == EMPTY


@pytest.mark.parametrize(
    ("due", "last", "expected"),
    [
        ("1.3.2026", "", "overdue"),
        ("2.3.2026", "", "due soon"),
        ("1.4.2026", "", "due soon"),
        ("2.4.2026", "", "fine"),
        ("", "NO CAL NEEDED", "not needed"),
        ("NO CAL NEEDED", "1.1.2020", "not needed"),
        ("", "1.1.2020", "no date"),
        ("soon", "", "cannot read"),
        ("1.3.2026", "NO CAL NEEDED", "overdue"),
    ],
)
def test_how_a_record_stands(due: str, last: str, expected: str) -> None:
    assert status(read_date(due), read_date(last), TODAY) == expected
