"""Plans: made, changed and ended, by whom, and against what others did meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput, PermissionDenied
from equipment.domain.life.plan import Rhythm
from equipment.store import activity
from equipment.store.access import Who
from equipment.store.life import plans
from equipment.store.list import keys
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
PUMPS = Rhythm("maintenance", 6, "months", date(2026, 1, 31), "Change the filter", category="Pump")


@pytest.fixture
def who(database: Db) -> Who:
    plans.prepare(database)
    database["Equipment"].insert_one({"_id": 1, "ID": 1, "Vendor": "Acme", "Category": " pump"})
    return signed_in(database, "manager", "mia")


def of_one() -> Rhythm:
    return replace(PUMPS, category="", thing=keys.key_of_id(1))


def test_a_plan_is_made_read_and_told(database: Db, who: Who) -> None:
    made, one = plans.add(database, who, PUMPS), plans.add(database, who, of_one())

    assert plans.listed(database) == [made, one] and plans.find(database, made.number) == made
    assert (made.rhythm, made.name, made.by, one.name) == (PUMPS, "", "mia", "ID 1 · Acme")
    [said] = activity.of_target(database, "category:Pump")
    assert (said["action"], said["before"], said["after"]) == ("plans.add", None, None)
    assert activity.of_target(database, keys.target(keys.key_of_id(1)))[0]["note"].endswith("of ID 1 · Acme")


def test_those_of_a_thing_are_its_own_and_those_of_its_category(database: Db, who: Who) -> None:
    made, one = plans.add(database, who, PUMPS), plans.add(database, who, of_one())

    assert plans.of_thing(database, keys.key_of_id(1), " pump") == [one, made]
    assert plans.of_thing(database, "another", "PUMP") == [made] and plans.of_thing(database, "another", "") == []


def test_what_it_is_for_stays_and_the_rest_is_changed(database: Db, who: Who) -> None:
    seen = plans.add(database, who, PUMPS)

    changed = plans.change(database, who, seen, replace(PUMPS, every=12))

    assert changed.rhythm.every == 12 and plans.listed(database) == [changed]
    with pytest.raises(BadInput, match="stays with what it is for"):
        plans.change(database, who, changed, of_one())
    with pytest.raises(BadInput, match="Somebody else"):
        plans.change(database, who, seen, replace(PUMPS, every=3))
    assert plans.listed(database) == [changed]


def test_an_ended_plan_stays_to_be_read_and_is_neither_ended_nor_changed_again(database: Db, who: Who) -> None:
    seen = plans.add(database, who, PUMPS)

    ended = plans.end(database, who, seen.number)

    assert ended.ended and ended.ended_by == "mia"
    assert plans.listed(database) == [] and plans.listed(database, ended=True) == [ended]
    with pytest.raises(BadInput, match="ended already"):
        plans.end(database, who, seen.number)
    with pytest.raises(BadInput, match="Somebody else"):
        plans.change(database, who, seen, PUMPS)
    with pytest.raises(BadInput, match="no such plan"):
        plans.end(database, who, "none")


def test_what_cannot_be_planned_is_not(database: Db, who: Who, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="Every 1 to"):
        plans.add(database, who, replace(PUMPS, every=0))
    with pytest.raises(BadInput, match="not in the list any more"):
        plans.add(database, who, replace(of_one(), thing="gone"))
    monkeypatch.setattr(plans, "MOST_PLANS", 0)
    with pytest.raises(BadInput, match="At most"):
        plans.add(database, who, PUMPS)
    assert database[plans.PLANS].count_documents({}) == 0


@pytest.mark.parametrize("role", ["user", "technician"])
def test_only_managers_and_above_plan(database: Db, who: Who, role: Any) -> None:
    seen, other = plans.add(database, who, PUMPS), signed_in(database, role, "tom")

    for deed in (lambda: plans.add(database, other, PUMPS), lambda: plans.end(database, other, seen.number),
                 lambda: plans.change(database, other, seen, replace(PUMPS, every=1))):
        with pytest.raises(PermissionDenied):
            deed()
    assert plans.listed(database) == [seen]
