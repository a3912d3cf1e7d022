"""Events as documents: what is read of them, and in which order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from bson.objectid import ObjectId
from pymongo.database import Database

from equipment.domain.life.event import Done
from equipment.domain.life.plan import Last
from equipment.store.life import events

Db = Database[dict[str, Any]]


def put(database: Db, thing: str, day: date, **given: Any) -> str:
    document = events.document(thing, f"ID {thing}", Done(**{"kind": "repair", "day": day, **given}), "tom")
    database[events.EVENTS].insert_one(document)
    return str(document["_id"])


def test_what_is_written_is_read(database: Db) -> None:
    done = Done("calibration", date(2026, 1, 31), "Ada", "adjusted", "120 EUR", "C-17", "warm", date(2027, 1, 31), "p")
    number = put(database, "1", done.day, **{name: value for name, value in vars(done).items() if name != "day"})

    event = events.find(database, number)

    assert event is not None and event.done == done
    assert (event.thing, event.name, event.by, event.struck, event.why) == ("1", "ID 1", "tom", None, "")
    assert events.find(database, "no number") is None and events.find(database, str(ObjectId())) is None


def test_the_newest_day_comes_first_whenever_it_was_written(database: Db) -> None:
    for day in (2, 3, 1):
        put(database, "1", date(2026, 1, day))
    put(database, "2", date(2026, 1, 9))

    assert [event.done.day.day for event in events.of_thing(database, "1")] == [3, 2, 1]
    assert [event.done.day.day for event in events.of_thing(database, "1", limit=1)] == [3]


def test_the_last_of_each_thing_kind_and_plan_counts_and_what_is_struck_out_does_not(database: Db) -> None:
    events.prepare(database)
    put(database, "1", date(2026, 1, 31), next_due=date(2026, 7, 31))
    put(database, "1", date(2026, 1, 1))
    put(database, "1", date(2026, 1, 2), plan="p")
    put(database, "2", date(2026, 1, 3))
    struck = put(database, "2", date(2026, 1, 4))
    database[events.EVENTS].update_one({"_id": ObjectId(struck)}, {"$set": {"struck": events.moments.now()}})

    found = sorted(events.lasts(database), key=lambda last: (last.thing, last.plan))

    assert found == [Last("1", "repair", "", date(2026, 1, 31), date(2026, 7, 31)),
                     Last("1", "repair", "p", date(2026, 1, 2)), Last("2", "repair", "", date(2026, 1, 3))]
    assert [last.thing for last in events.lasts(database, ["2"])] == ["2"]


@pytest.mark.parametrize("index", [["thing", "kind", "plan", "day", "_id"], ["thing", "day", "_id"], ["deed"]])
def test_what_is_asked_for_has_an_index(database: Db, index: list[str]) -> None:
    events.prepare(database)
    events.prepare(database)  # repeatable

    known = [[name for name, _ in each["key"]] for each in database[events.EVENTS].index_information().values()]
    assert index in known
