"""The journal says what was under way, and what Undo would take back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import mongomock
import pytest
from bson import Timestamp
from pymongo.database import Database

from backup_engine.replacing import journal
from backup_engine.replacing.journal import Entry, Swap

Doc = dict[str, Any]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _entry(**facts: Any) -> Entry:
    swaps = (Swap("equipment", "Equipment", "Equipment__restore_x"),)
    values: dict[str, Any] = {"id": journal.new_id(), "kind": "replace", "backup_id": "b1", "label": "20260301_120000",
                              "actor": "ann", "started": NOW, "swaps": swaps}
    return Entry(**{**values, **facts})


def test_what_was_written_is_read_back_whole(database: Database[Doc]) -> None:
    entry = journal.start(database, _entry())
    swaps = (Swap("equipment", "Equipment", "Equipment__restore_x", b"\x01" * 16, b"\x02" * 16),)

    after = journal.advance(database, entry, step="R5", swaps=swaps, as_of=Timestamp(5, 6), token={"_data": "82"})

    assert journal.running(database) == [after]


def test_a_closed_entry_runs_no_more(database: Database[Doc]) -> None:
    first, second = journal.start(database, _entry()), journal.start(database, _entry())

    journal.close(database, first, "stopped", problem="why")

    assert [entry.id for entry in journal.running(database)] == [second.id]


def test_the_last_change_is_the_last_by_number_whatever_the_clock_says(database: Database[Doc]) -> None:
    for entry in (_entry(id="early"), _entry(id="late", started=NOW - timedelta(days=9)), _entry(id="nothing")):
        started = journal.start(database, entry)
        journal.close(database, started, "done", changed=entry.id != "nothing", safety=entry.id)

    last = journal.last_changed(database)

    assert last is not None
    assert (last.id, last.number) == ("late", 2)


def test_a_fence_counts_up(database: Database[Doc]) -> None:
    entry = journal.start(database, _entry())

    assert [journal.fence(database, entry.id) for _ in range(3)] == [1, 2, 3]


def test_old_entries_are_trimmed_but_never_running_ones(
    database: Database[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "KEPT", 2)
    crashed = journal.start(database, _entry())
    for _ in range(4):
        journal.close(database, journal.start(database, _entry()), "done")

    journal.start(database, _entry(id="last"))

    assert {entry["number"] for entry in database[journal.COLLECTION].find()} == {crashed.number, 4, 5, 6}


def test_a_merge_is_noted_so_that_undo_finds_it(database: Database[Doc]) -> None:
    journal.note(database, kind="merge", keys={"equipment": "Equipment"}, backup_id="b", label="l", safety="s",
                 actor="ann", now=NOW)

    last = journal.last_changed(database)

    assert last is not None
    assert (last.kind, last.safety, last.keys, last.status) == ("merge", "s", ("equipment",), "done")


def test_works_in_memory() -> None:
    database = mongomock.MongoClient().db
    entry = journal.start(database, _entry())

    journal.close(database, entry, "done", changed=True, safety="s")

    last = journal.last_changed(database)
    assert last is not None
    assert last.safety == "s"
