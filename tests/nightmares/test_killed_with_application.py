"""SIGKILL anywhere in a backup that saves the application's own data as well: a pair is whole or it is not there."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.locking.locks import hold
from backup_engine.making.companion import recover
from backup_engine.model import BackupSet
from backup_engine.prune import delete
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, fill, fill_own, own_of, workspace
from tests.mongod import Mongod
from tests.nightmares.crash import ROUNDS, die_at_step, die_before_file_operation, files_of, run_in_child, tree

STEPS = [f"W{n}" for n in range(2, 11)] + [f"A{n}" for n in (*range(2, 11),)]
COMMITTED = {"W9", "W10", "A10"}
STRIDE = 9 if ROUNDS == 1 else 1
TEMPORARY = (".tmp-put-", ".tmp-probe-")


@pytest.fixture
def ws(database: Database[dict[str, Any]], tmp_path: Path) -> Workspace:
    fill(database)
    fill_own(database)
    ws = workspace(tmp_path / "backups", database, application=OWN)
    create(ws)
    return ws


def child(server: Mongod, name: str, root: Path) -> Workspace:
    """The same with a connection of its own."""
    return workspace(root, lambda: server.client()[name], application=OWN)


def back_up_a_change(ws: Workspace) -> BackupSet | None:
    """With nothing changed the pair of before would be named again."""
    ws.connect().equipment_users.insert_one({})
    return create(ws, force=True).set


def check_pairs(ws: Workspace, root: Path) -> list[BackupSet]:
    """Every set of the list is whole with its companion; after the next run nothing else lies there."""
    survivors = ws.catalog.sets()
    assert all(verify(ws, backup, 2).ok and backup.companion for backup in survivors)

    with hold(ws, "backup", wait=1) as held:
        recover(ws, held)
    assert {own.of for own in own_of(ws).catalog.sets()} >= {backup.backup_id for backup in survivors}
    made = back_up_a_change(ws)
    assert made is not None and made.warnings == ()

    lists, own = ws.catalog.sets(), own_of(ws).catalog.sets()
    assert [backup.backup_id for backup in lists] == [*(backup.backup_id for backup in survivors), made.backup_id]
    assert [backup.of for backup in own] == [backup.backup_id for backup in lists]
    assert [backup.companion for backup in lists] == [backup.backup_id for backup in own]
    expected = {name for backup in lists for name in files_of(backup)}
    expected |= {f".app/{name}" for backup in own for name in files_of(backup)}
    left = {name for name in tree(root) if not Path(name).name.startswith((*TEMPORARY, "seq_", "mark_", "verified"))}
    assert left == expected | {"README.txt", ".app/README.txt"}
    return lists


@pytest.mark.parametrize("step", STEPS)
def test_killed_right_after_a_step(
    step: str, shared_mongod: Mongod, database: Database[dict[str, Any]], ws: Workspace, tmp_path: Path
) -> None:
    root = tmp_path / "backups"

    def backup() -> None:
        die_at_step(step)
        back_up_a_change(child(shared_mongod, database.name, root))

    assert run_in_child(backup) == -signal.SIGKILL
    assert len(ws.catalog.sets()) == 1 + (step in COMMITTED)
    assert len(check_pairs(ws, root)) == 2 + (step in COMMITTED)


@pytest.mark.parametrize("step", ["A2", "W7", "W8", "W9"])
def test_killed_where_the_one_of_before_is_named_again(
    step: str, shared_mongod: Mongod, database: Database[dict[str, Any]], ws: Workspace, tmp_path: Path
) -> None:
    def backup() -> None:
        die_at_step(step)
        create(child(shared_mongod, database.name, tmp_path / "backups"), force=True)

    [before] = own_of(ws).catalog.sets()
    assert run_in_child(backup) == -signal.SIGKILL
    create(ws, force=True)

    lists = ws.catalog.sets()
    assert len(lists) == 2 + (step in COMMITTED) and own_of(ws).catalog.sets() == [before]
    assert all(backup.companion == before.backup_id and verify(ws, backup, 2).ok for backup in lists)


def test_killed_before_file_operations_one_after_the_other(
    shared_mongod: Mongod, database: Database[dict[str, Any]], ws: Workspace, tmp_path: Path
) -> None:
    root = tmp_path / "backups"

    def backup(number: int) -> None:
        die_before_file_operation(number)
        back_up_a_change(child(shared_mongod, database.name, root))

    kills, number = 0, 1
    while run_in_child(partial(backup, number)) != 0:
        for listed in check_pairs(ws, root)[:-1]:
            delete(ws, listed)
        kills, number = kills + 1, number + STRIDE

    assert number > 60, f"{kills} kills, up to file operation {number}"


def test_killed_while_a_pair_is_being_removed(
    shared_mongod: Mongod, database: Database[dict[str, Any]], ws: Workspace, tmp_path: Path
) -> None:
    root = tmp_path / "backups"

    def remove(number: int) -> None:
        inside = child(shared_mongod, database.name, root)
        die_before_file_operation(number)
        delete(inside, inside.catalog.sets()[0])

    killed = 0
    for number in range(1, 60, STRIDE):
        if len(ws.catalog.sets()) < 2:
            create(ws, force=True)
        killed += run_in_child(partial(remove, number)) == -signal.SIGKILL
        create(ws, force=True)
        newest = ws.catalog.sets()[-1]
        for old in ws.catalog.sets()[:-1]:
            delete(ws, old)
        assert [backup.backup_id for backup in own_of(ws).catalog.sets()] == [newest.companion]
        assert {backup.state for backup in own_of(ws).catalog.sets()} == {"complete"}
    assert killed > 1
