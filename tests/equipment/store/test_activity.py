"""The log keeps who, when, from where, what; nothing in the program changes an entry."""

from __future__ import annotations

import ast
import inspect
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from equipment.store import activity, moments
from equipment.store.access import Who
from equipment.store.activity import ACTIVITY, Change, Filter

Db = Database[dict[str, Any]]
EVE = Who("0" * 64, "eve", "192.0.2.7")
BOB = Who("1" * 64, "bob", "192.0.2.8")


def test_an_entry_holds_everything(database: Db) -> None:
    started = moments.now()

    activity.record(database, EVE, "records.edit", "record:7", before={"Vendor": "A"}, after={"Vendor": "B"}, note="x")

    (entry,) = activity.find(database)
    del entry["_id"]
    assert started <= entry.pop("at") <= moments.now()
    assert entry == {"who": "eve", "address": "192.0.2.7", "action": "records.edit", "target": "record:7",
                     "before": {"Vendor": "A"}, "after": {"Vendor": "B"}, "note": "x", "begins": True}


def test_newest_first_and_in_pages(database: Db) -> None:
    for number in range(25):
        activity.record(database, EVE, "records.edit", f"record:{number}")

    page = activity.find(database, limit=10, skip=10)

    assert [entry["target"] for entry in page] == [f"record:{number}" for number in range(14, 4, -1)]
    assert activity.count(database) == 25


@pytest.mark.parametrize(("chosen", "expected"), [
    (Filter(), ["c", "b", "a"]),
    (Filter(names=("eve",)), ["c", "a"]),
    (Filter(actions=("records.",)), ["b", "a"]),
    (Filter(actions=("records.add", "user.")), ["c", "b"]),
    (Filter(target="b"), ["b"]),
    (Filter(text="HELLO"), ["c"]),
    (Filter(text="cafe, müller"), ["c"]),
    (Filter(text=".*"), []),
    (Filter(actions=(".*",)), []),
])
def test_filters(database: Db, chosen: Filter, expected: list[str]) -> None:
    activity.record(database, EVE, "records.edit", "a")
    activity.record(database, BOB, "records.add", "b")
    activity.record(database, EVE, "user.role", "c", note="hello Caf\u00e9, Mu\u0308ller")

    assert [entry["target"] for entry in activity.find(database, chosen)] == expected


def test_a_span_of_time(database: Db) -> None:
    activity.record(database, EVE, "records.edit", "a")
    now, hour = moments.now(), timedelta(hours=1)

    assert activity.count(database, Filter(since=now - hour, until=now + hour)) == 1
    assert activity.count(database, Filter(since=now + hour)) == 0
    assert activity.count(database, Filter(until=now - hour)) == 0


def test_it_joins_a_transaction(database: Db) -> None:
    activity.prepare(database)
    with database.client.start_session() as session:
        session.start_transaction()
        activity.record_many(database, EVE, "records.edit", [Change("a"), Change("b")], session=session)
        session.abort_transaction()

    assert activity.count(database) == 0


def test_a_change_too_large_to_keep_is_still_noted(database: Db) -> None:
    activity.record(database, EVE, "records.edit", "a", before={"x": "y" * 9_000_000}, after={"x": 1})

    (entry,) = activity.find(database)
    assert entry["before"]["bytes"] > 9_000_000


def test_odd_field_names_are_kept(database: Db) -> None:
    odd = {"$x": 1, "a.b": {"": 2}}

    activity.record(database, EVE, "records.edit", "a", before=odd)

    assert activity.find(database)[0]["before"] == odd


def test_retention_is_switched_changed_and_switched_off(database: Db) -> None:
    spans = []
    for days in (0, 30, 30, 90, 0):
        activity.prepare(database, retention_days=days)
        spans.append(database[ACTIVITY].index_information().get("retention", {}).get("expireAfterSeconds"))

    assert spans == [None, 30 * 86400, 30 * 86400, 90 * 86400, None]


def test_of_target_uses_an_index(database: Db) -> None:
    activity.prepare(database)

    plan = database[ACTIVITY].find({"target": "a"}).sort([("at", -1), ("_id", -1)]).explain()

    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])


def test_nothing_in_the_module_changes_an_entry() -> None:
    called = {node.attr for node in ast.walk(ast.parse(inspect.getsource(activity))) if isinstance(node, ast.Attribute)}

    assert not {name for name in called if name.startswith(("update", "delete", "replace", "find_one_and"))}
