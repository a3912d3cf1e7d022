"""A primary is killed, steps down or freezes during a verb: no false success, nothing lost.

A few cases of the matrices in ``elections`` and ``backups_in_elections``; the controls break the promise and see the
same judge say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nightmares import backups_in_elections
from tests.nightmares.elections import Case, careless_loading, matrix, no_look_at_the_end, run
from tests.replica_set import ReplicaSet

SOME = [
    Case("kill", "replace", "R4", "all"), Case("freeze", "replace", "R6", "none"), Case("kill", "merge", "M3", "one"),
    Case("step_down", "drill", "D2", "one"), Case("kill", "full backup", "W3", "one"),
    Case("freeze", "import-set", "W8", "none"),
]
LOADED = Case("kill", "replace", "R4", "all")


@pytest.fixture(scope="module")
def members() -> Iterator[ReplicaSet]:
    members = ReplicaSet()
    yield members
    members.stop()


@pytest.mark.parametrize("case", SOME, ids=lambda case: f"{case.verb}-{case.step}-{case.fault}-{case.lag}")
def test_a_change_of_primary(members: ReplicaSet, tmp_path: Path, case: Case) -> None:
    assert case in (*matrix(), *backups_in_elections.matrix())

    result = run(members, case, tmp_path / "backups", backups_in_elections.stage_of(case))

    assert result["verdict"] == "ok", result


@pytest.fixture
def _carelessly_loaded() -> Iterator[None]:
    with careless_loading():
        yield


@pytest.mark.usefixtures("_carelessly_loaded")
def test_records_that_only_the_dead_primary_had_bring_the_old_list_back(members: ReplicaSet, tmp_path: Path) -> None:
    result = run(members, LOADED, tmp_path)

    assert result["answer"].startswith("20 Restore stopped; current data unchanged: a change of primary took records")
    assert (result["live"], result["verdict"]) == ("old", "ok")


@pytest.mark.usefixtures("_carelessly_loaded")
def test_control_without_the_look_at_the_end_it_is_a_false_success(
    members: ReplicaSet, tmp_path: Path
) -> None:
    with no_look_at_the_end():
        result = run(members, LOADED, tmp_path)

    assert result["answer"].startswith("0 Restore completed successfully: 5,000 records")
    assert result["verdict"] == "false success"
