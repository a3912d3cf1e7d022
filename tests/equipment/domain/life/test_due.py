"""Due work: what is asked for by the records' own dates, by plans and by events, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from equipment.domain.life.due import Due, due_work, of_plans, rows_of
from equipment.domain.life.plan import Last, Plan, Rhythm
from equipment.index.sheet import Sheet

TODAY = date(2026, 3, 10)
AT = datetime(2026, 1, 1, tzinfo=UTC)
SHEET = Sheet.of([(["a", "b", "c", "d"], {
    "ID": ["1", "2", "3", "4"], "Vendor": ["Acme"] * 4, "Model": ["P1", "P2", "X", ""],
    "Category": ["Pump", " pump ", "Meter", ""], "Location": ["Room 3", "", "", ""],
    "Last Cal Date": ["2025-03-01", "", "", "NO CAL NEEDED"],
    "Next Cal Date": ["2026-03-01", "", "NO CAL NEEDED", "6/8/2013"]})])


def plan(number: str = "p", **given: Any) -> Plan:
    category = "" if "thing" in given else "PUMP"
    rhythm = Rhythm(**{"kind": "maintenance", "every": 6, "unit": "months", "start": date(2026, 3, 20),
                       "category": category, **given})
    return Plan(number, rhythm, "", "tom", AT)


def last(thing: str, day: date, **given: Any) -> Last:
    return Last(**{"thing": thing, "kind": "maintenance", "plan": "", "day": day, **given})


def asked(plans: Sequence[Plan] = (), lasts: Sequence[Last] = (), days: int = 30) -> list[tuple[str, str, date]]:
    return [(due.thing, due.title, due.day) for due in due_work(SHEET, {}, plans, lasts, TODAY, days)]


OWN = ("a", "Calibration", date(2026, 3, 1))


def test_a_record_asks_by_its_own_date_and_says_when_it_was_last() -> None:
    assert due_work(SHEET, {}, [], [], TODAY, 30) == [
        Due("a", "1", "Acme P1", "Room 3", "calibration", "Calibration", date(2026, 3, 1), date(2025, 3, 1))]


def test_a_plan_of_a_category_asks_for_each_of_it_however_it_is_spelt() -> None:
    assert asked([plan(what="Oil")]) == [OWN, ("a", "Oil", date(2026, 3, 20)), ("b", "Oil", date(2026, 3, 20))]
    assert SHEET.keys(rows_of(SHEET, plan())) == ["a", "b"] and SHEET.keys(rows_of(SHEET, plan(thing="c"))) == ["c"]


def test_what_was_done_moves_the_day_and_the_most_urgent_comes_first() -> None:
    done = [last("b", date(2025, 8, 31)), last("a", date(2026, 3, 9))]

    assert asked([plan()], done) == [("b", "Maintenance", date(2026, 2, 28)), OWN]
    assert asked([plan()], done, days=365)[-1] == ("a", "Maintenance", date(2026, 9, 9))


def test_a_plan_that_ended_asks_for_nothing_and_neither_does_one_of_a_thing_that_is_gone() -> None:
    ended = Plan("p", plan().rhythm, "", "tom", AT, ended=AT)

    assert asked([ended, plan("q", thing="gone")]) == [OWN]


def test_a_plan_for_calibrations_asks_only_where_the_record_says_nothing() -> None:
    calibrations = [plan(kind="calibration"), plan("q", kind="calibration", thing="c"),
                    plan("r", kind="calibration", thing="d")]

    assert asked(calibrations) == [OWN, ("b", "Calibration", date(2026, 3, 20))]


def test_a_day_that_the_last_event_names_counts_where_no_plan_looks_after_it() -> None:
    named = [last("c", date(2026, 1, 1), next_due=date(2026, 3, 12)),
             last("d", date(2026, 1, 1), next_due=date(2026, 3, 12)), last("d", date(2026, 2, 1))]

    assert asked([], named) == [OWN, ("c", "Maintenance", date(2026, 3, 12))]
    assert asked([plan(thing="c")], named) == [OWN, ("c", "Maintenance", date(2026, 3, 12))], "the plan takes it over"
    assert asked([], [last("c", date(2026, 1, 1), kind="calibration", next_due=TODAY)]) == [OWN]
    assert asked([], [last("gone", date(2026, 1, 1), next_due=TODAY)]) == [OWN]


def test_a_span_leaves_out_what_is_before_and_after_it() -> None:
    plans = [plan(start=date(2026, 3, 1)), plan("q", thing="c", start=date(2026, 4, 1))]

    found = of_plans(SHEET, {}, plans, [], date(2026, 3, 1), date(2026, 3, 31))

    assert [(due.thing, due.plan) for due in found] == [("a", "p"), ("b", "p")]


def test_a_thing_is_called_by_its_number_and_what_it_is() -> None:
    whole = Due("a", "1", "Acme P1", "", "other", "Other", TODAY)

    assert (whole.called, Due("a", "", "", "", "other", "Other", TODAY).called) == ("ID 1 · Acme P1", "record")
