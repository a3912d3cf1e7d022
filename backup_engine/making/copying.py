"""A set once more, under other keys or compression: the same rows in the same order, only stored otherwise."""

from __future__ import annotations

from dataclasses import replace

from backup_engine.csv_format import reader
from backup_engine.csv_format.writer import Counted
from backup_engine.errors import VerificationFailed
from backup_engine.locking.locks import Hold
from backup_engine.making import resume_tokens
from backup_engine.making.run import Run, running
from backup_engine.model import SILENT, BackupSet, Kind, Part, Watch
from backup_engine.repository.manifest import Origin
from backup_engine.workspace import Workspace

__all__ = ["copy_set"]

CHUNK = 1 << 18


def copy_set(ws: Workspace, hold: Hold, old: BackupSet, base: BackupSet | None, *, watch: Watch = SILENT) -> BackupSet:
    """Write a set anew in the seal that counts now, under the first free second from the one it was made in.

    ``base`` is the full set that a differential rests on from now on. What was written is read back and decoded, and
    must be what the old metadata promises. Raises ``KeyNeeded``, ``VerificationFailed``; then nothing is left of it.
    """
    moment = old.started.astimezone(ws.clock().tzinfo)
    dated = replace(ws, clock=lambda: moment)  # label, folder and start are taken from the clock
    interval = old.metadata.get("backup_interval_hours")
    with running(dated, hold, old.trigger, interval if isinstance(interval, (int, float)) else 1.0) as run:
        run.warnings, run.of, run.companion = list(old.warnings), old.of, old.companion
        for key in old.parts:
            _copy(ws, run, old, key, watch)
        for key in old.parts:
            _require_same(run, old, key, watch)
        run.publish()
        kind: Kind = "differential" if old.kind == "differential" else "full"
        new = run.commit(Origin.of(old), kind, base.backup_id if base else None, pinned=old.pinned, reseals=old)
    run.finish(new)
    mark = resume_tokens.of(ws.storage, old)
    if mark is not None:
        resume_tokens.keep(ws.storage, new, mark, may_go=lambda label: label == old.label)
    return new


def _copy(ws: Workspace, run: Run, old: BackupSet, key: str, watch: Watch) -> None:
    part, draft, done = old.parts[key], run.draft(key), 0
    stored = Counted(draft)
    out = run.ws.seal.wrap(stored)
    try:
        with ws.catalog.open_part(old, key) as source, ws.seal.open(
                source, str(part.file), limit=part.plain_bytes or None) as plain:
            while chunk := plain.read(CHUNK):
                out.write(chunk)
                done += len(chunk)
                watch.step(f"Resealing {part.file}", done, part.plain_bytes)
        out.close()
    except BaseException:  # Cancelled and Ctrl-C too: the thread that encrypts has to end
        out.abort()
        raise
    draft.sync()
    run.parts[key] = run.stored(part, stored.size, stored.hash.hexdigest())


def _require_same(run: Run, old: BackupSet, key: str, watch: Watch) -> None:
    part: Part = run.parts[key].as_file
    with run.drafts[key].reopen() as file:
        back = reader.read_back(file, part, seal=run.ws.seal, workers=run.ws.workers,
                                phase=f"Checking {part.collection}", watch=watch)
    if not back.decoded or not back.matches(part):
        raise VerificationFailed(f"{old.parts[key].file} does not hold what its metadata promises")
