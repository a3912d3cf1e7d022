"""A set within a minute of every change, on a real replica set; what depends on time is told by a stand-in stream."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine import create as creating
from backup_engine.errors import NoSpace
from backup_engine.locking.locks import hold
from backup_engine.making import differential, following, resume_tokens
from backup_engine.making.resume_tokens import Followed, Lost
from backup_engine.model import BackupSet
from backup_engine.ownership import lookup
from backup_engine.ownership.owner import Question
from backup_engine.ownership.standby import Standby
from backup_engine.repository import ledger
from backup_engine.restore import plan_replace, replace as put_back
from backup_engine.scheduling import continuous, holes
from backup_engine.scheduling.continuous import NO_KEY, NO_STREAM, Continuous
from backup_engine.scheduling.preferences import Preferences
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, Switched, anybodys, back_up, fill, fill_own, raw, workspace
from tests.backup_engine.stored import age_seal
from tests.server.running_app import wait_for

Db = Database[dict[str, Any]]
ON = Preferences(continuous=True)
COPY = Standby("", "equipment", "20261126_115900", "/old", datetime(2026, 11, 26, tzinfo=UTC))


@dataclass
class Protected:
    """What is protected, and what was said and made."""

    ws: Workspace
    loop: Continuous
    said: list[tuple[str, str]]
    made: list[str]
    choices: Preferences = ON
    leads: bool = True

    @property
    def sets(self) -> list[BackupSet]:
        return self.ws.catalog.sets()


def protected(ws: Workspace) -> Protected:
    found = Protected(ws, None, [], [])  # type: ignore[arg-type]
    found.loop = Continuous(
        ws, lambda: found.choices, leads=lambda: found.leads, made=lambda: found.made.append("made"),
        say=lambda result, words: found.said.append((result, words)), tick_seconds=0.01)
    return found


@pytest.fixture
def here(database: Db, tmp_path: Path) -> Protected:
    """A list with one backup, which has begun to be protected."""
    fill(database)
    ws = workspace(tmp_path, database)
    back_up(ws)
    found = protected(ws)
    found.loop.look()
    return found


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing after a change, nor after a full set."""
    monkeypatch.setattr(continuous, "WAIT_SECONDS", 0)
    monkeypatch.setattr(continuous, "AGAIN_SECONDS", 0.0)


def told(monkeypatch: pytest.MonkeyPatch, here: Protected, age: int, changes: int = 1) -> None:
    """The stream says that the first of so many changes is so many seconds old."""
    now = int(time.time())
    touched = {"equipment": {str(n).encode() for n in range(changes)}}
    monkeypatch.setattr(following, "since", lambda *_: Followed(touched, {}, now - age, now))


@pytest.mark.usefixtures("at_once")
def test_a_change_becomes_a_differential_set_from_the_stream_alone(
    here: Protected, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differential, "_by_comparison", None)  # a scan of the list would trip here
    here.loop.look()
    assert len(here.sets) == 1, "nothing changed"

    for n in range(3):
        database.Equipment.update_one({"_id": n}, {"$set": {"Vendor": "new"}})
        database.Equipment_select_options.delete_one({"_id": n})
        here.loop.look()
        here.loop.look()

    full, *made = here.sets
    assert [(each.trigger, each.kind, each.base) for each in made] == [
        ("continuous", "differential", full.backup_id)] * 3
    assert [each.parts["equipment"].rows for each in made] == [1, 2, 3]
    assert made[-1].counts == {"equipment": 20, "select_options": 2}
    assert here.made == ["made"] * 3
    assert here.said == [], "what is as usual is not said every minute"
    assert made[-1].metadata["trigger"] == "auto", "an earlier version has to know it"


@pytest.mark.usefixtures("at_once")
def test_where_the_stream_does_not_reach_back_to_the_full_set_a_new_chain_begins_without_comparing(
    here: Protected, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.Equipment.delete_one({"_id": 1})
    here.loop.look()
    base, later = here.sets
    ledger.remember(here.ws.storage, later, 1, False, here.ws.clock())  # else it goes on from there
    resume_tokens.keep(here.ws.storage, base, resume_tokens.Mark({"_data": "82" + "0" * 40}, _uuids(here, base)),
                       may_go=lambda _: False)
    here.ws.remembered.followed.clear()  # as in a server that has just begun
    monkeypatch.setattr(differential, "_by_comparison", None)
    database.Equipment.delete_one({"_id": 2})

    here.loop.look()

    assert [each.kind for each in here.sets] == ["full", "differential", "full"]
    assert here.said == []


def _uuids(here: Protected, backup: BackupSet) -> Mapping[str, str]:
    mark = resume_tokens.of(here.ws.storage, backup)
    assert mark is not None
    return mark.uuids


@pytest.mark.usefixtures("at_once")
def test_the_schedule_goes_on_beside_it(here: Protected, database: Db) -> None:
    database.Equipment.delete_one({"_id": 1})
    here.loop.look()
    first, newest = here.sets

    assert here.ws.catalog.last(anybodys) == here.ws.catalog.last(anybodys, fresh=False) == first
    assert here.ws.catalog.last(anybodys, continuous=True) == newest
    assert "Last backup was" in creating.create(here.ws).message
    later = replace(here.ws, clock=lambda: datetime.now().astimezone() + timedelta(hours=1, seconds=1))
    made = creating.create(later, trigger="scheduled").set
    assert made is not None, "an hour after the last one of the schedule"


def test_it_waits_until_the_first_change_is_so_old_that_the_set_comes_within_a_minute(
    here: Protected, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, here, continuous.WAIT_SECONDS - 1)
    here.loop.look()
    assert len(here.sets) == 1
    told(monkeypatch, here, continuous.WAIT_SECONDS)
    here.loop.look()
    assert len(here.sets) == 2
    assert continuous.WAIT_SECONDS + 2 * continuous.TICK_SECONDS < 60


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("why", ["off", "automatic off", "follows", "question", "standby"])
def test_who_must_not_act_does_not(here: Protected, database: Db, why: str) -> None:
    database.Equipment.delete_one({"_id": 1})
    owner = lookup.seen(here.ws)
    here.choices = {"off": Preferences(), "automatic off": replace(ON, automatic=False)}.get(why, ON)
    here.leads = why != "follows"
    if why == "question":
        here.ws.remembered.owner = replace(owner, question=Question("dropped", "20261126_115900"))
    if why == "standby":
        here.ws.remembered.owner = replace(owner, standby=COPY)

    here.loop.look()

    assert len(here.sets) == 1


@pytest.mark.usefixtures("at_once")
def test_what_was_said_elsewhere_since_counts(
    here: Protected, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.Equipment.delete_one({"_id": 1})
    asked = creating.settle
    monkeypatch.setattr(creating, "settle", lambda *of: replace(asked(*of), standby=COPY))

    here.loop.look()

    assert len(here.sets) == 1


@pytest.mark.usefixtures("at_once")
def test_a_run_in_the_way_is_waited_for(here: Protected, database: Db) -> None:
    database.Equipment.delete_one({"_id": 1})
    with hold(here.ws, "drill"):
        here.loop.look()
    assert (len(here.sets), here.said) == (1, [])
    here.loop.look()
    assert len(here.sets) == 2


def test_a_failure_is_said_and_tried_again_later(
    here: Protected, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, here, 50)
    tries = []

    def full(*_: object, **__: object) -> None:
        tries.append(1)
        raise NoSpace("the disk is full")

    monkeypatch.setattr(continuous, "create", full)
    for _ in range(5):
        here.loop.look()

    assert len(tries) == 1
    assert here.said == [("failed", "Not enough disk space: the disk is full")]


@pytest.mark.usefixtures("at_once")
def test_after_a_failure_the_first_set_is_said(here: Protected, database: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(continuous, "AGAIN_SECONDS", 0)

    def full(*_: object, **__: object) -> None:
        raise NoSpace("the disk is full")

    database.Equipment.delete_one({"_id": 1})
    with monkeypatch.context() as patch:
        patch.setattr(continuous, "create", full)
        here.loop.look()
    here.loop.look()
    database.Equipment.delete_one({"_id": 2})
    here.loop.look()

    assert [result for result, _ in here.said] == ["failed", "created"]
    assert here.said[1][1].startswith("Continuous protection goes on. Backup created successfully")
    assert len(here.sets) == 3


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("how", ["gone", "token", "rename", "drop"])
def test_where_the_stream_ends_a_full_set_closes_the_hole_and_says_so(
    here: Protected, database: Db, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    database.Equipment.delete_one({"_id": 1})
    here.loop.look()
    *_, before = here.sets
    if how == "gone":
        follow = resume_tokens.follow

        def rolled_over(*_: object) -> None:
            monkeypatch.setattr(resume_tokens, "follow", follow)
            raise Lost("ChangeStreamHistoryLost")

        monkeypatch.setattr(resume_tokens, "follow", rolled_over)
    elif how == "token":  # of an oplog that is no more; another process finds it in the note
        mark = resume_tokens.Mark({"_data": "82" + "0" * 40}, {})
        resume_tokens.keep(here.ws.storage, before, mark, may_go=lambda _: False)
        here.ws.remembered.followed.clear()
    elif how == "rename":
        database.Equipment.rename("elsewhere")
        database.Equipment.insert_one({"_id": "new"})
    else:
        database.Equipment_select_options.drop()

    here.loop.look()

    *_, closing = here.sets
    assert (closing.kind, closing.trigger) == ("full", "continuous")
    assert closing.counts["equipment"] == database.Equipment.count_documents({})
    why = {"gone": "ChangeStreamHistoryLost", "token": "does not reach back", "rename": "rename of a collection",
           "drop": "drop of a collection"}[how]
    assert why in closing.warnings[0]
    ((result, words),) = here.said
    assert result == "created"
    assert why in words
    (hole,) = holes.read(here.ws.storage).holes
    assert (hole.since, hole.until) == (before.started, closing.started)
    database.Equipment.insert_one({"_id": "later"})
    here.loop.look()
    assert here.sets[-1].base == closing.backup_id, "and goes on from there"


@pytest.mark.usefixtures("at_once")
def test_a_change_that_waited_for_minutes_is_a_hole_unless_nobody_was_to_protect_it(
    here: Protected, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, here, continuous.HOLE_SECONDS + 60)
    here.loop.look()
    assert (here.sets[-1].kind, holes.read(here.ws.storage).holes) == ("full", ()), "it was switched on after that"

    noted = holes.read(here.ws.storage)
    assert noted.began is not None
    holes._write(here.ws.storage, replace(noted, began=noted.began - timedelta(hours=1)))
    here.loop.look()

    assert "has waited for 6 minutes" in here.sets[-1].warnings[0]
    assert len(holes.read(here.ws.storage).holes) == 1


@pytest.mark.usefixtures("at_once")
def test_a_restore_begins_a_new_chain_and_is_no_hole(here: Protected, database: Db) -> None:
    (first,) = here.sets
    database.Equipment.delete_many({"_id": {"$lt": 5}})
    here.loop.look()

    put_back(here.ws, plan_replace(here.ws, first, ["equipment"]))
    here.loop.look()

    *_, newest = here.sets
    assert (newest.trigger, newest.kind, newest.warnings) == ("continuous", "full", ())
    assert newest.counts["equipment"] == 20
    assert (here.said, holes.read(here.ws.storage).holes) == ([], ())


@pytest.mark.usefixtures("at_once")
def test_every_minute_can_be_brought_back_with_the_applications_own_data(tmp_path: Path, database: Db) -> None:
    fill(database)
    fill_own(database)
    ws = workspace(tmp_path, database, application=OWN)
    here = protected(ws)
    here.loop.look()
    database.equipment_users.insert_one({"_id": "late"})
    database.Equipment.update_one({"_id": 3}, {"$set": {"Vendor": "minute"}})
    here.loop.look()
    wanted, (_, minute) = raw(database, "Equipment"), here.sets
    database.Equipment.delete_many({})

    put_back(ws, plan_replace(ws, minute, ["equipment"]))

    assert raw(database, "Equipment") == wanted
    own = ws.application
    assert own is not None
    assert own.catalog.sets()[1].kind == "differential"
    assert own.catalog.sets()[1].of == minute.backup_id


@pytest.mark.usefixtures("at_once")
def test_without_a_change_stream_it_says_so_once(tmp_path: Path) -> None:
    database = mongomock.MongoClient().db
    database.Equipment.insert_one({"_id": 1})
    ws = workspace(tmp_path, database)
    back_up(ws)
    here = protected(ws)
    for _ in range(3):
        database.Equipment.insert_one({})
        here.loop.look()

    assert here.said == [("not needed", NO_STREAM)]
    assert protected(ws).loop.look() is None
    assert len(ws.catalog.sets()) == 1


@pytest.mark.usefixtures("at_once")
def test_a_list_that_cannot_be_followed_is_said_once_and_not_copied_every_minute(
    here: Protected, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume_tokens, "of", lambda *_: None)
    here.ws.remembered.followed.clear()
    for _ in range(4):
        here.loop.look()

    assert [each.kind for each in here.sets] == ["full", "full"]
    assert [words for result, words in here.said if result == "not needed"] == [
        "The change stream cannot follow this list: the backup has no place in the change stream. Backups are made at "
        "the interval."]
    monkeypatch.undo()
    back_up(here.ws)
    here.loop.look()
    assert holes.read(here.ws.storage).trouble == ""


@pytest.mark.usefixtures("at_once")
def test_encrypted_backups_without_a_key_here_are_full_or_not_made(
    tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    ws = workspace(tmp_path, database, seal=replace(age_seal(), identities=()))
    back_up(ws)
    here = protected(ws)
    database.Equipment.delete_one({"_id": 1})
    here.loop.look()
    assert [each.kind for each in here.sets] == ["full", "full"]

    monkeypatch.setattr(continuous, "WORTH_IT", 10)
    database.Equipment.delete_one({"_id": 2})
    here.loop.look()

    assert len(here.sets) == 2
    assert here.said == [("not needed", NO_KEY)]


@pytest.mark.usefixtures("at_once")
def test_the_thread_outlives_a_server_that_goes_and_ends_when_told(
    tmp_path: Path, database: Db, caplog: pytest.LogCaptureFixture
) -> None:
    fill(database)
    way = Switched(database)
    ws = workspace(tmp_path, way)
    back_up(ws)
    here = protected(ws)
    here.loop.start()
    try:
        way.up = False
        wait_for(lambda: "did not look" in caplog.text, "the loop to look in vain")
        way.up = True
        database.Equipment.delete_one({"_id": 1})
        wait_for(lambda: len(here.sets) == 2, "a set of the change")
    finally:
        here.loop.stop()

    assert not [thread for thread in threading.enumerate() if thread.name == "backup-continuous"]
    assert caplog.text.count("did not look") == 1
