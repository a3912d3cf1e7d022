"""What is due for calibration."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from equipment.domain import calibration
from equipment.domain.calibration import Item
from equipment.domain.values.fields import DATES, Date
from equipment.index.sheet import Sheet

TODAY = date(2026, 3, 10)


def sheet(*due: str, last: str = "") -> Sheet:
    numbers, count = [str(number) for number in range(len(due))], len(due)
    return Sheet.of([(numbers, {"ID": numbers, "Vendor": ["Acme"] * count, "Model": ["X"] * count,
                                "Last Cal Date": [last] * count, "Next Cal Date": list(due)})])


def listed(*due: str, last: str = "") -> list[Item]:
    made = sheet(*due, last=last)
    return calibration.items(made, {}, TODAY, made.rows())


def test_every_record_has_a_status() -> None:
    items = listed("1.3.2026", "20.3.2026", "1.1.2027", "NO CAL NEEDED", "", "6/8/2013")

    assert [item.status for item in items] == [
        "overdue", "due soon", "fine", "not needed", "no date", "cannot read"
    ]
    assert items[5].why
    assert items[0].name == "Acme X"


def test_every_status_is_counted_as_the_records_have_it() -> None:
    texts = ("1.3.2026", "2.3.2026", "1.1.2027", "", "6/8/2013")

    assert sheet(*texts).by_status({}, TODAY) == {
        "overdue": 2, "due soon": 0, "fine": 1, "not needed": 0, "no date": 1, "cannot read": 1
    }
    assert sheet(*texts, last="NO CAL NEEDED").by_status({}, TODAY)["not needed"] == 1


def test_what_cannot_be_read_is_listed_with_the_reason() -> None:
    [item] = calibration.unreadable(sheet("1.3.2026", "", "6/8/2013"), {}, TODAY)

    assert (item.key, item.next, item.status) == ("2", "6/8/2013", "cannot read")
    assert item.why


def test_days_are_counted() -> None:
    assert calibration.days_due(sheet("1.3.2026", "2026-03-01", "2026-04", "x"), {}) == {
        date(2026, 3, 1): 2, date(2026, 4, 30): 1}


def test_the_most_urgent_comes_first_and_the_last_day_counts() -> None:
    due = calibration.due_within(sheet("9.4.2026", "10.4.2026", "1.1.2020", "nonsense"), {}, TODAY, 30)

    assert [item.next for item in due] == ["1.1.2020", "9.4.2026"]


def test_a_month_is_laid_out_in_whole_weeks() -> None:
    weeks = calibration.month(sheet("31.3.2026", "31.3.2026", "1.5.2026"), {}, TODAY, 2026, 3)

    assert [len(week) for week in weeks] == [7] * 6
    assert weeks[0][0][0] == date(2026, 2, 23)
    assert {day: len(items) for week in weeks for day, items in week if items} == {date(2026, 3, 31): 2}


def test_each_column_is_read_in_its_own_order() -> None:
    types = {"Next Cal Date": DATES["month/day"], "Last Cal Date": DATES["day/month"]}
    made = sheet("03/05/2026", "13/03/2026", "2026-03")
    items = calibration.items(made, types, TODAY, made.rows())

    assert [(item.day, item.status) for item in items] == [
        (date(2026, 3, 5), "overdue"), (None, "cannot read"), (date(2026, 3, 31), "due soon")]
    assert items[1].why == "the column is month/day, and there is no month 13"


@pytest.mark.parametrize(("last", "due", "months"), [
    ("6.8.2024", "6.8.2025", 12), ("2024-01-31", "2024-07-31", 6), ("1.2.2020", "1.2.2023", 36),
    ("5.5.2024", "7.5.2024", 1),
    ("", "6.8.2025", None), ("NO CAL NEEDED", "", None), ("6.8.2025", "6.8.2024", None), ("6/8/2024", "6.8.2025", None),
])
def test_the_interval_is_what_a_records_own_dates_say(last: str, due: str, months: int | None) -> None:
    assert calibration.interval(last, due, (Date(), Date())) == months


@pytest.mark.parametrize(("day", "months", "then"), [
    (date(2026, 11, 28), 12, date(2027, 11, 28)), (date(2024, 2, 29), 12, date(2025, 2, 28)),
    (date(2026, 8, 31), 6, date(2027, 2, 28)), (date(2026, 12, 1), 1, date(2027, 1, 1)),
])
def test_the_next_date_is_the_same_day_of_a_later_month(day: date, months: int, then: date) -> None:
    assert calibration.after_months(day, months) == then


@pytest.mark.parametrize(("days", "words"), [
    (-379, "379 days overdue"), (-1, "1 day overdue"), (0, "due today"), (1, "due in 1 day"), (30, "due in 30 days"),
])
def test_how_long_something_is_due_is_said_in_words(days: int, words: str) -> None:
    today = date(2026, 11, 28)

    assert calibration.due_in_words(today + timedelta(days=days), today) == words
    assert calibration.due_in_words(None, today) == ""
