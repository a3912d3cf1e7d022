"""Which records the server's own deletion will take, as the server itself decides it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from bson import DatetimeMS, Int64, Timestamp
from pymongo.database import Database

from backup_engine.records.expiry import Rule, Tally, expires, rules

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = NOW - timedelta(hours=2), NOW - timedelta(minutes=30)
INDEX = {"v": 2, "key": {"when": 1}, "name": "when_1", "expireAfterSeconds": 3600}


def counted(documents: list[dict[str, Any]], *indexes: dict[str, Any], options: dict[str, Any] | None = None) -> Tally:
    tally = Tally(rules(indexes, options or {}), NOW)
    batches = [b"".join(map(bson.encode, documents))]
    assert list(tally.over(batches)) == batches
    return tally


@pytest.mark.parametrize(("value", "gone"), [
    (OLD, True), (NEW, False), (NOW - timedelta(hours=1), True), (DatetimeMS(-(2**63)), True),
    (DatetimeMS(253402300800000), False), ([NEW, OLD], True), ([NEW, "text"], False), ([], False), (None, False),
    ("2020-01-01", False), (0, False), (Timestamp(1, 1), False), ([[OLD]], False),
], ids=str)
def test_a_date_that_has_passed_counts_and_nothing_else(database: Database[Any], value: Any, gone: bool) -> None:
    tally = counted([{"_id": 1, "when": value}, {"_id": 2}], INDEX)
    database.records.insert_one({"when": value})
    database.records.create_index("when")

    assert sum(tally.counts.values()) == gone
    # the query of the server's TTL monitor
    latest = NOW - timedelta(seconds=3600)
    assert database.records.count_documents({"when": {"$gte": DatetimeMS(-(2**63)), "$lte": latest}}) == gone


@pytest.mark.parametrize(("document", "gone"), [
    ({"a": {"b": OLD}}, 1), ({"a": [{"b": NEW}, {"b": OLD}]}, 1), ({"a": [OLD, {"c": OLD}]}, 0), ({"a.b": OLD}, 0),
    ({"a": {"b": [NEW, OLD]}}, 1),
], ids=str)
def test_a_path_leads_into_documents_and_lists(document: dict[str, Any], gone: int) -> None:
    assert sum(counted([{"_id": 1, **document}], {**INDEX, "key": {"a.b": 1}}).counts.values()) == gone


def test_every_rule_is_told_with_its_number() -> None:
    seen = {**INDEX, "key": {"seen": 1}, "name": "seen_1", "partialFilterExpression": {"n": 1}}
    documents = [{"_id": 1, "when": OLD, "seen": OLD}, {"_id": 2, "seen": OLD}, {"_id": 3, "when": NEW}]
    tally = counted(documents, INDEX, seen)

    assert tally.sentences("Equipment") == (
        "1 records of Equipment carry a date that has passed for the index when_1: MongoDB deletes them within a "
        "minute or so",
        "up to 2 records of Equipment carry a date that has passed for the index seen_1: MongoDB deletes them within a "
        "minute or so",
    )


def test_a_clustered_collection_expires_by_its_id() -> None:
    options = {"clusteredIndex": {"key": {"_id": 1}, "unique": True}, "expireAfterSeconds": Int64(3600)}

    tally = counted([{"_id": OLD}, {"_id": NEW}, {"_id": 1}], options=options)

    assert tally.counts == {Rule("the clustered index", (b"_id",), 3600.0): 1}


def test_indexes_that_delete_nothing_are_no_rules() -> None:
    ordinary = {"v": 2, "key": {"when": 1}, "name": "when_1"}

    assert [expires(index) for index in (ordinary, INDEX)] == [False, True]
    assert rules([ordinary, {**INDEX, "expireAfterSeconds": float("nan")}], {"expireAfterSeconds": 5}) == ()
