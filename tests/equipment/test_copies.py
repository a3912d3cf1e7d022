"""Where copies of the list lie, and what the rule of 3-2-1 misses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import AdminOnly
from backup_engine.remotes import queue
from backup_engine.remotes.address import parse
from backup_engine.storage.mounts import Mount
from equipment import backups as processes, copies, settings
from equipment.backups import NOBODY, Backups, Caller
from equipment.copies import Copy, Survey
from equipment.settings import Settings
from tests.mongod import Mongod

FOLDER = Copy("", "/sets", "same disk", "disk 1")
SECOND = Copy("second", "file:///second", "same disk", "disk 1")
USB = Copy("usb", "file:///mnt", "another disk", "disk 2")
CLOUD = Copy("cloud", "s3://lab", "another machine", "s3")
OTHER = "a backup on another machine"


@pytest.mark.parametrize(("folder", "remotes", "number", "places", "missing"), [
    (FOLDER, (), 2, 1, OTHER),
    (FOLDER, (SECOND,), 3, 1, OTHER),
    (FOLDER, (USB,), 3, 2, OTHER),
    (FOLDER, (CLOUD,), 3, 2, ""),
    (FOLDER, (CLOUD, USB), 4, 3, ""),
    (FOLDER, (replace(CLOUD, counts=False),), 2, 1, OTHER),
    (replace(FOLDER, counts=False), (), 1, 1, f"a good backup in the backup folder and {OTHER}"),
    (replace(FOLDER, counts=False), (CLOUD,), 2, 2, "a good backup in the backup folder"),
    (replace(FOLDER, distance="another machine", place="disk 9"), (), 2, 2, "a third copy"),
])
def test_what_the_rule_misses(
    folder: Copy, remotes: tuple[Copy, ...], number: int, places: int, missing: str
) -> None:
    found = Survey("", "disk 1", folder, remotes)

    assert (1 + len(found.counted), found.places, copies.missing(found)) == (number, places, missing)


@pytest.mark.parametrize(("url", "expected"), [
    ("s3://lab?endpoint=https://s3.example.org", "another machine"),
    ("s3://lab?endpoint=http://127.0.0.1:9000&allow=http", "same disk"),
    ("s3://lab", "another machine"),
    ("sftp://me@localhost/lab", "same disk"), ("sftp://me@nas.example.org/lab", "another machine"),
    ("file:///nowhere/yet", "same disk"), ("file:///proc", "another disk"),
])
def test_how_far_a_remote_is(url: str, expected: str) -> None:
    assert copies.distance(parse(url), Path("/")) == expected


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "/run/mongo.sock", "app.localhost", "LOCALHOST."])
def test_names_of_this_machine(host: str) -> None:
    assert copies.is_here(host)
    assert not copies.is_here(f"x{host.strip('[]./:')}.example.org")


@pytest.mark.parametrize(("kind", "expected"), [
    ("nfs4", "another machine"), ("fuse.sshfs", "another machine"), ("cifs", "another machine"),
    ("fuseblk", "same disk"), ("9p", "same disk"), ("ext4", "same disk"),
])
def test_a_mount_from_another_machine_is_elsewhere(
    kind: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies.api, "mount_of", lambda path: Mount("/", kind))

    assert copies.distance(parse(f"file://{tmp_path}/x"), tmp_path) == expected


def test_from_the_notes_of_sending(
    shared_mongod: Mongod, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    database["Equipment"].insert_many([{"_id": number} for number in range(3)])
    (tmp_path / "disk").mkdir()
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=tmp_path / "sets",
                      backup_remote=f"disk=file://{tmp_path}/disk cloud=sftp://me@nas.example.org/lab")
    with settings.use(chosen):
        try:
            _from_the_notes(processes.of(chosen, lambda: database))
        finally:
            processes.stop()


def _from_the_notes(place: Backups) -> None:
    found = copies.surveyed(place)
    assert (found.folder.counts, found.folder.why) == (False, "no good backup yet")
    assert {copy.name: copy.why for copy in found.remotes} == {
        "disk": "nothing is there yet", "cloud": "nothing is there yet"}

    list_ = place.engine.workspace.connect()["Equipment"]
    records = list(list_.find())
    list_.delete_many({})
    empty = place.engine.create(force=True).set
    assert empty is not None
    assert (copies.surveyed(place).empty, copies.surveyed(place).folder.counts) == ("list too", True)
    list_.insert_many(records)
    found = copies.surveyed(place)
    assert (found.empty, found.folder.counts) == ("list not", False)
    assert found.folder.why == "its newest backup is empty, and the list is not"

    made = place.engine.create(force=True).set
    assert made is not None
    moment = datetime(2026, 3, 31, 9, tzinfo=UTC)
    storage = place.engine.workspace.storage
    queue.write(storage, "disk", queue.Line(sent={empty.backup_id: "", empty.companion: ""}))
    assert copies.surveyed(place).remotes[0].why == "its newest backup is empty, and the list is not"
    there = queue.Line(sent={made.backup_id: "", made.companion: ""}, read_back=moment)
    queue.write(storage, "disk", there)
    away = queue.Line(sent=dict(there.sent))
    away.failed("away", moment)
    away.failed("away", moment + timedelta(hours=1))
    queue.write(storage, "cloud", away)
    disk, cloud = copies.surveyed(place).remotes

    assert (disk.counts, disk.distance, disk.newest, disk.checked) == (True, "same disk", made, moment)
    assert (cloud.counts, cloud.distance, cloud.why) == (False, "another machine", "it takes nothing at present")
    assert cloud.since == moment
    away.went_well()
    queue.write(storage, "cloud", away)
    found = copies.surveyed(place)
    assert (found.server, found.places, copies.missing(found)) == ("", 2, "")
    away.damage = "broken"
    queue.write(storage, "cloud", away)
    found = copies.surveyed(place)
    assert (found.remotes[1].why, copies.missing(found)) == ("a backup there is damaged", OTHER)
    seen = copies.survey(place, NOBODY)
    assert seen is None or seen.folder.counts
    with pytest.raises(AdminOnly):
        copies.survey(place, Caller("eve", _refuses))


def _refuses(action: str) -> object:
    raise AdminOnly(action)
