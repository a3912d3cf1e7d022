"""Which earlier full set a new one may copy rows from, and that set's file, opened with its table of digests.

The result is the same full set, whole by itself. A row is proven when it is encoded, and copied for a week at most:
then, and after a change of the encoder, everything is encoded and proven anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, timedelta

from backup_engine.csv_format.reused import ReusedRows
from backup_engine.errors import BackupError, VerificationFailed
from backup_engine.keys.proofs import needs_key
from backup_engine.making import digests
from backup_engine.making.run import Run
from backup_engine.model import BackupSet, Table
from backup_engine.ownership import lookup
from backup_engine.records.rows_by_digest import RowsByDigest
from backup_engine.repository import ledger

__all__ = ["CODEC", "Damaged", "base_for", "describe", "rows_of", "telling"]

CODEC = 1
"""Goes up with every change of what the encoder makes of a record, so that rows of before are not copied."""
PROVEN_FOR = timedelta(days=7)


class Damaged(VerificationFailed):
    """The file of the earlier set is not what was written then."""


def base_for(run: Run) -> BackupSet | None:
    """Choose the newest full set that this database made itself, of the same collections, whose table is at hand.

    Never one that came from elsewhere, was found damaged, or cannot be opened with the keys that are here.
    """
    owner, database = lookup.seen(run.ws), run.hold.need_database().name
    bad = ledger.bad(ledger.read(run.ws.storage))
    keys = {source.key for source in run.ws.sources}
    for backup in reversed(run.beside):
        if (backup.kind == "full" and backup.state == "complete" and backup.trigger != "imported"
                and owner.owns(backup) and backup.database == database and {*backup.parts} == keys
                and backup.backup_id not in bad and not backup.superseded
                and all(_is_fresh(run, part.table) for part in backup.parts.values())):
            return None if needs_key(run.ws, backup) else backup
    return None


@contextmanager
def rows_of(run: Run, earlier: BackupSet | None, key: str) -> Iterator[ReusedRows | None]:
    """Open the rows of an earlier set's collection; None where there are none to be had."""
    with ExitStack() as opened:
        yield _open(run, earlier, key, opened) if earlier is not None else None


@contextmanager
def telling(rows: ReusedRows | None) -> Iterator[None]:
    """Tell a fault of the earlier file from one of the new one."""
    try:
        yield
    except VerificationFailed as problem:
        if rows is None:
            raise
        raise Damaged(problem.detail) from problem


def describe(run: Run, sha256: str, key: str, copied: BackupSet | None) -> Table:
    """Give what the metadata says of the table of a new set, some rows of which come from an earlier one if any do."""
    before = copied.parts[key].table if copied is not None else None
    return Table(sha256, before.proven if before is not None else run.started.astimezone(UTC), CODEC)


def _is_fresh(run: Run, table: Table | None) -> bool:
    # a moment in the future comes from a clock that was wrong
    return table is not None and table.codec == CODEC and timedelta(0) <= run.started - table.proven < PROVEN_FOR


def _open(run: Run, earlier: BackupSet, key: str, opened: ExitStack) -> ReusedRows | None:
    part = earlier.parts[key]
    table = digests.at_hand(run.ws, earlier, key)
    if table is None or not table:
        return None
    try:
        source = opened.enter_context(run.ws.catalog.open_part(earlier, key))
        plain = opened.enter_context(
            run.ws.seal.open(source, part.file or run.ws.seal.suffix, limit=part.plain_bytes or None))
        return ReusedRows(plain, part, RowsByDigest(table))
    except BackupError:
        return None
