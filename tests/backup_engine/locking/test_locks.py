"""One operation at a time, whoever asks from wherever."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import mongomock
import pytest
from pymongo.database import Database

from backup_engine.errors import Busy, DatabaseUnreachable, NoSpace, RestoreRunning
from backup_engine.locking import file_lock
from backup_engine.locking.lease import COLLECTION, LEASE_ID, Holder, Lease, Terms
from backup_engine.locking.locks import hold
from backup_engine.model import Room
from backup_engine.storage import MemoryStorage
from tests.backup_engine.engine import workspace
from tests.mongod import Mongod

FORK = multiprocessing.get_context("fork")
SHORT = Terms(lasts=0.6, renewed_every=0.2)


def stand_in() -> Database[dict[str, Any]]:
    return mongomock.MongoClient().db  # type: ignore[no-any-return]


@contextmanager
def child(work: Callable[[Any], None]) -> Iterator[Any]:
    """Run ``work(pipe)`` in a process of its own; gives the process after it has sent its first word."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=work, args=(theirs,))
    process.start()
    assert ours.poll(20), "the child did not get ready"
    ours.recv()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def holding(folder: Path, purpose: Any) -> Callable[[Any], None]:
    def work(pipe: Any) -> None:
        with hold(workspace(folder, stand_in), purpose):
            pipe.send("locked")
            signal.pause()

    return work


def test_a_second_thread_is_told_what_runs(tmp_path: Path, database: Database[dict[str, Any]]) -> None:
    ws = workspace(tmp_path, database)

    with hold(ws, "backup"), pytest.raises(Busy, match="A backup is already running"), hold(ws, "backup"):
        pytest.fail("two at once")
    with hold(ws, "restore"), pytest.raises(RestoreRunning, match="A restore is running"), hold(ws, "backup"):
        pytest.fail("two at once")
    with hold(ws, "backup"):
        pass


def test_another_process_is_told_what_runs_and_since_when(tmp_path: Path) -> None:
    ws = workspace(tmp_path, stand_in)

    with child(holding(tmp_path, "merge")) as process, pytest.raises(RestoreRunning) as refused, hold(ws, "backup"):
        pytest.fail("two at once")

    assert f"by process {process.pid} since " in refused.value.message


@pytest.mark.parametrize("text", ["", "[", "[]", '"x"', "{}", "[" * 5000], ids=lambda text: text[:2] or "nothing")
def test_a_lock_file_with_other_words_in_it_still_locks(tmp_path: Path, text: str) -> None:
    ws = workspace(tmp_path, stand_in)

    with child(holding(tmp_path, "backup")):
        (tmp_path / ".lock").write_text(text)

        with pytest.raises(Busy, match="by another process"), hold(ws, "backup"):
            pytest.fail("two at once")


def test_the_lock_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    with child(holding(tmp_path, "backup")) as process:
        os.kill(process.pid, signal.SIGKILL)

        with hold(workspace(tmp_path, stand_in), "backup", wait=1) as held:
            assert held.purpose == "backup"


def test_workers_of_a_killed_process_do_not_keep_its_lock(tmp_path: Path) -> None:
    def work(pipe: Any) -> None:
        with hold(workspace(tmp_path, stand_in), "backup"):
            worker = os.fork()
            if worker == 0:
                pipe.send("locked")
                signal.pause()
            signal.pause()

    with child(work) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(process.pid, signal.SIGKILL)
        try:
            with hold(workspace(tmp_path, stand_in), "backup", wait=1) as held:
                assert held.purpose == "backup"
        finally:
            for worker in children:
                os.kill(int(worker), signal.SIGKILL)


def test_waiting_gets_the_lock_when_it_is_given_back(tmp_path: Path) -> None:
    ws = workspace(tmp_path, stand_in)
    taken, order = threading.Event(), []

    def first() -> None:
        with hold(ws, "backup"):
            taken.set()
            time.sleep(0.2)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    taken.wait()
    with hold(ws, "restore", wait=10):
        order.append("second")
    thread.join()

    assert order == ["first", "second"]


def test_a_removed_lock_file_does_not_make_two_holders(tmp_path: Path) -> None:
    ws = workspace(tmp_path, stand_in)
    with hold(ws, "backup"):
        (tmp_path / ".lock").unlink()
    with hold(ws, "backup"), pytest.raises(Busy):
        file_lock._locked(tmp_path / ".lock", 0)


def test_the_lease_names_its_holder_and_is_given_back(tmp_path: Path, database: Database[dict[str, Any]]) -> None:
    with hold(workspace(tmp_path, database), "backup") as held:
        document = database[COLLECTION].find_one({"_id": LEASE_ID})
        held.check()

    assert document is not None
    assert document["purpose"] == "backup"
    assert document["until"] is not None
    after = database[COLLECTION].find_one({"_id": LEASE_ID})
    assert after is not None
    assert after["until"] is None


def test_a_dead_process_of_this_boot_and_folder_is_succeeded_at_once(
    tmp_path: Path, database: Database[dict[str, Any]]
) -> None:
    dead = Holder("backup", file_lock.folder_identity(tmp_path / ".lock", ""))
    lease = Lease.take(database, dead, locked=True, terms=Terms())
    assert isinstance(lease, Lease)

    with hold(workspace(tmp_path, database), "backup"), pytest.raises(Busy, match="took over"):
        lease.check()


def test_another_host_or_folder_is_waited_for_until_its_lease_lapses(
    tmp_path: Path, database: Database[dict[str, Any]]
) -> None:
    for holder in (Holder("restore", "elsewhere"), Holder("restore", "same", boot="another host")):
        lease = Lease.take(database, holder, locked=True, terms=SHORT)
        assert isinstance(lease, Lease)
        refused = Lease.take(database, Holder("backup", "same"), locked=True, terms=SHORT)
        assert isinstance(refused, dict)
        with pytest.raises(RestoreRunning), hold(workspace(tmp_path, database), "backup"):
            pytest.fail("two at once")
        lease.release()


def test_a_lease_is_renewed_for_as_long_as_it_is_held(database: Database[dict[str, Any]]) -> None:
    lease = Lease.take(database, Holder("backup", "f"), locked=False, terms=SHORT)
    assert isinstance(lease, Lease)
    first = database[COLLECTION].find_one({"_id": LEASE_ID})
    assert first is not None
    deadline = time.monotonic() + 10

    while (now := database[COLLECTION].find_one({"_id": LEASE_ID})) and now["until"] == first["until"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert now is not None
    assert now["until"] > first["until"]
    lease.release()


def test_the_token_only_grows(database: Database[dict[str, Any]]) -> None:
    tokens = []
    for _ in range(3):
        lease = Lease.take(database, Holder("backup", "f"), locked=False, terms=SHORT)
        assert isinstance(lease, Lease)
        tokens.append(lease.token)
        lease.release()

    assert tokens == sorted(set(tokens))


def test_one_of_many_threads_gets_the_lease(shared_mongod: Mongod, database: Database[dict[str, Any]]) -> None:
    barrier, results = threading.Barrier(12), []

    def ask() -> None:
        barrier.wait()
        results.append(Lease.take(database, Holder("backup", "f"), locked=False, terms=Terms()))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winners = [result for result in results if isinstance(result, Lease)]
    assert len(winners) == 1
    winners[0].release()


def test_what_concerns_the_folder_alone_needs_no_database(tmp_path: Path) -> None:
    def down() -> Database[dict[str, Any]]:
        raise DatabaseUnreachable("no answer")

    with hold(workspace(tmp_path, down), "prune") as held:
        assert held.database is None
    with pytest.raises(DatabaseUnreachable), hold(workspace(tmp_path, down), "backup"):
        pytest.fail("backed up without a database")


def test_memory_is_locked_between_threads() -> None:
    ws = workspace(MemoryStorage(), stand_in)

    with hold(ws, "backup"), pytest.raises(Busy), hold(ws, "backup"):
        pytest.fail("two at once")


@pytest.mark.parametrize("purpose", ["restore", "merge", "undo", "drill"])
def test_what_fills_the_database_is_not_begun_while_that_is_short_of_room(
    tmp_path: Path, database: Database[dict[str, Any]], purpose: Any
) -> None:
    ws = replace(workspace(tmp_path, database), room=lambda: Room("/data", 120_000_000, 500_000_000))

    with pytest.raises(NoSpace, match="120 MB are free on the disk of the data folder /data, and 500 MB") as refusal, \
            hold(ws, purpose):
        pass

    assert refusal.value.hint.startswith("Free 380 MB on that disk")


@pytest.mark.parametrize("purpose", ["backup", "prune", "pin", "repair", "import", "delete", "recover", "adopt"])
def test_everything_else_is(tmp_path: Path, database: Database[dict[str, Any]], purpose: Any) -> None:
    ws = replace(workspace(tmp_path, database), room=lambda: Room("/data", 0, 500_000_000))

    with hold(ws, purpose) as held:
        assert held.purpose == purpose
