"""The change stream shows every write to the live collections, up to the swap and not beyond."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine.errors import RestoreStopped
from backup_engine.records import raw
from backup_engine.replacing import journal, swap
from backup_engine.replacing.capture import Capture
from backup_engine.replacing.journal import Entry, Swap

Doc = dict[str, Any]


@contextmanager
def capturing(database: Database[Doc], **more: Any) -> Iterator[Capture]:
    swaps = (Swap("equipment", "live", "stage"), Swap("options", "other", "other_stage"))
    entry = Entry("e1", "replace", "b", "l", "", datetime.now(UTC), swaps)
    if not database[journal.COLLECTION].count_documents({}):
        journal.start(database, entry)
    with Capture(database, swaps, "e1", **more) as capture:
        yield capture


def _id(value: Any) -> bytes:
    return raw.element_of(value)


def test_everything_before_a_fence_has_come_by(database: Database[Doc]) -> None:
    database.live.insert_many([{"_id": n} for n in range(3)])
    with capturing(database) as capture:
        database.live.update_one({"_id": 0}, {"$set": {"a": 1}})
        database.live.delete_one({"_id": 1})
        database.other.insert_one({"_id": "o"})
        instant = capture.fence()
        database.live.insert_one({"_id": 9})
        second = capture.fence()

        before, between = capture.take(instant), capture.take(second)

    assert {(event.key, event.kind, event.identity) for event in before} == {
        ("equipment", "update", _id(0)), ("equipment", "delete", _id(1)), ("options", "insert", _id("o"))}
    assert [(event.identity, event.document) for event in between] == [(_id(9), bson.encode({"_id": 9}))]


def test_writes_to_the_new_collection_are_not_taken_for_late_ones(database: Database[Doc]) -> None:
    database.live.insert_one({"_id": 1})
    database.stage.insert_one({"_id": 2})
    with capturing(database) as capture:
        capture.fence()
        database.live.delete_one({"_id": 1})
        swap.rename(database, Swap("equipment", "live", "stage"))
        database.live.insert_one({"_id": 3})
        capture.await_swaps(["equipment"])
        capture.fence()

        events = capture.take()

    assert [(event.kind, event.identity) for event in events] == [("delete", _id(1))]


def test_goes_on_from_an_instant_after_a_crash(database: Database[Doc]) -> None:
    with capturing(database) as capture:
        instant = capture.fence()
        database.live.insert_one({"_id": 1, "late": True})

    with capturing(database, since=instant) as again:
        again.fence()
        events = again.take()

    assert [event.document for event in events if event.time > instant] == [bson.encode({"_id": 1, "late": True})]


@pytest.mark.parametrize("move", ["drop", "rename"])
def test_a_collection_moved_by_someone_else_stops(database: Database[Doc], move: str) -> None:
    database.live.insert_one({"_id": 1})
    with capturing(database) as capture:
        database.live.drop() if move == "drop" else database.live.rename("elsewhere")

        with pytest.raises(RestoreStopped, match="dropped or renamed by someone else"):
            capture.fence()


def test_a_stream_that_lags_behind_stops(database: Database[Doc], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backup_engine.replacing.capture.PATIENCE", 0.2)
    with capturing(database) as capture:
        monkeypatch.setattr(capture, "_note", lambda change: None)

        with pytest.raises(RestoreStopped, match="does not keep up"):
            capture.fence()
