"""Plans as documents, and making, changing and ending them.

One document a plan: ``{_id, kind, every, unit, start, what, thing, category, name, by, at, changed?, ended?,
ended_by?}``. A plan that ended stays: events name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from bson.objectid import ObjectId
from pymongo import ASCENDING

from backup_engine.errors import BadInput
from equipment.domain.life.plan import Plan, Rhythm, clean, in_words
from equipment.domain.record import name_of
from equipment.store import activity, moments
from equipment.store.access import Db, Who, require
from equipment.store.list import keys, records

__all__ = ["MOST_PLANS", "PLANS", "RIGHT", "add", "change", "end", "find", "listed", "of_thing", "plan_of", "prepare"]

PLANS: Final = "equipment_plans"
RIGHT: Final = "plans.manage"
MOST_PLANS: Final = 1_000
"""That go on; each is worked out at every look at what is due."""
_GOES_ON: Final[Mapping[str, Any]] = {"ended": None}


def prepare(db: Db) -> None:
    """Create the indexes."""
    db[PLANS].create_index([("ended", ASCENDING), ("_id", ASCENDING)])


def listed(db: Db, *, ended: bool = False) -> list[Plan]:
    """Give the plans that go on, or those that ended, in the order in which they were made."""
    where = {"ended": {"$ne": None}} if ended else dict(_GOES_ON)
    return [plan_of(found) for found in db[PLANS].find(where).sort("_id", ASCENDING).limit(MOST_PLANS)]


def of_thing(db: Db, thing: str, category: str) -> list[Plan]:
    """Give the plans that go on and are for a thing that has this category, its own ones first."""
    found = [plan for plan in listed(db) if plan.is_for(thing, category)]
    return sorted(found, key=lambda plan: not plan.rhythm.thing)


def find(db: Db, number: str) -> Plan | None:
    """Give one plan; None when there is none of that number."""
    if not ObjectId.is_valid(number):
        return None
    found = db[PLANS].find_one({"_id": ObjectId(number)})
    return plan_of(found) if found else None


def add(db: Db, who: Who, rhythm: Rhythm) -> Plan:
    """Make a plan. Raises ``BadInput`` for one that cannot be, for a thing that is gone, and for too many of them."""
    require(db, who, RIGHT)
    rhythm = clean(rhythm)
    entry = records.get(db, rhythm.thing) if rhythm.thing else None
    if rhythm.thing and entry is None:
        raise BadInput("This thing is not in the list any more.")
    if db[PLANS].count_documents(dict(_GOES_ON)) >= MOST_PLANS:
        raise BadInput(f"At most {MOST_PLANS:,} plans.", hint="One plan for a category does for all of it.")
    document = {"_id": ObjectId(), **_fields(rhythm), "name": name_of(entry.record) if entry else "", "by": who.name,
                "at": moments.now()}
    db[PLANS].insert_one(document)
    return _told(db, who, "plans.add", plan_of(document))


def change(db: Db, who: Who, seen: Plan, rhythm: Rhythm) -> Plan:
    """Change a plan as it was seen; for what it is stays. Raises ``BadInput`` as ``add`` does, and when somebody else
    has changed or ended it meanwhile."""
    require(db, who, RIGHT)
    rhythm = clean(rhythm)
    if (rhythm.thing, rhythm.category) != (seen.rhythm.thing, seen.rhythm.category):
        raise BadInput("A plan stays with what it is for.", hint="End it, and make another one.")
    as_seen = {"_id": ObjectId(seen.number), **_fields(seen.rhythm), **_GOES_ON}
    after = {"$set": {**_fields(rhythm), "changed": moments.now(), "changed_by": who.name}}
    if db[PLANS].find_one_and_update(as_seen, after) is None:
        raise BadInput("Somebody else has just changed or ended this plan.", hint="Look at it again.")
    return _told(db, who, "plans.change", _known(db, seen.number))


def end(db: Db, who: Who, number: str) -> Plan:
    """Let a plan ask for nothing any more. Raises ``BadInput`` when it has ended already."""
    require(db, who, RIGHT)
    over = {"$set": {"ended": moments.now(), "ended_by": who.name}}
    if db[PLANS].find_one_and_update({"_id": ObjectId(_known(db, number).number), **_GOES_ON}, over) is None:
        raise BadInput("This plan has ended already.")
    return _told(db, who, "plans.end", _known(db, number))


def plan_of(found: Mapping[str, Any]) -> Plan:
    """Read a document."""
    rhythm = Rhythm(found["kind"], found["every"], found["unit"], date.fromisoformat(found["start"]), found["what"],
                    found["thing"], found["category"])
    ended = found.get("ended")
    return Plan(str(found["_id"]), rhythm, found["name"], found["by"], moments.aware(found["at"]),
                moments.aware(ended) if ended else None, found.get("ended_by", ""))


def _fields(rhythm: Rhythm) -> dict[str, Any]:
    return {"kind": rhythm.kind, "every": rhythm.every, "unit": rhythm.unit, "start": rhythm.start.isoformat(),
            "what": rhythm.what, "thing": rhythm.thing, "category": rhythm.category}


def _told(db: Db, who: Who, action: str, plan: Plan) -> Plan:
    rhythm = plan.rhythm
    target = keys.target(rhythm.thing) if rhythm.thing else f"category:{rhythm.category}"
    activity.record(db, who, action, target, note=in_words(plan))
    return plan


def _known(db: Db, number: str) -> Plan:
    plan = find(db, number)
    if plan is None:
        raise BadInput("There is no such plan.", hint="Look at the list again.")
    return plan
