"""Plans: what may be planned, and when it is due."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from backup_engine.errors import BadInput
from equipment.domain.life.plan import Last, Plan, Rhythm, clean, due, in_words, next_day

START = date(2026, 1, 31)


def rhythm(**given: Any) -> Rhythm:
    return Rhythm(**{"kind": "maintenance", "every": 6, "unit": "months", "start": START, "thing": "1", **given})


def plan(number: str = "p", name: str = "ID 1", **given: Any) -> Plan:
    return Plan(number, rhythm(**given), name, "tom", datetime(2026, 1, 1, tzinfo=UTC))


def last(day: date, **given: Any) -> Last:
    return Last(**{"thing": "1", "kind": "maintenance", "plan": "", "day": day, **given})


@pytest.mark.parametrize(("every", "unit", "day", "after"), [
    (1, "months", date(2026, 1, 31), date(2026, 2, 28)), (1, "months", date(2028, 1, 31), date(2028, 2, 29)),
    (12, "months", date(2028, 2, 29), date(2029, 2, 28)), (6, "months", date(2026, 8, 31), date(2027, 2, 28)),
    (1, "months", date(2026, 12, 15), date(2027, 1, 15)), (30, "days", date(2026, 1, 31), date(2026, 3, 2)),
    (1, "days", date(2026, 12, 31), date(2027, 1, 1)), (240, "months", date(9000, 12, 31), date(9020, 12, 31)),
])
def test_so_much_later_and_of_a_shorter_month_its_last_day(every: int, unit: Any, day: date, after: date) -> None:
    assert next_day(rhythm(every=every, unit=unit), day) == after


def test_what_was_never_done_is_due_on_the_day_the_plan_begins() -> None:
    assert due(plan(), []) == (START, None)
    assert due(plan(), [last(START, kind="repair"), last(START, plan="another")]) == (START, None)


def test_it_is_due_an_interval_after_the_last_event_that_counts() -> None:
    before, after = last(date(2026, 3, 31)), last(date(2026, 8, 31), plan="p")

    assert due(plan(), [after, before]) == (date(2027, 2, 28), date(2026, 8, 31))
    assert due(plan("q"), [after, before]) == (date(2026, 9, 30), date(2026, 3, 31)), "what is of another plan is not"


def test_a_day_that_the_event_names_itself_is_the_day() -> None:
    assert due(plan(), [last(date(2026, 3, 31), next_due=date(2026, 5, 1))])[0] == date(2026, 5, 1)


@pytest.mark.parametrize(("given", "words"), [
    ({"kind": "party"}, "Say what is"), ({"every": 0}, "Every 1 to 240 months"), ({"every": 241}, "Every 1 to 240"),
    ({"unit": "days", "every": 7_301}, "Every 1 to 7,300 days"), ({"unit": "weeks"}, "of months or of days"),
    ({"start": date(9500, 1, 1)}, "too far away"), ({"thing": ""}, "Say for what"),
    ({"category": "Pump"}, "Say for what"), ({"what": "a\nb"}, "What: one line"),
    ({"what": "x" * 101}, "What: at most"),
    ({"thing": "", "category": "x" * 101}, "Category: at most"),
])
def test_what_cannot_be_planned_says_why(given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        clean(rhythm(**given))


def test_all_faults_are_said_at_once_and_spaces_go() -> None:
    with pytest.raises(BadInput) as raised:
        clean(rhythm(every=0, thing="", what="x" * 101))
    assert all(words in raised.value.message for words in ("Every 1", "Say for what", "What"))
    assert clean(rhythm(what=" Change  the filter ")).what == "Change the filter"
    assert clean(rhythm(thing="", category=" Pump ")).category == "Pump"


def test_it_is_for_one_thing_or_for_a_category_however_it_is_spelt() -> None:
    pumps = plan(thing="", category="Pompe à vide")

    assert plan().is_for("1", "") and not plan().is_for("2", "")
    assert pumps.is_for("9", " pompe a VIDE ") and not pumps.is_for("9", "Pompe") and not pumps.is_for("9", "")


def test_it_is_said_in_one_line() -> None:
    assert in_words(plan()) == "Maintenance every 6 months, of ID 1"
    assert in_words(plan(name="", thing="", category="Pump", every=1, what="Change the filter")) == (
        "Change the filter (maintenance) every month, of everything in Pump")
