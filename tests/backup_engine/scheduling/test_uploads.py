"""Sending without anybody asking."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import push, upkeep
from backup_engine.deeds import Deed, untold
from backup_engine.errors import DatabaseUnreachable
from backup_engine.ownership import lookup
from backup_engine.policy.cron import parse
from backup_engine.policy.schedule import Schedule
from backup_engine.remotes import queue, registry
from backup_engine.scheduling.uploads import Uploads
from tests.backup_engine.engine import StillClock, Switched, back_up
from tests.backup_engine.offsite_places import target_of, with_remote

Data = Database[dict[str, Any]]


def until(condition: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_set_is_sent_and_read_back_by_itself(tmp_path: Path, database: Data) -> None:
    ws = with_remote(tmp_path, database)
    backup = back_up(ws)
    uploads = Uploads(ws, tick_seconds=600)
    uploads.start()
    try:
        until(lambda: queue.read(ws.storage, "disk").read_back is not None)
        second = back_up(ws)
        uploads.wake()
        until(lambda: second.backup_id in queue.read(ws.storage, "disk").sent)
    finally:
        uploads.stop()

    assert target_of(tmp_path).backup_ids() == {backup.backup_id, second.backup_id}
    assert not [thread for thread in threading.enumerate() if thread.name in ("backup-uploads", "upload-disk")]


def test_where_nothing_waits_nobody_is_spoken_to(
    tmp_path: Path, database: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = with_remote(tmp_path, database)
    back_up(ws)
    push.push(ws, "disk")
    upkeep.care(ws, "disk")

    def never(*_: object) -> Any:
        raise AssertionError("asked")

    monkeypatch.setattr(registry, "opened", never)
    Uploads(ws).work(registry.one(ws, "disk"))


def test_a_remote_with_a_schedule_gets_what_waits_at_its_times(
    tmp_path: Path, database: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StillClock()  # noon
    ws = with_remote(tmp_path, database, clock=clock)
    remote = registry.one(ws, "disk")
    uploads = Uploads(ws, when=lambda _: Schedule(cron=parse("0 3 * * *", "UTC")))
    first = back_up(ws)
    uploads.work(remote)  # nothing was ever sent there
    second = back_up(ws)
    uploads.work(remote)
    assert target_of(tmp_path).backup_ids() == {first.backup_id}

    clock.pass_by(days=2)  # two times were missed: the machine was off
    uploads.work(remote)
    third = back_up(ws)
    uploads.work(remote)
    assert target_of(tmp_path).backup_ids() == {first.backup_id, second.backup_id}
    clock.pass_by(hours=15)  # 03:00
    monkeypatch.setattr(push, "push", lambda *_, **__: push.Pushed("disk", (), 1, "away"))
    uploads.work(remote)
    monkeypatch.undo()
    uploads.work(remote)  # what failed at its time is tried again

    assert target_of(tmp_path).backup_ids() == {first.backup_id, second.backup_id, third.backup_id}


def test_the_days_work_at_a_remote_is_the_leaders(tmp_path: Path, database: Data) -> None:
    ws = with_remote(tmp_path, database)
    back_up(ws)
    remote = registry.one(ws, "disk")

    Uploads(ws, leads=lambda: False).work(remote)
    assert len(queue.read(ws.storage, "disk").sent) == 1 and queue.read(ws.storage, "disk").cared is None
    Uploads(ws, leads=lambda: True).work(remote)

    assert queue.read(ws.storage, "disk").cared is not None


@pytest.mark.parametrize("error", [DatabaseUnreachable("away"), ValueError("odd")])
def test_no_trouble_ends_the_thread(
    tmp_path: Path, database: Data, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = with_remote(tmp_path, database)
    back_up(ws)

    def fails(*_: object, **__: object) -> Any:
        raise error

    monkeypatch.setattr(push, "push", fails)

    Uploads(ws).work(registry.one(ws, "disk"))


def test_while_a_question_is_open_or_the_database_down_nothing_is_tried_and_nothing_told(
    tmp_path: Path, database: Data
) -> None:
    heard: list[Deed] = []
    ws = with_remote(tmp_path, database, heard=heard)
    back_up(ws)
    heard.clear()
    question = {"kind": "diverged", "label": "x"}
    database.backup_restore_state.update_one({"_id": "database"}, {"$set": {"question": question}})
    lookup.ask(ws)
    Uploads(ws).look()
    switched = Switched(database)
    switched.up = False
    with pytest.raises(DatabaseUnreachable):
        Uploads(replace(ws, connect=switched)).look()

    assert heard == [] and list((tmp_path / "disk").iterdir()) == []
    assert untold(ws) == []


def test_a_database_that_is_away_is_said_once_until_it_was_back(
    tmp_path: Path, database: Data, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = Uploads(with_remote(tmp_path, database), tick_seconds=0)
    away = iter([True, True, True, False, True, True])

    def look() -> None:
        gone = next(away, None)
        if gone is None:
            uploads.stop()
        elif gone:
            raise DatabaseUnreachable("example.invalid")

    monkeypatch.setattr(uploads, "look", look)
    uploads._run()

    warned = [record for record in caplog.records if "were not looked at" in record.getMessage()]
    assert [record.levelname for record in warned if record.levelname != "DEBUG"] == ["WARNING"] * 2
