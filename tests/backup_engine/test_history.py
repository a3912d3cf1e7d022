"""The versions of a record over all sets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine.errors import DatabaseUnreachable
from backup_engine.history import History, history_of
from backup_engine.lost import lost_and_found
from backup_engine.model import BackupSet
from backup_engine.repository import history_index
from backup_engine.storage.base import STATE
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, back_up, fill, workspace
from tests.backup_engine.legacy_sets import write_legacy_set

Data = Database[dict[str, Any]]


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def ws(tmp_path: Path, database: Data, clock: StillClock) -> Workspace:
    return workspace(tmp_path, database, clock=clock)


def backup(ws: Workspace, clock: StillClock) -> BackupSet:
    clock.pass_by(hours=1)
    return back_up(ws)


def story(history: History) -> list[tuple[Any, int]]:
    return [(None if v.document is None else bson.decode(v.document).get("Vendor"), v.sets) for v in history.versions]


def live_a_life(ws: Workspace, database: Data, clock: StillClock) -> list[BackupSet]:
    """Record "r" is added, changed, deleted and brought back; a set after each, and one where nothing happened."""
    fill(database)
    sets = [backup(ws, clock)]
    for action in (
        lambda: database.Equipment.insert_one({"_id": "r", "Vendor": "a"}),
        lambda: None,
        lambda: database.Equipment.update_one({"_id": "r"}, {"$set": {"Vendor": "b"}}),
        lambda: database.Equipment.delete_one({"_id": "r"}),
        lambda: database.Equipment.insert_one({"_id": "r", "Vendor": "c"}),
    ):
        action()
        sets.append(backup(ws, clock))
    return sets


def test_every_set_joins_into_one_timeline(ws: Workspace, database: Data, clock: StillClock) -> None:
    sets = live_a_life(ws, database, clock)

    history = history_of(ws, "equipment", "r")

    assert story(history) == [("a", 2), ("b", 1), (None, 1), ("c", 1)]
    assert [change.name for change in history.versions[1].changes] == [b"Vendor"]
    assert [v.first.label for v in history.versions] == [sets[n].label for n in (1, 3, 4, 5)]
    assert history.versions[0].last.label == sets[2].label


def test_a_second_look_reads_no_old_set(
    ws: Workspace, database: Data, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_a_life(ws, database, clock)
    first = history_of(ws, "equipment", "r")
    read: list[str] = []
    documents = history_index.contents.documents
    monkeypatch.setattr(history_index.contents, "documents",
                        lambda ws, listed, key, **more: read.append(listed.label) or documents(ws, listed, key, **more))

    second = history_of(ws, "equipment", "r")

    assert story(second) == story(first)
    assert len(read) <= 1


@pytest.mark.parametrize("harm", ["delete", "garble", "truncate"])
def test_the_index_is_rebuilt(ws: Workspace, database: Data, clock: StillClock, tmp_path: Path, harm: str) -> None:
    live_a_life(ws, database, clock)
    first = history_of(ws, "equipment", "r")
    for file in (tmp_path / STATE).glob("history_*"):
        content = file.read_bytes()
        if harm == "delete":
            file.unlink()
        else:
            file.write_bytes(content[:-9] if harm == "truncate" else content[:40] + b"xxxx" + content[44:])

    assert story(history_of(ws, "equipment", "r")) == story(first)


def test_the_index_forgets_sets_that_are_gone(ws: Workspace, database: Data, clock: StillClock, tmp_path: Path) -> None:
    sets = live_a_life(ws, database, clock)
    history_of(ws, "equipment", "r")
    ws.catalog.remove(sets[1])

    assert story(history_of(ws, "equipment", "r")) == [("a", 1), ("b", 1), (None, 1), ("c", 1)]
    assert not list((tmp_path / STATE).glob(f"history_*{sets[1].label}*"))


@pytest.mark.parametrize("harm", [
    lambda content: b'"' * len(content), lambda content: content.replace(b"ACME", b"AXME"),
])
def test_a_set_that_cannot_be_read_is_named_and_left_out(
    ws: Workspace, database: Data, clock: StillClock, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    sets = live_a_life(ws, database, clock)
    file = tmp_path / sets[3].day / str(sets[3].parts["equipment"].file)
    file.write_bytes(harm(file.read_bytes()))

    history = history_of(ws, "equipment", "r")

    assert story(history) == [("a", 2), (None, 1), ("c", 1)]
    assert [listed.label for listed, _ in history.unreadable] == [sets[3].label]


def test_history_works_without_the_database(ws: Workspace, database: Data, clock: StillClock, tmp_path: Path) -> None:
    live_a_life(ws, database, clock)

    def down() -> Data:
        raise DatabaseUnreachable("no answer")

    offline = workspace(tmp_path, down, clock=clock)

    assert story(history_of(offline, "equipment", "r"))[-1] == ("c", 1)
    with pytest.raises(DatabaseUnreachable):
        lost_and_found(offline, "equipment")


def test_a_record_is_also_found_by_its_serial(ws: Workspace, database: Data, clock: StillClock) -> None:
    live_a_life(ws, database, clock)

    history = history_of(ws, "equipment", "00007")

    assert history.identity == '~{"$numberInt": "7"}'
    assert story(history) == [("ACME, Inc.", 6)]
    assert history_of(ws, "equipment", "nowhere").versions == ()


def test_sets_of_the_original_system_join_in(
    ws: Workspace, database: Data, clock: StillClock, tmp_path: Path
) -> None:
    old = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    write_legacy_set(tmp_path, old, [
        {"uuid": "u1", "Vendor": "a", "n": 1}, {"uuid": "u2", "Vendor": "gone", "n": 2}])
    write_legacy_set(tmp_path, old.replace(hour=8), [{"uuid": "u1", "Vendor": "b", "n": 1}])
    database.Equipment.insert_one({"_id": "new", "uuid": "u1", "Vendor": "b", "n": 1})
    backup(ws, clock)

    assert story(history_of(ws, "equipment", "new")) == [("a", 1), ("b", 2)]
    lost = lost_and_found(ws, "equipment")
    assert [bson.decode(record.document)["uuid"] for record in lost] == ["u2"]
