"""A server that deletes what has expired every second, while records that have expired are restored."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from pymongo.read_concern import ReadConcern

from backup_engine import drill, merge, restore, undo
from backup_engine.compare import compare
from backup_engine.errors import VerificationFailed
from backup_engine.model import BackupSet
from backup_engine.replacing import loading, staging
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up, workspace
from tests.mongod import Mongod

Doc = dict[str, Any]
RECORDS, EXPIRED = 3_000, 2_000
SAID = f"{EXPIRED:,} records of Equipment carry a date that has passed for the index when_1"


@pytest.fixture(scope="module")
def hasty() -> Iterator[Mongod]:
    server = Mongod(parameters=("ttlMonitorSleepSecs=1",))
    yield server
    server.stop()


@pytest.fixture
def live(hasty: Mongod) -> Iterator[Database[Doc]]:
    with hasty.client() as client:
        yield client.lab
        client.drop_database("lab")


def monitor(database: Database[Doc], on: bool) -> None:
    database.client.admin.command({"setParameter": 1, "ttlMonitorEnabled": on})


def look_by_the_monitor(database: Database[Doc]) -> None:
    """Wait until it has looked at every collection once more, from the beginning."""
    first = _passes(database)
    while _passes(database) < first + 2:
        time.sleep(0.05)


def _passes(database: Database[Doc]) -> int:
    return int(database.command("serverStatus")["metrics"]["ttl"]["passes"])


def wait_until_deleted(database: Database[Doc]) -> None:
    deadline = time.monotonic() + 30
    settled = database.get_collection("Equipment", read_concern=ReadConcern("majority"))  # what a snapshot sees as well
    while (left := settled.count_documents({})) != RECORDS - EXPIRED:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


@pytest.fixture
def backup(live: Database[Doc], tmp_path: Path) -> tuple[Workspace, BackupSet]:
    """A set with an index after which most of its records have expired."""
    monitor(live, False)
    now = datetime.now(UTC)
    live.Equipment.create_index("when", expireAfterSeconds=3600)
    live.Equipment.create_index("n", unique=True)
    live.Equipment.insert_many([
        {"_id": n, "n": n, "when": now - timedelta(days=2) if n < EXPIRED else now + timedelta(days=2)}
        for n in range(RECORDS)])
    ws = workspace(tmp_path, live)
    made = back_up(ws)
    monitor(live, True)
    return ws, made


def slow_proof(monkeypatch: pytest.MonkeyPatch, live: Database[Doc]) -> None:
    """Let the monitor look at the staging collection between its loading and the reading for the proof."""
    measure = staging.measure

    def later(*arguments: Any, **options: Any) -> Any:
        look_by_the_monitor(live)  # the indexes that are built beside the reading are there by then
        return measure(*arguments, **options)

    monkeypatch.setattr(staging, "measure", later)


def test_it_is_said_before_and_after_and_the_proof_holds(
    live: Database[Doc], backup: tuple[Workspace, BackupSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, made = backup
    wait_until_deleted(live)
    slow_proof(monkeypatch, live)

    compared = compare(ws, made)
    planned = merge.plan(ws, made, "equipment")
    drilled = drill.drill(ws, made)
    plan = restore.plan_replace(ws, made, ["equipment"])
    done = restore.replace(ws, plan)

    assert [note for note in compared.notes if SAID in note]
    assert [warning for warning in plan.warnings if SAID in warning]
    assert [warning for warning in planned.warnings if SAID in warning]
    assert SAID in drilled.message and SAID in done.message
    assert done.counts == {"equipment": RECORDS}
    assert live.Equipment.index_information()["when_1"]["expireAfterSeconds"] == 3600
    wait_until_deleted(live)  # as it was said
    undo.undo(ws)
    assert live.Equipment.count_documents({}) == RECORDS - EXPIRED


def test_a_merge_without_the_index_keeps_them(
    live: Database[Doc], backup: tuple[Workspace, BackupSet]
) -> None:
    ws, made = backup
    wait_until_deleted(live)
    live.Equipment.drop_index("when_1")  # as the documentation advises

    planned = merge.plan(ws, made, "equipment")
    merge.merge(ws, planned)
    look_by_the_monitor(live)

    assert planned.warnings == ()
    assert live.Equipment.count_documents({}) == RECORDS


@pytest.mark.parametrize("past", [True, False], ids=["expired", "not yet"])
def test_a_clustered_collection_that_expires(
    hasty: Mongod, live: Database[Doc], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, past: bool
) -> None:
    monitor(live, False)
    first = datetime.now(UTC).replace(microsecond=0) + timedelta(days=-9 if past else 9)
    live.create_collection("Equipment", clusteredIndex={"key": {"_id": 1}, "unique": True}, expireAfterSeconds=60)
    live.Equipment.insert_many([{"_id": first + timedelta(seconds=n)} for n in range(100)])
    log = Log()
    with hasty.client(event_listeners=[log]) as client:
        ws = workspace(tmp_path, client.lab)
        made = back_up(ws)
        monitor(live, True)
        slow_proof(monkeypatch, live)

        done = restore.replace(ws, restore.plan_replace(ws, made, ["equipment"]))

    assert done.counts == {"equipment": 100}
    assert live.Equipment.options()["expireAfterSeconds"] == 60
    assert ("100 records of Equipment carry a date that has passed for the clustered index" in done.message) is past
    assert ("collMod" in log.commands) is past  # a right that readWrite does not have: only where it must be


class Log(CommandListener):
    """Which commands were sent."""

    def __init__(self) -> None:
        self.commands: set[str] = set()

    def started(self, event: CommandStartedEvent) -> None:
        self.commands.add(event.command_name)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Of no interest."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Of no interest."""


def test_records_that_are_missing_for_another_reason_still_fail_the_proof(
    live: Database[Doc], backup: tuple[Workspace, BackupSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, made = backup
    loaded = loading.load

    def one_less(database: Database[Doc], name: str, *arguments: Any, **options: Any) -> Any:
        outcome = loaded(database, name, *arguments, **options)
        database[name].delete_one({})
        return outcome

    monkeypatch.setattr(loading, "load", one_less)

    with pytest.raises(VerificationFailed, match="2,999 records after loading"):
        restore.replace(ws, restore.plan_replace(ws, made, ["equipment"]))
