"""Dates as people type them; what nobody can be sure of is said, not guessed."""

from __future__ import annotations

from datetime import date

import pytest

from equipment.domain.values.dates import EMPTY, NOT_NEEDED, Order, read_date, rewritten, status

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
        ("2024/03/04", date(2024, 3, 4)),
        ("2024.3.4", date(2024, 3, 4)),
        ("20240304", date(2024, 3, 4)),
        ("13-03-2024", date(2024, 3, 13)),
        ("05-05-2024", date(2024, 5, 5)),
        ("4 de marzo de 2024", date(2024, 3, 4)),
        ("1er août 2024", date(2024, 8, 1)),
        ("1º de enero de 2024", date(2024, 1, 1)),
        ("12 déc. 2024", date(2024, 12, 12)),
        ("12 de\u0301c. 2024", date(2024, 12, 12)),
        ("3. Okt. 2024", date(2024, 10, 3)),
        ("4 SEPT 24", date(2024, 9, 4)),
        ("4Mar2024", date(2024, 3, 4)),
        ("12-Aug. ,   2024", date(2024, 8, 12)),
        ("2024-Mar-04", date(2024, 3, 4)),
        ("Mar. 4, 2024", date(2024, 3, 4)),
        ("04\u201303\u20132024", None),
        ("４．３．２０２４", date(2024, 3, 4)),
    ],
)
def test_it_reads(typed: str, day: date | None) -> None:
    assert read_date(typed).day == day


@pytest.mark.parametrize(
    ("typed", "order", "said"),
    [
        ("02/05/2018", "day/month", "2018-05-02"),
        ("02/05/2018", "month/day", "2018-02-05"),
        ("04-03-2024", "day/month", "2024-03-04"),
        ("04-03-24", "month/day", "2024-04-03"),
        ("02.05.2018", "month/day", "2018-05-02"),
        ("2018/02/05", "day/month", "2018-02-05"),
        ("6/8/2013", "", ""),
        ("04-03-2024", "", ""),
        ("13-03-24", "", ""),
        ("03/13/2019", "day/month", ""),
        ("13/03/2019", "month/day", ""),
    ],
)
def test_the_order_of_the_column_decides_what_may_be_either(typed: str, order: Order, said: str) -> None:
    assert read_date(typed, order).iso == said
    assert rewritten(typed, order) == (said or typed)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2013-08-06T10:30:00Z", "2013-08-06 10:30:00Z"),
        ("6.8.2013 9:05", "2013-08-06 09:05"),
        ("6.8.2013, um 9:05 Uhr", "2013-08-06 09:05"),
        ("13/03/2019 02:05 pm", "2019-03-13 14:05"),
        ("20240304 12:00 AM", "2024-03-04 00:00"),
        ("2024-03-04 10:30:00.250+01:00", "2024-03-04 10:30:00.250+01:00"),
        ("2024-12", "2024-12"),
        ("12/2024", "2024-12"),
        ("Dez. 2024", "2024-12"),
        ("diciembre de 2024", "2024-12"),
        ("41492", "2013-08-06"),
        ("(6.8.2013)", "(6.8.2013)"),
        ("NO CAL NEEDED", "NO CAL NEEDED"),
        ("31.2.2021", "31.2.2021"),
        ("6/8/2013", "6/8/2013"),
        ("", ""),
    ],
)
def test_it_is_rewritten_with_nothing_added_and_nothing_left_out(typed: str, said: str) -> None:
    assert rewritten(typed) == said
    assert rewritten(said) == said


def test_a_month_ends_with_its_last_day() -> None:
    reading = read_date("2024-02")

    assert (reading.day, reading.last_day) == (date(2024, 2, 1), date(2024, 2, 29))
    assert read_date("4.3.2024").last_day == date(2024, 3, 4)


@pytest.mark.parametrize(
    ("typed", "order", "why"),
    [
        ("31.2.2021", "", "February 2021 has 28 days"),
        ("31/02/2021", "day/month", "February 2021 has 28 days"),
        ("2024/13/01", "", "there is no month 13"),
        ("2024-00-01", "", "there is no month 0"),
        ("0.5.2020", "", "there is no day 0"),
        ("1.1.0000", "", "there is no year 0"),
        ("6 Foo 2013", "", "“foo” is no month"),
        ("6.8.2013 25:10", "", "there is no time 25:10"),
        ("6.8.2013 13:10 pm", "", "there is no time 13:10"),
        ("2024-12 10:00", "", "not a date"),
        ("03/13/2019", "day/month", "the column is day/month, and there is no month 13"),
        ("02/30/2021", "day/month", "there is no month 30"),
        ("6/8/2013", "", "day and month could be either way round"),
        ("04-03-24", "", "day, month and year could stand in any order"),
        ("ask Weber", "", "not a date"),
        ("1" * 101, "", "not a date"),
    ],
)
def test_what_is_no_date_says_why(typed: str, order: Order, why: str) -> None:
    assert (read_date(typed, order).kind, read_date(typed, order).why) == ("unreadable", why)


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
        ("2026-02", "", "overdue"),
        ("2026-03", "", "due soon"),
    ],
)
def test_how_a_record_stands(due: str, last: str, expected: str) -> None:
    assert status(read_date(due), read_date(last), TODAY) == expected
