"""SIGKILL anywhere in a backup: what is listed verifies, the lock is free, the next backup cleans up and works."""

from __future__ import annotations

import signal
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, fill, workspace
from tests.mongod import Mongod
from tests.nightmares.crash import ROUNDS, check_survival, die_at_step, die_before_file_operation, run_in_child, tree

STEPS = [f"W{n}" for n in range(11)]
COMMITTED = {"W9", "W10"}
STRIDE = 4 if ROUNDS == 1 else 1
"""Every file operation in the long run, every fourth one otherwise."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    (folder / "monday").mkdir(parents=True)
    (folder / "monday" / "notes of mine.csv").write_text("foreign")
    return folder


def elsewhere(server: Mongod, database: Database[dict[str, Any]], root: Path, **more: Any) -> Workspace:
    """A workspace for a child: with a connection of its own."""
    return workspace(root, lambda: server.client()[database.name], **more)


@pytest.mark.parametrize("step", STEPS)
def test_killed_right_after_a_step(
    step: str, shared_mongod: Mongod, database: Database[dict[str, Any]], root: Path
) -> None:
    fill(database)
    ws = workspace(root, database)
    create(ws)

    def backup() -> None:
        die_at_step(step)
        create(elsewhere(shared_mongod, database, root), force=True)

    for _ in range(ROUNDS):
        listed, before = ws.catalog.sets(), tree(root)
        assert run_in_child(backup) == -signal.SIGKILL
        assert len(ws.catalog.sets()) == len(listed) + (step in COMMITTED)
        check_survival(ws, root, before)


def test_killed_before_file_operations_one_after_the_other(
    shared_mongod: Mongod, database: Database[dict[str, Any]], root: Path
) -> None:
    fill(database)
    ws = workspace(root, database)
    create(ws)

    def backup(number: int) -> None:
        die_before_file_operation(number)
        create(elsewhere(shared_mongod, database, root), force=True)

    kills, number = 0, 1
    while True:
        before = tree(root)
        if run_in_child(partial(backup, number)) == 0:
            break
        last = check_survival(ws, root, forgive_small_temporaries(root, before))
        for listed in ws.catalog.sets():
            if listed != last:
                ws.catalog.remove(listed)
        kills, number = kills + 1, number + STRIDE

    print(f"{kills} kills, up to file operation {number}")
    assert number > 30


def test_killed_while_old_sets_are_being_removed(
    shared_mongod: Mongod, database: Database[dict[str, Any]], root: Path
) -> None:
    fill(database)
    clock = StillClock()
    ws = workspace(root, database, clock=clock)
    for _ in range(8):
        create(ws)
        clock.pass_by(hours=2)
    clock.pass_by(days=6, hours=12)

    def backup(number: int) -> None:
        die_before_file_operation(number)
        create(elsewhere(shared_mongod, database, root, clock=clock), force=True)

    killed = 0
    for number in range(30, 75, STRIDE):
        clock.pass_by(hours=2)
        killed += run_in_child(partial(backup, number)) == -signal.SIGKILL
        assert {listed.state for listed in ws.catalog.sets()} == {"complete"}
        create(ws, force=True)
        assert {listed.state for listed in ws.catalog.sets()} == {"complete"}
        assert list(root.glob(".state/intent_*")) == []

    assert killed > 2
    assert ws.catalog.sets()[0].started > StillClock().moment + timedelta(hours=4)


def forgive_small_temporaries(root: Path, before: set[str]) -> set[str]:
    """Small notes die within milliseconds of their making; recovery sweeps them when they are ten minutes old."""
    return before | {name for name in tree(root) if Path(name).name.startswith((".tmp-put-", ".tmp-probe-"))}
