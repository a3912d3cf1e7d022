"""What was touched since a set is read on from where the last look stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.making import following, resume_tokens
from backup_engine.making.resume_tokens import Followed, Lost
from tests.backup_engine.engine import back_up, fill, workspace

Db = Database[dict[str, Any]]


def test_each_look_goes_on_where_the_last_stopped(
    tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    backup = back_up(ws)
    assert following.since(ws, database, backup, 100).age is None
    database.Equipment.update_one({"_id": 1}, {"$set": {"Vendor": "x"}})
    first = following.since(ws, database, backup, 100)
    assert (first.changes, first.first is not None) == (1, True)

    asked = []
    follow = resume_tokens.follow
    monkeypatch.setattr(resume_tokens, "follow", lambda *of: asked.append(of[2]) or follow(*of))
    database.Equipment.delete_one({"_id": 2})
    second = following.since(ws, database, backup, 100)

    assert asked == [first.token]
    assert (second.changes, second.first) == (2, first.first)


def test_a_collection_that_goes_or_is_renamed_ends_it_and_the_next_look_asks_the_mark_again(
    tmp_path: Path, database: Db
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    backup = back_up(ws)
    following.since(ws, database, backup, 100)

    database.Equipment.rename("elsewhere")

    for _ in range(2):
        with pytest.raises(Lost, match="rename"):
            following.since(ws, database, backup, 100)


def test_too_many_and_no_mark_are_said(tmp_path: Path, database: Db) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    backup = back_up(ws)
    database.Equipment.update_one({"_id": 1}, {"$set": {"Vendor": "x"}})
    following.since(ws, database, backup, 1)
    database.Equipment.update_one({"_id": 2}, {"$set": {"Vendor": "x"}})
    with pytest.raises(Lost, match="too many"):
        following.since(ws, database, backup, 1)
    ws.storage.delete(".state", f"mark_{backup.label}.json")
    with pytest.raises(Lost, match="no place"):
        following.since(ws, database, backup, 100)


def test_of_more_than_a_few_sets_nothing_is_remembered(
    tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    monkeypatch.setattr(following, "REMEMBERED", 2)
    backups = [back_up(ws) for _ in range(3)]
    marks = {backup.label: resume_tokens.Mark(resume_tokens.take(database, ws.sources) or {}, {}) for backup in backups}
    monkeypatch.setattr(resume_tokens, "of", lambda _, backup: marks[backup.label])

    for backup in backups:
        following.since(ws, database, backup, 10)

    assert set(ws.remembered.followed) == {backup.backup_id for backup in backups[1:]}


def test_how_long_is_said_only_where_it_is_known() -> None:
    compared = Followed({"equipment": {b"1"}}, {}, None, 0)
    more = Followed({"equipment": {b"2"}}, {}, 90, 100)

    assert more.age == 10
    assert compared.then(more).age is None
    assert Followed({"equipment": set()}, {}, None, 80).then(more).age == 10
    assert Followed({}, {}, 100, 90).age == 0
