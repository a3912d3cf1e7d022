"""Ways to die, and what must be true afterwards."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backup_engine import failpoints
from backup_engine.create import create
from backup_engine.locking.locks import hold
from backup_engine.model import BackupSet
from backup_engine.verify import verify
from backup_engine.workspace import Workspace

ROUNDS = int(os.environ.get("TEST_ROUNDS", "1"))
NOTES = (".lock", ".state/seq_", ".state/mark_", ".state/digests_", ".state/verif", ".state/retention")
_FORK = multiprocessing.get_context("fork")


def run_in_child(work: Callable[[], object], seconds: float = 60) -> int:
    """Run in a forked process and give its exit code; minus the signal's number when it was killed."""
    process = _FORK.Process(target=_work, args=(work,))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        raise AssertionError("the child hangs")
    assert process.exitcode is not None
    return process.exitcode


def _work(work: Callable[[], object]) -> None:
    work()
    os._exit(0)  # a forked copy of pytest must not tidy up for the original


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_step(step: str) -> None:
    """Die when the protocol reaches a step."""
    failpoints.hooks[step] = die


def die_before_file_operation(number: int) -> None:
    """Die right before the n-th call, from 1, that changes a folder or syncs anything."""
    calls = 0

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == number:
                die()
            return real(*arguments, **more)

        return call

    for name in ("link", "unlink", "rename", "fsync", "mkdir"):
        setattr(os, name, counting(getattr(os, name)))


def tree(root: Path) -> set[str]:
    """Every file below the folder, the lock and the small notes of rebuildable state aside."""
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    return {name for name in files if not name.startswith(NOTES)}


def files_of(backup: BackupSet) -> set[str]:
    """What a complete set keeps in the folder."""
    names = {str(part.file) for part in backup.parts.values()} | {backup.metadata_file}
    return {f"{backup.day}/{name}" for name in names} | {f".state/{backup.metadata_file}"}


def check_survival(ws: Workspace, root: Path, before: set[str]) -> BackupSet:
    """Check I1, I3, I4 and I5 after a crash; gives the backup made afterwards."""
    survivors = ws.catalog.sets()
    assert all(backup.state == "complete" and verify(ws, backup, level=2).ok for backup in survivors)
    with hold(ws, "backup", wait=1):
        pass
    after = create(ws, force=True)
    assert after.set is not None
    assert after.warnings == ()
    assert verify(ws, after.set, level=2).ok
    kept = ws.catalog.sets()
    assert [backup.backup_id for backup in kept] == [*(backup.backup_id for backup in survivors), after.set.backup_id]
    assert tree(root) == before | {name for backup in kept for name in files_of(backup)} | {"README.txt"}
    return after.set
