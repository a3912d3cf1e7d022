"""SIGKILL while everything is brought back on a bare machine: the same command once more finishes it, the list is none
or the new one, and whatever somebody has added meanwhile stops it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backup_engine import recover as recovering, undo
from backup_engine.errors import RestoreIncomplete, RestoreStopped
from backup_engine.ownership import standby
from tests.backup_engine.engine import fill, raw
from tests.backup_engine.machines import Data, Machines, everything, standing
from tests.mongod import Mongod
from tests.nightmares.crash import die_at_step, run_in_child

STEPS = ("V0", "V1", *(f"R{number}" for number in range(1, 9)), "V2", "B1", "B2", "V3")
NEW_FROM = STEPS.index("R7")


@pytest.fixture
def machines(tmp_path: Path, database: Data) -> Iterator[Machines]:
    with standing(tmp_path, database) as both:
        yield both


def killed(machines: Machines, shared_mongod: Mongod, step: str, **options: Any) -> int:
    """Recover in a process that dies at a step; gives its exit code."""
    def work() -> None:
        fresh = replace(machines.bare, connect=lambda: shared_mongod.client()[machines.new.name])
        die_at_step(step)
        recovering.recover(fresh, recovering.look(fresh, machines.source("folder")), **options)

    return run_in_child(work)


@pytest.mark.parametrize("step", STEPS)
def test_the_same_once_more_finishes_it(machines: Machines, shared_mongod: Mongod, step: str) -> None:
    backup = machines.back_up()
    assert killed(machines, shared_mongod, step) == -signal.SIGKILL

    is_new = STEPS.index(step) >= NEW_FROM
    assert raw(machines.new, "Equipment") == (raw(machines.old, "Equipment") if is_new else [])
    assert (standby.read(machines.new) is None) is (step == "V0"), "it stands by before the first record"
    done = machines.recover()

    assert done.backup == backup and done.verified
    assert everything(machines.new) == everything(machines.old)
    assert sorted(user["_id"] for user in machines.new.equipment_users.find()) == ["ada", "bob"]
    with pytest.raises(RestoreStopped, match="is not empty: 20 in Equipment"):
        machines.recover()
    undo.undo(machines.bare)
    assert raw(machines.new, "Equipment") == []


@pytest.mark.parametrize("step", ["V1", "V2", "B2"])
@pytest.mark.parametrize("what", ["Equipment", "equipment_users", "equipment_activity", "equipment_views"])
def test_what_somebody_has_added_meanwhile_stops_it(
    machines: Machines, shared_mongod: Mongod, step: str, what: str
) -> None:
    backup = machines.back_up()
    assert killed(machines, shared_mongod, step) == -signal.SIGKILL
    machines.new[what].insert_one({"_id": "added", "action": "records.add"})

    with pytest.raises(RestoreStopped, match="is not empty") as stopped:
        machines.recover()

    assert f"--at {backup.label}" in stopped.value.hint and "--replace-existing" in stopped.value.hint
    assert machines.new[what].count_documents({"_id": "added"}) == 1


def test_another_backup_is_not_mixed_with_what_is_left_of_the_first(
    machines: Machines, shared_mongod: Mongod
) -> None:
    first = machines.back_up("first")
    assert killed(machines, shared_mongod, "V2") == -signal.SIGKILL
    machines.back_up("second")

    with pytest.raises(RestoreStopped) as stopped:
        machines.recover()
    recovering.recover(machines.bare, machines.look(at=first.label))

    assert f"A recovery of backup {first.label} was interrupted here" in stopped.value.hint
    assert machines.new.Equipment.distinct("Vendor") == ["first"]


@pytest.mark.parametrize("step", ["R6", "R7", "V2"])
def test_what_was_replaced_still_comes_back_by_undo(machines: Machines, shared_mongod: Mongod, step: str) -> None:
    machines.back_up()
    fill(machines.new, 3)
    before = raw(machines.new, "Equipment")
    assert killed(machines, shared_mongod, step, replace_existing=True) == -signal.SIGKILL
    assert raw(machines.new, "Equipment") in (before, raw(machines.old, "Equipment"))

    machines.recover(replace_existing=True)

    assert everything(machines.new) == everything(machines.old)
    undo.undo(machines.bare)
    assert raw(machines.new, "Equipment") == before


def test_accounts_that_cannot_be_brought_back_leave_the_list_and_say_so(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.back_up()
    found = machines.look()

    def refused(*_: Any, **__: Any) -> None:
        raise RestoreStopped("no room", hint="Make room.")

    with monkeypatch.context() as broken:
        broken.setattr("backup_engine.restore_application.restore_held", refused)
        with pytest.raises(RestoreIncomplete, match="the list is recovered, and what was saved beside it is not"):
            recovering.recover(machines.bare, found)

    assert recovering.recover(machines.bare, found).verified
    assert machines.new.equipment_users.count_documents({}) == 2
