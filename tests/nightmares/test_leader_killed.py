"""Two servers of one installation, each a process: one backup, and when its maker dies, the other one goes on."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.locking.lease import Terms
from backup_engine.repository.catalog import Catalog
from backup_engine.scheduling import leader
from backup_engine.scheduling.preferences import Preferences
from backup_engine.scheduling.scheduler import Scheduler
from backup_engine.storage import LocalStorage
from tests.backup_engine.engine import OWNER_SOURCES, fill, workspace
from tests.mongod import Mongod
from tests.server.running_app import wait_for

FORK = multiprocessing.get_context("fork")


def serve(server: Mongod, name: str, folder: Path, said: Any) -> None:
    """Be a server until somebody ends this process; says who it is, and after five looks each whether it leads."""
    with server.client() as client:
        scheduler = Scheduler(workspace(folder, client[name]), Preferences(drill_every_days=0), tick_seconds=0.05)
        said.put(os.getpid())
        scheduler.start()
        looks, led = 0, None
        while True:
            time.sleep(0.02)
            if scheduler.leads is not led and scheduler.leader.asked >= looks + 5:
                looks, led = scheduler.leader.asked, scheduler.leads
                said.put(led)


def sets(folder: Path) -> int:
    return len(Catalog(LocalStorage(folder), OWNER_SOURCES).sets())


def test_a_killed_leader_is_succeeded_and_nobody_makes_a_second_backup(
    shared_mongod: Mongod, database: Database[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 20)
    monkeypatch.setattr(leader, "TERMS", Terms(lasts=1.0, renewed_every=0.2))
    heard = [FORK.Queue(), FORK.Queue()]
    folders = [tmp_path / "first", tmp_path / "second"]
    servers = [FORK.Process(target=serve, args=(shared_mongod, database.name, folder, said))
               for folder, said in zip(folders, heard, strict=True)]
    try:
        servers[0].start()
        assert heard[0].get(timeout=30) == servers[0].pid
        assert heard[0].get(timeout=30) is True
        wait_for(lambda: sets(folders[0]) == 1, "the leader's backup")
        servers[1].start()
        assert heard[1].get(timeout=30) == servers[1].pid
        assert heard[1].get(timeout=30) is False
        assert sets(folders[1]) == 0

        servers[0].kill()

        assert heard[1].get(timeout=30) is True
        wait_for(lambda: sets(folders[1]) == 1, "the successor's backup")
    finally:
        for server in servers:
            if server.pid:
                server.kill()
                server.join()

    assert [sets(folder) for folder in folders] == [1, 1]
