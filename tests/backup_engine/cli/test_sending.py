"""What ``backup`` sends afterwards, and what it leaves to another time or to somebody else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import push as pushing
from backup_engine.cli.sending import send_waiting
from backup_engine.model import SILENT, Watch
from backup_engine.ownership import standby
from backup_engine.remotes import queue
from backup_engine.scheduling import preferences
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, back_up
from tests.backup_engine.offsite_places import target_of, with_remote

Data = Database[dict[str, Any]]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)


def noon(tmp_path: Path, database: Data, options: str = "") -> tuple[Workspace, StillClock]:
    """A workspace in which a set waits for the remote ``disk``."""
    clock = StillClock()
    ws = with_remote(tmp_path, database, options=options, clock=clock)
    back_up(ws)
    return ws, clock


def lies_there(tmp_path: Path) -> int:
    return len(target_of(tmp_path).backup_ids())


def test_it_is_sent_and_the_days_work_is_done(tmp_path: Path, database: Data) -> None:
    ws, _ = noon(tmp_path, database)

    sent = send_waiting(ws, watch=SILENT)

    assert (sent.sentences, sent.troubles, sent.stopped) == (["1 backup sent to remote disk."], [], False)
    assert lies_there(tmp_path) == 1
    assert queue.read(ws.storage, "disk").read_back_label == ws.catalog.sets()[-1].label
    again = send_waiting(ws, watch=SILENT)
    assert (again.pushed, again.sentences) == ([], []), "with nothing to do nobody is spoken to"


def test_not_while_a_recovered_copy_stands_by(tmp_path: Path, database: Data) -> None:
    ws, clock = noon(tmp_path, database)
    standby.enter(database, ws.catalog.sets()[-1], "s3://bucket/lab", clock())

    sent = send_waiting(ws, watch=SILENT)

    assert sent.notes[0].startswith("Nothing is sent to remotes: ") and "recovered from backup" in sent.notes[0]
    assert sent.troubles == [] and list((tmp_path / "disk").iterdir()) == []


def test_not_while_somebody_has_to_say_whose_the_backups_are(tmp_path: Path, database: Data) -> None:
    ws, _ = noon(tmp_path, database)
    database.backup_restore_state.update_one(
        {"_id": "database"}, {"$set": {"question": {"kind": "diverged", "label": "x"}}})

    sent = send_waiting(ws, watch=SILENT)

    assert len(sent.notes) == 1 and sent.notes[0].startswith("Nothing is sent to remotes: ") and sent.troubles == []
    assert list((tmp_path / "disk").iterdir()) == []


def test_another_process_that_sends_is_left_to_it(tmp_path: Path, database: Data) -> None:
    ws, _ = noon(tmp_path, database)

    with pushing.sending_alone(ws, "disk"):
        sent = send_waiting(ws, watch=SILENT)

    assert "another process is sending to remote disk; it is left to that one." in sent.notes[0]
    assert (sent.troubles, queue.read(ws.storage, "disk").problem) == ([], "")


def test_the_hours_of_a_remote_count(tmp_path: Path, database: Data) -> None:
    ws, clock = noon(tmp_path, database, "?hours=20-6")

    assert send_waiting(ws, watch=SILENT).sentences == ["1 backup waits for the hours of remote disk."]
    assert list((tmp_path / "disk").iterdir()) == []
    clock.pass_by(hours=9)
    assert send_waiting(ws, watch=SILENT).sentences == ["1 backup sent to remote disk."]


def test_the_times_of_a_remote_count(tmp_path: Path, database: Data) -> None:
    ws, clock = noon(tmp_path, database)
    preferences.save(database, remote_crons={"disk": "0 3 * * *"}, time_zone="UTC")
    assert send_waiting(ws, watch=SILENT).sentences == ["1 backup sent to remote disk."], "none was ever sent there"
    back_up(ws)

    assert send_waiting(ws, watch=SILENT).sentences == [
        "1 backup waits for the times of remote disk (at 03:00 every day (UTC))."]
    clock.pass_by(hours=15)
    assert send_waiting(ws, watch=SILENT).sentences == ["1 backup sent to remote disk."]


def test_trouble_is_said_and_the_pause_after_it_counts(tmp_path: Path, database: Data) -> None:
    ws, clock = noon(tmp_path, database)
    (tmp_path / "disk").rename(tmp_path / "away")

    first, second = send_waiting(ws, watch=SILENT), send_waiting(ws, watch=SILENT)

    assert "the remote disk is in trouble: " in first.troubles[0] and "is not there" in first.troubles[0]
    assert (first.sentences, second.troubles) == ([], first.troubles)
    assert (len(first.pushed), len(second.pushed), queue.read(ws.storage, "disk").failures) == (1, 0, 1)
    (tmp_path / "away").rename(tmp_path / "disk")
    clock.pass_by(minutes=2)
    third = send_waiting(ws, watch=SILENT)
    assert (third.sentences, third.troubles) == (["1 backup sent to remote disk."], [])


def test_a_login_that_only_the_server_has_holds_nobody_up(
    tmp_path: Path, database: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """cron inherits no environment; a failure in the line would make the server wait as well."""
    ws, _ = noon(tmp_path, database)
    ws = replace(ws, remotes={"cloud": "s3://bucket/lab?endpoint=https://s3.example.org&credentials=env:NOBODYS",
                              **ws.remotes})

    sent = send_waiting(ws, watch=SILENT)

    assert "nothing can be sent to the remote cloud from here" in sent.troubles[0]
    assert "credentials=file:/PATH" in sent.troubles[0]
    assert queue.read(ws.storage, "cloud") == queue.Line()
    assert lies_there(tmp_path) == 1, "the other remote is sent to"


def test_whoever_asks_to_stop_has_the_backup_all_the_same(tmp_path: Path, database: Data) -> None:
    ws, _ = noon(tmp_path, database)

    sent = send_waiting(ws, watch=Watch(cancelled=lambda: True))

    assert sent.stopped and "Sending was stopped" in sent.notes[-1]
    assert send_waiting(ws, watch=SILENT).sentences == ["1 backup sent to remote disk."]
