"""Who may do what with places off the machine, and in whose name it stands in the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore, Preferences
from backup_engine.csv_format import age
from backup_engine.errors import AdminOnly, KeyNeeded, PermissionDenied
from equipment import offsite, sealing
from equipment.backups import Backups, Caller
from equipment.domain.actions import in_words
from equipment.jobs import Job
from equipment.settings import Settings, use
from equipment.store import activity
from tests.backup_engine import sets
from tests.equipment.test_backups import PATIENCE, caller, make_set

NOW = datetime.now(UTC)
Db = Database[dict[str, Any]]


@pytest.fixture
def backups(database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backups:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    database["Equipment"].insert_many([{"_id": number, "ID": number} for number in range(3)])
    for name in ("disk", "second"):
        (tmp_path / name).mkdir()
    engine = DatabaseBackupRestore(connect=lambda: database, backup_folder=str(tmp_path / "sets"),
                                   remotes=f"disk=file://{tmp_path}/disk")
    return Backups(engine, lambda: database, Preferences())


def done(job: Job) -> Any:
    assert job.done.wait(PATIENCE)
    assert job.error is None, job.error
    return job.result


VERBS: dict[str, Callable[[Backups, Caller], object]] = {
    "standings": offsite.standings,
    "add": lambda backups, by: offsite.add(backups, by, "evil", "file:///tmp"),
    "test": lambda backups, by: offsite.test(backups, by, "disk"),
    "confirm": lambda backups, by: offsite.confirm_key(backups, by, "disk", "SHA256:x"),
    "take over": lambda backups, by: offsite.take_over(backups, by, "disk"),
    "remove": lambda backups, by: offsite.remove(backups, by, "disk"),
    "push": lambda backups, by: offsite.push(backups, by, "disk"),
    "listed": lambda backups, by: offsite.listed(backups, by, "disk"),
    "fetch": lambda backups, by: offsite.fetch(backups, by, "disk", "x"),
    "preview": lambda backups, by: offsite.preview(
        backups, by, "disk", offsite.There((), NOW, (), ()), sets.make_set(1, NOW), "equipment",
        limit=1, skip=0, search="", kind="p", about=0),
}


@pytest.mark.parametrize("role", ["user", "technician", "manager"])
def test_only_an_administrator_gets_through(backups: Backups, database: Db, tmp_path: Path, role: str) -> None:
    by = caller(database, role)
    assert VERBS.keys() == {name.replace("_", " ").removesuffix(" key") for name in offsite.__all__} - {"JOB", "There"}

    for verb in VERBS.values():
        with pytest.raises((AdminOnly, PermissionDenied)):
            verb(backups, by)

    assert backups.jobs.latest(offsite.JOB) is None
    assert list((tmp_path / "disk").iterdir()) == []


def test_the_way_there_and_back_in_somebodys_name(backups: Backups, database: Db, tmp_path: Path) -> None:
    by = caller(database, "admin")
    made = make_set(backups, by)

    assert "works" in done(offsite.add(backups, by, "second", f"file://{tmp_path}/second")).message
    assert len(done(offsite.push(backups, by, "second")).sent) == 1
    [backup] = done(offsite.listed(backups, by, "second")).sets
    assert backup.backup_id == made.backup_id
    assert "is here already" in done(offsite.fetch(backups, by, "second", made.backup_id)).message
    assert "taken over" in done(offsite.take_over(backups, by, "second")).message
    assert {each.name: each.state for each in offsite.standings(backups, by)} == {
        "disk": "waiting", "second": "up to date"}
    offsite.remove(backups, by, "second")

    entries = [entry for entry in activity.find(database, activity.Filter()) if "remote" in entry["action"]]
    assert [entry["action"].removeprefix("backup.remote.") for entry in reversed(entries)] == [
        "add", "push", "fetch", "take_over", "remove"]
    assert {entry["who"] for entry in entries} == {by.name}
    assert all(in_words(entry["action"]) != entry["action"] for entry in entries)


def test_an_encrypted_set_that_was_fetched_opens_with_the_keys_that_a_visitor_gives(
    backups: Backups, database: Db
) -> None:
    identity = age.new_identity()
    by = caller(database, "admin")
    keyed = replace(by, keys=sealing.keys_from(identity))
    sealing.change(backups, by, "zstd", age.public_half(identity))
    made = make_set(backups, by)
    assert made.encrypted and len(done(offsite.push(backups, by, "disk")).sent) == 1
    backups.engine.workspace.catalog.remove(made)

    fetched = done(offsite.fetch(backups, by, "disk", made.backup_id)).set

    with pytest.raises(KeyNeeded):
        backups.preview(by, fetched, "equipment", 10, 0, "")
    assert backups.preview(keyed, fetched, "equipment", 10, 0, "")[1] == 3
    assert done(backups.verify(by, fetched)).level == 1
    assert done(backups.verify(keyed, fetched)).level == 2
    database["Equipment"].delete_one({"_id": 1})
    done(backups.merge(keyed, fetched, {"equipment": None}))
    assert database["Equipment"].count_documents({}) == 3


def test_what_is_wrong_with_an_address_ends_the_job_and_repeats_no_secret(backups: Backups, database: Db) -> None:
    job = offsite.add(backups, caller(database, "admin"), "second", "s3://key:hush@bucket/x")

    assert job.done.wait(PATIENCE) and job.error is not None
    assert "no secrets" in job.error.message
    assert all("hush" not in str(entry) for entry in activity.find(database, activity.Filter()))


def test_a_demo_sends_nothing_anywhere() -> None:
    from equipment import settings

    with use(Settings(backup_remote="disk=file:///mnt/disk")):
        settings.divert_backups()
        assert settings.get_settings().backup_remote == ""
