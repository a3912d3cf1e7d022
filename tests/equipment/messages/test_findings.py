"""What is wrong with an installation: each trouble is seen, and told with counts and fixed words only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import api
from backup_engine.errors import PermissionDenied
from backup_engine.remotes.queue import Line
from equipment.messages.findings import Found, Place as Looked, look
from equipment.messages.troubles import Trouble
from equipment.store.access import USERS
from tests.equipment.messages.place import START, Place, build

Db = Database[dict[str, Any]]


@pytest.fixture
def place(database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    database["Equipment"].insert_many([{"_id": number} for number in range(10)])
    yield from build(database, tmp_path, monkeypatch)


def found(place: Place, hours: float = 0, failing: tuple[tuple[str, str], ...] = ()) -> Found:
    place.now += timedelta(hours=hours)
    database = None if place.down else place.database
    return look(Looked(place.scheduler, place.settings, START), database, failing, place.now)


def test_two_intervals_without_a_good_backup(place: Place) -> None:
    assert found(place, 2).troubles == ()
    assert found(place, 0.1).troubles == (
        Trouble("overdue", "", "There is none at all; the schedule is every hour."),)
    place.backup()
    assert found(place, 2).troubles == ()
    assert found(place, 0.1).troubles == (
        Trouble("overdue", "", "The newest good one began at 2026-11-23 02:06 UTC; the schedule is every hour."),)


def test_a_weekend_of_a_cron_text_is_no_gap(place: Place) -> None:
    place.backup()
    place.scheduler.preferences = replace(place.scheduler.preferences, backup_cron="0 8 * * 1-5", time_zone="UTC")
    assert found(place, 24 * 5).troubles == ()
    assert [trouble.kind for trouble in found(place, 24 * 2).troubles] == ["overdue"]


def test_a_damaged_backup(place: Place) -> None:
    place.backup()
    newest = place.workspace.catalog.sets()[-1]
    file = next((place.folder / "sets").rglob("*.csv"))
    file.write_bytes(file.read_bytes()[:-3])
    assert not api.verify(place.workspace, newest, 1).ok
    kinds = {trouble.kind: trouble.detail for trouble in found(place).troubles}
    assert kinds["verify"] == f"1 backup; the newest of them is {newest.label}."


def test_a_list_that_shrank_suspends_retention(place: Place) -> None:
    place.backup()
    place.database["Equipment"].delete_many({"_id": {"$gt": 1}})
    place.now += timedelta(hours=1, minutes=1)
    place.backup()
    assert found(place).troubles == (
        Trouble("retention", "", "Nothing is deleted until an administrator has looked."),)


def test_a_disk_that_is_nearly_full(place: Place) -> None:
    place.backup()
    place.full = True
    assert found(place).troubles == (
        Trouble("disk", "", "100 MB are free for the database, 500 MB are needed."),)
    place.full = False
    place.settings = place.settings.model_copy(update={"min_free_mb": 10**9})
    assert found(place).troubles[0].detail.endswith(" MB are free for backups, 1,000,000,000 MB should be.")


def test_a_remote_that_does_not_work(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.backup()
    lines = {"cloud": Line(problem="Remote storage refused: 403 for secret-7"), "disk": Line()}
    waiting = tuple(place.workspace.catalog.sets())
    monkeypatch.setattr(api, "remote_standings", lambda ws: [
        api.Standing(name, None, line, waiting) for name, line in lines.items()])
    assert found(place).troubles == (
        Trouble("upload", "cloud", "1 backup waiting. Remote storage refused. Auto Backup has the rest."),)


def test_sign_ups_and_what_failed(place: Place) -> None:
    place.backup()
    place.database[USERS].insert_many([{"_id": "a", "state": "pending"}, {"_id": "b", "state": "active"}])
    assert found(place, failing=(("drill", "Why."),)).troubles == (
        Trouble("drill", "", "Why."), Trouble("sign_up", "", "1 person waits."))


def test_without_the_database_only_that_is_said_and_the_folder(place: Place) -> None:
    place.backup()
    place.down = True
    alone = found(place, 3, failing=(("backup", "Database connection failed."),))
    assert [trouble.kind for trouble in alone.troubles] == ["database", "overdue"]
    assert alone.unknown == {"backup", "drill", "upload", "sign_up"}


def test_what_cannot_be_asked_is_not_known(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(ws: api.Workspace) -> str:
        raise PermissionDenied("the folder")

    place.backup()
    monkeypatch.setattr(api, "retention_halted", refuse)
    assert found(place).unknown == {"retention"}


def test_a_fault_in_one_look_hides_nothing_else(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "checks", lambda storage: 1 / 0)
    place.backup()
    place.full = True
    seen = found(place)
    assert ([trouble.kind for trouble in seen.troubles], seen.unknown) == (["disk"], {"verify"})
