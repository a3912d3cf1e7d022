"""One member's clock is an hour ahead: no run is refused, doubled or untrue when it takes the office and loses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backup_engine.locking import lease
from tests import preload
from tests.mongod import Mongod
from tests.nightmares.member_clock import AFTER, CASES, DURING, SOURCE, put_ahead, run
from tests.replica_set import ReplicaSet

SOME = [("replace", DURING), ("backup", AFTER)]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ReplicaSet, Mongod]]:
    """A replica set, and its member with that clock."""
    library = preload.built(SOURCE, tmp_path_factory.mktemp("clock"))
    if library is None:
        pytest.skip("no C compiler for Linux here: a server's clock cannot be put ahead")
    members = ReplicaSet()
    yield members, put_ahead(members, library)
    members.stop()


@pytest.mark.parametrize(("verb", "when"), SOME)
def test_a_verb_while_the_clock_of_the_primary_jumps(
    members: tuple[ReplicaSet, Mongod], tmp_path: Path, verb: str, when: str
) -> None:
    assert (verb, when) in CASES

    answer, verdict = run(*members, verb, when, tmp_path)

    assert verdict == "ok", answer


def test_control_a_lease_dated_ahead_that_counted_would_refuse_every_run_for_an_hour(
    members: tuple[ReplicaSet, Mongod], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "MARGIN_MILLISECONDS", 10_000_000)

    answer, verdict = run(*members, "replace", AFTER, tmp_path)

    assert answer.startswith("11 A backup is already running")
    assert verdict == "not answered with 0"
