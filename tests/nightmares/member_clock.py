"""A member whose clock is an hour ahead becomes primary and loses the office again, and verbs go on working.

Leases are dated by the primary's clock. One that a dead run left while that member was in office is dated an hour ahead
for everybody after it.
"""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

from backup_engine import create, failpoints
from backup_engine.api import DatabaseBackupRestore
from backup_engine.locking.lease import Holder, Lease
from backup_engine.locking.locks import TERMS
from tests.mongod import Mongod
from tests.nightmares.exact_verbs import VERBS, Ground, answered, play
from tests.replica_set import ReplicaSet

SOURCE = Path(__file__).with_name("clock_ahead.c")
STEPS = {"backup": "W6", "replace": "R4", "merge": "M2", "undo": "R4", "drill": "D1"}
DURING, IN_OFFICE, AFTER = "takes office", "is in office", "has lost the office"
CASES = [(verb, when) for when in (DURING, IN_OFFICE, AFTER) for verb in VERBS]


def put_ahead(members: ReplicaSet, library: Path) -> Mongod:
    """Start a secondary anew with its clock ahead, and give it. Raises ``RuntimeError`` when its clock is not."""
    ahead = members.secondaries()[0]
    ahead.environment["LD_PRELOAD"] = str(library)
    ahead.kill()
    members.heal()
    moments = []
    for member in (ahead, members.primary()):
        with member.client() as client:
            moments.append(client.admin.command("serverStatus", repl=0, metrics=0)["localTime"])
    if not 3_500 < (moments[0] - moments[1]).total_seconds() < 3_700:
        raise RuntimeError(f"the clocks say {moments}")
    return ahead


def run(members: ReplicaSet, ahead: Mongod, verb: str, when: str, folder: Path) -> tuple[str, str]:
    """Play a verb while that member takes the office, is in it, or has just lost it; gives answer and verdict."""
    usual = next(member for member in members.members if member is not ahead)
    ground = Ground(members, folder, "clock")
    members.step_up(usual if when == DURING else ahead)
    try:
        ground.prepare(verb)
        backups = DatabaseBackupRestore(members.uri, database=ground.name, backup_folder=str(folder))
        if when == DURING:
            with patch.dict(failpoints.hooks, {STEPS[verb]: lambda: members.step_up(ahead)}):
                return play(ground, verb, backups)
        if when == AFTER:
            _leave_a_lease(ground)
            members.step_up(usual)
            if verb == "backup" and (again := create.create(ground.ws)).set is not None:
                return f"0 {again.message}", "doubled: a backup was made that was not due"
        answer, verdict = play(ground, verb, backups)
        return answer, answered(answer, verdict, 0)
    finally:
        ground.client.close()


def _leave_a_lease(ground: Ground) -> None:
    """As a run on another host does that dies."""
    lease = Lease.take(ground.truth, Holder("backup", "elsewhere", boot="another"), locked=True, terms=TERMS)
    assert isinstance(lease, Lease)
    lease._ended.set()
    lease._thread.join()
