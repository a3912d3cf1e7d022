from __future__ import annotations

from pathlib import Path
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine import unsaved
from backup_engine.create import create
from backup_engine.making import resume_tokens
from backup_engine.restore import plan_replace, replace
from backup_engine.unsaved import Glance, Loss, Unsaved
from tests.backup_engine.engine import OWN, Switched, back_up, fill, workspace
from tests.backup_engine.stored import age_seal


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at every question."""
    monkeypatch.setattr(unsaved, "EVERY_SECONDS", 0.0)


def test_what_anybody_changed_is_counted_from_the_stream(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    assert Unsaved(ws).count() is None, "without a backup there is nothing to count from"
    back_up(ws)
    counting = Unsaved(ws)
    assert counting.count() == 0

    database.Equipment.update_many({"_id": {"$lt": 3}}, {"$set": {"Vendor": "by a script"}})
    assert counting.count() == 3
    database.Equipment.delete_one({"_id": 9})
    database.Equipment.update_one({"_id": 0}, {"$set": {"Vendor": "again"}})
    database.Equipment_select_options.insert_one({"_id": "new"})
    assert counting.count() == Unsaved(ws).count() == 5
    back_up(ws)
    assert counting.count() == 0


def test_after_a_restore_the_list_is_compared_and_then_followed_again(
    database: Database[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    old = back_up(ws)
    database.Equipment.update_many({"_id": {"$lt": 4}}, {"$set": {"Vendor": "later"}})
    back_up(ws)
    counting = Unsaved(ws)
    assert counting.count() == 0

    replace(ws, plan_replace(ws, old, ["equipment"]))

    assert counting.count() == 4, "the newest backup has the four later ones"
    monkeypatch.setattr(unsaved.record_stream, "of_current", None)  # from here on nothing is read any more
    database.Equipment.delete_one({"_id": 19})
    assert counting.count() == 5


def test_a_differential_backup_is_counted_from_as_well(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    back_up(ws)
    database.Equipment.delete_one({"_id": 1})
    made = create(ws, force=True, kind="differential").set
    assert made is not None
    assert made.kind == "differential"
    database.Equipment.delete_one({"_id": 2})

    assert Unsaved(ws).count() == 1
    assert resume_tokens.of(ws.storage, made) is not None


def test_a_long_list_without_a_stream_is_unknown_rather_than_nothing(
    database: Database[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    backup = back_up(ws)
    ws.storage.delete(".state", f"mark_{backup.label}.json")
    assert Unsaved(ws).count() == 0, "a short one is compared"

    monkeypatch.setattr(unsaved, "MOST_COMPARED", 10)

    assert Unsaved(ws).count() is None


def test_with_the_database_down_it_is_unknown(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    fill(database)
    connection = Switched(database)
    ws = workspace(tmp_path, connection)
    back_up(ws)
    counting = Unsaved(ws)
    assert counting.count() == 0
    connection.up = False

    assert counting.count() is None


def test_a_backup_nobody_can_open_here_is_unknown(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    fill(database)
    backup = back_up(workspace(tmp_path, database, seal=age_seal()))
    ws = workspace(tmp_path, database)
    ws.storage.delete(".state", f"mark_{backup.label}.json")

    assert Unsaved(ws).count() is None


def test_in_memory_it_is_compared(tmp_path: Path) -> None:
    demo = mongomock.MongoClient().lab
    fill(demo)
    ws = workspace(tmp_path, demo)
    back_up(ws)
    demo.Equipment.delete_one({"_id": 3})

    assert Unsaved(ws).count() == 1


def test_a_look_serves_everybody_for_a_while(
    database: Database[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    back_up(ws)
    monkeypatch.setattr(unsaved, "EVERY_SECONDS", 3600.0)
    counting = Unsaved(ws)
    assert counting.count() == 0
    database.Equipment.delete_one({"_id": 3})

    assert counting.count() == 0
    counting.forget()
    assert counting.count() == 1


def test_a_monitor_reads_the_stream_on_and_compares_nothing(
    database: Database[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    glance = Glance(ws)
    assert glance.loss(database) is None
    backup = back_up(ws)
    database.Equipment.delete_one({"_id": 9})
    read, follow = list[Any](), resume_tokens.follow

    def noted(db: Any, sources: Any, token: Any, limit: int) -> Any:
        read.append(token)
        return follow(db, sources, token, limit)

    monkeypatch.setattr(resume_tokens, "follow", noted)
    with ws.remembered.following:  # which a page may hold for as long as a server hangs
        first = glance.loss(database)
        database.Equipment.delete_one({"_id": 8})
        second = glance.loss(database)
    assert first is not None and second is not None
    assert (first.changes, second.changes) == (1, 2)
    assert first.seconds is not None
    assert len({str(token) for token in read}) == 2, "the second look goes on where the first one stopped"

    monkeypatch.setattr(unsaved.record_stream, "of_current", None)
    replace(ws, plan_replace(ws, backup, ["equipment"]))
    read.clear()
    assert [glance.loss(database), glance.loss(database)] == [None, None]
    assert len(read) == 1, "what the stream cannot tell is asked once"
    back_up(ws)
    told = glance.loss(database)
    assert told is not None and told.changes == 0


def test_a_monitor_begins_where_the_process_stands(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    back_up(ws)
    database.Equipment.delete_one({"_id": 9})
    assert Unsaved(ws).count() == 1
    [known] = ws.remembered.followed.values()
    (tmp_path / ".state").rename(tmp_path / "gone")  # and with it the mark of the backup

    told = Glance(ws).loss(database)

    assert told is not None and told.changes == known.changes == 1


def test_a_monitor_waits_for_the_mark_that_comes_after_the_commit(
    database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    backup = back_up(ws)
    mark, glance = resume_tokens.of(ws.storage, backup), Glance(ws)
    ws.storage.delete(".state", f"mark_{backup.label}.json")
    assert mark is not None and glance.loss(database) is None

    resume_tokens.keep(ws.storage, backup, mark)

    assert glance.loss(database) == Loss(0)


def test_anything_is_what_the_list_or_the_own_data_has_new_now(
    database: Database[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsaved, "EVERY_SECONDS", 3600.0)
    fill(database)
    database.equipment_users.insert_one({"_id": "ada"})
    ws = workspace(tmp_path, database, application=OWN)
    counting = Unsaved(ws)
    assert counting.anything(), "without a backup everything is new"
    create(ws, force=True)
    assert not counting.anything()

    database.equipment_activity.insert_one({"_id": "signed in"})
    assert counting.anything() and not counting.anything(besides=("activity",))
    database.equipment_users.update_one({"_id": "ada"}, {"$set": {"role": "admin"}})
    assert counting.count() == 0 and counting.anything(besides=("activity",)), "an account is no record, but saved"
    create(ws, force=True)
    assert not counting.anything()
    database.Equipment.delete_one({"_id": 3})
    assert counting.count() == 0, "as of a while ago"
    assert counting.anything(besides=("activity",)), "as of now"


def test_what_nobody_can_tell_counts_as_a_change(database: Database[dict[str, Any]], tmp_path: Path) -> None:
    fill(database)
    switched = Switched(database)
    ws = workspace(tmp_path, switched, application=OWN)
    create(ws, force=True)
    assert not Unsaved(ws).anything()

    switched.up = False
    assert Unsaved(ws).anything()
    switched.up = True
    for metadata in (tmp_path / ".app").rglob("backup_metadata_*.json"):  # and its second copy
        metadata.unlink()
    ws = workspace(tmp_path, switched, application=OWN)
    assert Unsaved(ws).count() == 0 and Unsaved(ws).anything(), "the accounts of that backup are gone"
