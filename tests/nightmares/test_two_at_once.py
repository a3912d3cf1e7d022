"""Many ask for a backup at the same moment: threads, processes, hosts. One set; the others are told why not."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.errors import Busy
from backup_engine.locking import file_lock, locks
from backup_engine.verify import verify
from tests.backup_engine.engine import fill, workspace
from tests.mongod import Mongod
from tests.nightmares.crash import ROUNDS

Live = Database[dict[str, Any]]
FORK = multiprocessing.get_context("fork")


def outcome(ws: Any, **options: Any) -> str:
    """One word for what came of asking."""
    try:
        return "created" if create(ws, **options).set else "not needed"
    except Busy:
        return "running"


def test_twenty_threads_make_one_set(tmp_path: Path, database: Live) -> None:
    fill(database)
    for number in range(ROUNDS):
        ws = workspace(tmp_path / str(number), database)
        barrier, results = threading.Barrier(20), list[str]()

        def ask(ws: Any = ws, barrier: threading.Barrier = barrier, results: list[str] = results) -> None:
            barrier.wait()
            results.append(outcome(ws))

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        counted = Counter(results)
        assert (counted["created"], sum(counted.values())) == (1, 20)
        assert [backup.state for backup in ws.catalog.sets()] == ["complete"]


def _process(uri_of: Any, name: str, folder: Path, barrier: Any, results: Any, host: int, force: bool) -> None:
    if host:
        file_lock._flock = lambda *_: True  # a file system whose locks do not reach other hosts
        locks.Holder = lambda purpose, at, **_: Holder(  # type: ignore
            purpose, at, boot=f"host {host}", host=f"host {host}")
    with uri_of() as client:
        ws = workspace(folder, client[name])
        client.admin.command("ping")
        barrier.wait(30)
        results.put(outcome(ws, force=force))


Holder = locks.Holder


@pytest.mark.parametrize("several_hosts", [False, True], ids=["one host", "eight hosts"])
def test_eight_processes_make_one_set(
    shared_mongod: Mongod, database: Live, tmp_path: Path, several_hosts: bool
) -> None:
    fill(database)
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        results = ask_in_processes(shared_mongod, database.name, folder, several_hosts, force=False)

        assert results["created"] == 1, results
        assert sum(results.values()) == 8
        ws = workspace(folder, database)
        assert [backup.state for backup in ws.catalog.sets()] == ["complete"]
        assert verify(ws, ws.catalog.sets()[0], level=2).ok


def test_hosts_without_any_common_lock_still_never_share_a_number_or_a_name(
    shared_mongod: Mongod, database: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only user on a file system without locks: nothing is left but exclusive creation."""
    fill(database)
    monkeypatch.setattr(locks.Capabilities, "of", classmethod(lambda cls, _: cls(commands=True, can_write=False)))

    for _ in range(ROUNDS):
        ask_in_processes(shared_mongod, database.name, tmp_path, True, force=True)

    ws = workspace(tmp_path, database)
    sets = ws.catalog.sets()
    complete = [backup for backup in sets if backup.state == "complete"]
    assert len({backup.seq for backup in complete}) == len({backup.label for backup in complete}) == len(complete)
    assert all(verify(ws, backup, level=2).ok for backup in complete)


def ask_in_processes(server: Mongod, name: str, folder: Path, hosts: bool, *, force: bool) -> Counter[str]:
    """Let eight processes, or hosts, ask at once; count what came of it."""
    barrier, results = FORK.Barrier(8), FORK.Queue()
    processes = [
        FORK.Process(target=_process, args=(server.client, name, folder, barrier, results, (n + 1) * hosts, force))
        for n in range(8)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        process.kill()
    return Counter(results.get(timeout=5) for _ in range(8) if not results.empty())
