"""Deeds of the activity log, found, counted and paged by the database: one a row, however many records it touched.

Entries of a deed name the first one (``activity.FOLLOWS``, ``BEGINS``). Those from before do not: what the same
person did by the same action in the same millisecond is one deed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from equipment.store import moments
from equipment.store.access import Db
from equipment.store.activity import ACTIVITY, BEGINS, FOLLOWS, Filter

__all__ = ["MOST", "Deed", "Found", "page", "parts", "size"]

MOST: Final = 10_000
"""Entries that one look goes through, newest first: the same work with 1,000,000 entries as with these. Grouping all of
1,000,000 took MongoDB 5 s. What is older is found by its time, and the file holds it all."""
NEWEST_FIRST: Final = (("at", -1), ("_id", -1))


@dataclass(frozen=True)
class Deed:
    """One deed by its first entry."""

    entry: dict[str, Any]
    entries: int
    """How many entries it has; with a filter by record or text, how many of them match."""


@dataclass(frozen=True)
class Found:
    """One page of deeds, newest first."""

    deeds: list[Deed]
    total: int
    more: bool
    """Whether there are older ones than one look goes through."""


def page(db: Db, chosen: Filter, *, number: int = 1, size: int = 100) -> Found:
    """Give page *number* (1 is the first) of the deeds that *chosen* lets through."""
    narrow = _is_about_entries(chosen)
    where = chosen.query() if narrow else chosen.query() | {FOLLOWS: None}
    log = db[ACTIVITY]
    looked: list[dict[str, Any]] = [{"$match": where}, {"$sort": dict(NEWEST_FIRST)}, {"$limit": MOST + 1}]
    grouped: list[dict[str, Any]] = [
        # Of their own, and not within the groups: MongoDB 6.0 answers that with "undefined slot accessor".
        {"$project": {"at": 1, "who": 1, "action": 1, "deed": {
            "$ifNull": [f"${FOLLOWS}", {"$cond": [{"$eq": [f"${BEGINS}", True]}, "$_id", None]}]}}},
        {"$group": {"_id": {"at": "$at", "who": "$who", "action": "$action", "deed": "$deed"}, "at": {"$first": "$at"},
                    "deed": {"$first": "$deed"}, "first": {"$min": "$_id"}, "entries": {"$sum": 1}}},
        {"$project": {"at": 1, "entries": 1, "deed": {"$ifNull": ["$deed", "$first"]}}},
        {"$group": {"_id": "$deed", "at": {"$max": "$at"}, "entries": {"$sum": "$entries"}}},
    ]
    # Both at once: a text that is nowhere is looked for in every entry, in 1,000,000 for some seconds.
    at_once = {"$facet": {
        "rows": [{"$sort": dict(NEWEST_FIRST)}, {"$skip": (max(1, number) - 1) * size}, {"$limit": size}],
        "all": [{"$group": {"_id": None, "deeds": {"$sum": 1}, "entries": {"$sum": "$entries"}}}]}}
    (answer,) = log.aggregate([*looked, *grouped, at_once], allowDiskUse=True)
    rows = answer["rows"]
    counted = next(iter(answer["all"]), {"deeds": 0, "entries": 0})
    firsts = {entry["_id"]: entry for entry in log.find({"_id": {"$in": [row["_id"] for row in rows]}})}
    following = {} if narrow else _following(db, list(firsts))
    deeds = [Deed(_aware(firsts[row["_id"]]), row["entries"] + following.get(row["_id"], 0))
             for row in rows if row["_id"] in firsts]
    return Found(deeds, min(MOST, int(counted["deeds"])), counted["entries"] > MOST)


def parts(db: Db, first: dict[str, Any], *, skip: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """Give the entries of the deed that begins with *first*, in the order in which they were written."""
    cursor = db[ACTIVITY].find(_of_deed(first)).sort([("at", 1), ("_id", 1)])
    return [_aware(entry) for entry in cursor.skip(skip).limit(limit)]


def size(db: Db, first: dict[str, Any]) -> int:
    """Count the entries of the deed that begins with *first*."""
    return db[ACTIVITY].count_documents(_of_deed(first))


def _of_deed(first: dict[str, Any]) -> dict[str, Any]:
    if first.get(BEGINS):
        return {"$or": [{"_id": first["_id"]}, {FOLLOWS: first["_id"]}]}
    return {"at": first["at"], "who": first["who"], "action": first["action"], FOLLOWS: None, BEGINS: None}


def _is_about_entries(chosen: Filter) -> bool:
    return bool(chosen.text or chosen.target or chosen.targets is not None)


def _following(db: Db, firsts: Sequence[Any]) -> dict[Any, int]:
    """Count what follows each of these first entries."""
    counted = db[ACTIVITY].aggregate([
        {"$match": {FOLLOWS: {"$in": list(firsts)}}}, {"$group": {"_id": f"${FOLLOWS}", "n": {"$sum": 1}}}])
    return {row["_id"]: int(row["n"]) for row in counted}


def _aware(entry: dict[str, Any]) -> dict[str, Any]:
    at: datetime = moments.aware(entry["at"])
    return entry | {"at": at}
