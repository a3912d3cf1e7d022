"""Two hosts on one folder, one of which stands still: the other takes over, and the late one commits nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import failpoints
from backup_engine.create import Created, create
from backup_engine.errors import BackupError, Busy
from backup_engine.locking import file_lock, lease, locks
from backup_engine.locking.lease import Terms
from backup_engine.repository.manifest import label_of
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, fill, workspace
from tests.mongod import Mongod
from tests.nightmares.crash import ROUNDS, die, tree

Live = Database[dict[str, Any]]
FORK = multiprocessing.get_context("fork")
SHORT = Terms(lasts=0.8, renewed_every=0.2)
PATIENCE = 20


@pytest.fixture
def ws(tmp_path: Path, database: Live, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """This host: its own boot id, leases of under a second, and a file system whose locks stay on one host."""
    fill(database)
    monkeypatch.setattr(locks, "TERMS", SHORT)
    monkeypatch.setattr(file_lock, "_flock", lambda *_: True)
    monkeypatch.setattr(lease, "boot_id", lambda: "host B")
    return workspace(tmp_path, database)


def other_host(
    server: Mongod, name: str, folder: Path, step: str, act: Any, results: Any, clock: StillClock | None = None
) -> Any:
    """Start a backup on host A that does something right after a step."""

    def work() -> None:
        lease.boot_id = lambda: "host A"
        failpoints.hooks[step] = act
        with server.client() as client:
            try:
                create(workspace(folder, client[name], clock=clock), force=True)
                results.put("committed")
            except Busy as refused:
                results.put(refused.message)
            except BackupError as problem:
                results.put(f"stopped: {problem.message}")

    process = FORK.Process(target=work)
    process.start()
    return process


def stand_still() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def wait_until_stopped(process: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    # The state follows the program's name in brackets, which may hold blanks and brackets itself.
    while Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def create_when_possible(ws: Workspace) -> tuple[Created, int]:
    """Ask until the other host's lease has lapsed; gives the backup and how often it was refused."""
    deadline, refused = time.monotonic() + PATIENCE, 0
    while True:
        try:
            return create(ws, force=True), refused
        except Busy:
            refused += 1
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("step", ["W2", "W3", "W4", "W6", "W7", "W8"])
def test_a_holder_that_stood_still_is_succeeded_and_commits_nothing(
    ws: Workspace, shared_mongod: Mongod, database: Live, tmp_path: Path, step: str
) -> None:
    for _ in range(ROUNDS):
        results = FORK.Queue()
        late = other_host(shared_mongod, database.name, tmp_path, step, stand_still, results)
        wait_until_stopped(late)

        created, refused = create_when_possible(ws)
        before = tree(tmp_path)
        os.kill(late.pid, signal.SIGCONT)
        said = results.get(timeout=PATIENCE)
        late.join(PATIENCE)

        assert refused > 0
        assert said != "committed"
        assert created.set == ws.catalog.sets()[-1]
        assert all(backup.state == "complete" and verify(ws, backup, level=2).ok for backup in ws.catalog.sets())
        assert tree(tmp_path) == before


@pytest.mark.parametrize("step", ["W2", "W6", "W8"])
def test_a_holder_that_stood_still_leaves_its_successor_s_files_alone_under_the_same_label(
    ws: Workspace, shared_mongod: Mongod, database: Live, tmp_path: Path, step: str
) -> None:
    clock, results = StillClock(), FORK.Queue()
    late = other_host(shared_mongod, database.name, tmp_path, step, stand_still, results, clock)
    wait_until_stopped(late)

    created, _ = create_when_possible(replace(ws, clock=clock))
    before = tree(tmp_path)
    os.kill(late.pid, signal.SIGCONT)

    assert results.get(timeout=PATIENCE) != "committed"
    late.join(PATIENCE)
    assert created.set is not None and created.set.label == label_of(clock())
    assert verify(ws, created.set, level=2).ok
    assert tree(tmp_path) == before


def test_a_holder_that_was_killed_is_succeeded_when_its_lease_has_lapsed(
    ws: Workspace, shared_mongod: Mongod, database: Live, tmp_path: Path
) -> None:
    dead = other_host(shared_mongod, database.name, tmp_path, "W5", die, FORK.Queue())
    dead.join(PATIENCE)

    created, refused = create_when_possible(ws)

    assert refused > 0
    assert [backup.backup_id for backup in ws.catalog.sets()] == [created.set.backup_id if created.set else ""]
    assert not list(tmp_path.rglob(".tmp-2*"))


def test_a_holder_that_only_works_long_keeps_its_lease(
    ws: Workspace, shared_mongod: Mongod, database: Live, tmp_path: Path
) -> None:
    results = FORK.Queue()

    def work_long() -> None:
        results.put("working")
        time.sleep(3 * SHORT.lasts)

    slow = other_host(shared_mongod, database.name, tmp_path, "W6", work_long, results)
    assert results.get(timeout=PATIENCE) == "working"

    created, refused = create_when_possible(ws)
    slow.join(PATIENCE)

    assert refused > 5
    assert results.get(timeout=PATIENCE) == "committed"
    assert created.set is not None
    assert len(ws.catalog.sets()) == 2


def test_control_without_the_check_the_late_one_commits(
    ws: Workspace, shared_mongod: Mongod, database: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease.Lease, "check", lambda _: None)
    monkeypatch.setattr("backup_engine.repository.intents.recover", lambda *_, **__: [])
    results = FORK.Queue()
    late = other_host(shared_mongod, database.name, tmp_path, "W7", stand_still, results)
    wait_until_stopped(late)

    create_when_possible(ws)
    os.kill(late.pid, signal.SIGCONT)

    assert results.get(timeout=PATIENCE) == "committed"
    late.join(PATIENCE)
