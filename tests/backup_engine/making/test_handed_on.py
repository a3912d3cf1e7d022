"""A differential set goes on where the one before it stopped, and only where that one can be believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.csv_format import reader
from backup_engine.making import following, handed_on, resume_tokens
from backup_engine.making.resume_tokens import Lost, Mark
from backup_engine.model import BackupSet
from backup_engine.repository import ledger
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, workspace
from tests.backup_engine.making.test_differential import assert_exact, change, differential as made, ws

__all__ = ["ws"]

Db = Database[dict[str, Any]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The places from which the change stream is read."""
    tokens: list[Any] = []
    follow = resume_tokens.follow
    monkeypatch.setattr(resume_tokens, "follow", lambda *of: tokens.append(of[2]) or follow(*of))
    return tokens


def command(ws: Workspace, tmp_path: Path, database: Db) -> Workspace:
    """What another process has: the same folder, and nothing remembered."""
    assert isinstance(ws.clock, StillClock)
    ws.clock.pass_by(minutes=1)
    return workspace(tmp_path, database, clock=ws.clock)


def token(ws: Workspace, backup: BackupSet) -> Any:
    mark = resume_tokens.of(ws.storage, backup)
    assert mark is not None
    return mark.token


def earlier(ws: Workspace, tmp_path: Path, database: Db) -> tuple[BackupSet, BackupSet]:
    """Every kind of change in a differential set, and others after it; gives it and its full set."""
    change(database)
    first = made(command(ws, tmp_path, database))
    list_ = database.Equipment
    list_.replace_one({"_id": 7}, {"Serial": "00007", "note": "x"})  # as the full set has it
    list_.insert_one({"_id": 9, "came": "back"})
    list_.delete_one({"_id": 1000})
    list_.update_one({"_id": 100}, {"$set": {"note": "later"}})
    return first, ws.catalog.base_of(first)


def test_the_next_command_goes_on_where_the_last_stopped(
    ws: Workspace, tmp_path: Path, database: Db, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, base = earlier(ws, tmp_path, database)
    again, usual = command(ws, tmp_path, database), reader.read
    monkeypatch.setattr("backup_engine.mongo.snapshot.Snapshot.read", lambda *_: pytest.fail("read everything"))
    monkeypatch.setattr(reader, "read", lambda *_, **__: pytest.fail("read the full set"))
    began = token(ws, first)
    asked.clear()

    second = made(again)

    assert asked == [began] != [token(ws, base)]
    assert second.base == base.backup_id
    assert second.parts["equipment"].rows == 12  # of 13: 7 is as it was, 1000 is gone, 9 is back, 100 is new
    monkeypatch.setattr(reader, "read", usual)
    assert_exact(ws, second)


def test_sets_in_which_nothing_changed_hand_on_their_place(
    ws: Workspace, tmp_path: Path, database: Db, asked: list[Any]
) -> None:
    made(command(ws, tmp_path, database))
    second = made(command(ws, tmp_path, database))
    began = token(ws, second)
    asked.clear()
    change(database)

    third = made(command(ws, tmp_path, database))

    assert asked == [began]
    assert_exact(ws, third)


def test_the_stream_need_not_reach_back_to_the_full_set(
    ws: Workspace, tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, base = earlier(ws, tmp_path, database)
    mark = resume_tokens.of(ws.storage, base)
    assert mark is not None
    resume_tokens.keep(ws.storage, base, Mark({"_data": "82" + "0" * 40}, mark.uuids), may_go=lambda _: False)
    with monkeypatch.context() as patch:
        patch.setattr("backup_engine.mongo.snapshot.Snapshot.read", lambda *_: pytest.fail("read everything"))
        second = made(command(ws, tmp_path, database))

    assert second.base == base.backup_id
    assert_exact(ws, second)


def damaged(ws: Workspace, first: BackupSet) -> None:
    """Another ``_id`` where 7 was changed, in a row that can be read."""
    path = Path(ws.storage.describe()) / first.day / str(first.parts["equipment"].file)
    data = path.read_bytes()
    assert data.count(b"\r\n7,") == 1
    path.write_bytes(data.replace(b"\r\n7,", b"\r\n6,"))


def gone(ws: Workspace, first: BackupSet) -> None:
    path = Path(ws.storage.describe()) / first.day / str(first.parts["equipment"].file)
    path.unlink()


def unmarked(ws: Workspace, first: BackupSet) -> None:
    ws.storage.delete(".state", f"mark_{first.label}.json")


def of_other_collections(ws: Workspace, first: BackupSet) -> None:
    mark = resume_tokens.of(ws.storage, first)
    assert mark is not None
    other = Mark(mark.token, {**mark.uuids, "equipment": "00" * 16})
    resume_tokens.keep(ws.storage, first, other, may_go=lambda _: False)


def found_bad(ws: Workspace, first: BackupSet) -> None:
    ledger.remember(ws.storage, first, 1, False, ws.clock())


@pytest.mark.parametrize("spoil", [damaged, gone, unmarked, of_other_collections, found_bad])
def test_what_cannot_be_believed_hands_nothing_on(
    ws: Workspace, tmp_path: Path, database: Db, asked: list[Any], spoil: Callable[[Workspace, BackupSet], None]
) -> None:
    first, base = earlier(ws, tmp_path, database)
    spoil(ws, first)
    again = command(ws, tmp_path, database)
    asked.clear()

    assert handed_on.over(again, base) is None
    second = made(again)

    assert asked == [token(ws, base)]
    assert second.base == base.backup_id
    assert_exact(ws, second)


@pytest.mark.parametrize("about", [
    {"state": "damaged"}, {"base": "another"}, {"parts": {}},
    {"source": {"consistency": "none"}}, {"source": {"database_id": "00000000-0000-4000-8000-000000000000"}},
])
def test_a_set_that_is_not_over_this_one_or_not_of_one_instant_is_left_alone(
    ws: Workspace, tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch, about: dict[str, Any]
) -> None:
    first, base = earlier(ws, tmp_path, database)
    assert handed_on.over(ws, base) is not None
    if "source" in about:
        about = {"metadata": {**first.metadata, "source": {**first.metadata["source"], **about["source"]}}}
    monkeypatch.setattr(ws.catalog, "sets", lambda **_: [base, replace(first, **about)])

    assert handed_on.over(ws, base) is None


def test_what_was_touched_in_both_together_is_counted(ws: Workspace, tmp_path: Path, database: Db) -> None:
    _, base = earlier(ws, tmp_path, database)  # 13 rows, and 4 records of which one is not among them

    with pytest.raises(Lost, match="too many"):
        following.since(command(ws, tmp_path, database), database, base, 13)
    followed = following.since(command(ws, tmp_path, database), database, base, 14)

    assert (followed.changes, followed.age) == (14, None)  # since when, the differential set does not tell
