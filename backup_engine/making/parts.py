"""Streaming collections into the files of a run, and proving that the files hold them: W4 to W7."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backup_engine.csv_format import reader, writer
from backup_engine.csv_format.reused import ReusedRows
from backup_engine.csv_format.writer import Counted
from backup_engine.errors import VerificationFailed
from backup_engine.making import reuse
from backup_engine.making.run import Run
from backup_engine.model import BackupSet, Batch, Watch, Written
from backup_engine.records.digest_rows import ROW_BYTES


@dataclass(frozen=True)
class PartSource:
    """One collection to be written, and what describes it."""

    key: str
    collection: str
    documents: Callable[[], Iterable[Batch]]
    expected: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    indexes: tuple[Mapping[str, Any], ...] = ()
    deleted: tuple[bytes, ...] = ()
    """``{"_id": …}`` documents of a differential set's tombstones."""
    digests: bool = False
    """Whether to note the digest of every record, for the sets that will follow."""
    earlier: BackupSet | None = None
    """A full set whose rows may be copied for records that have not changed since."""
    settle: Callable[[Written], Mapping[str, Any]] | None = None
    """What a differential set restores to, given what was written: other fields of its ``Part``."""


def write_all(run: Run, contents: Iterable[PartSource], watch: Watch) -> None:
    """W4 to W6: every collection into a temporary file, synced."""
    for step, content in enumerate(contents, start=4):
        write(run, content, watch)
        # W4 is the first collection, W5 every further one: sources may be more than two
        run.reach(min(step, 5))


def write(run: Run, content: PartSource, watch: Watch) -> None:
    """Stream one collection into a temporary file and sync it.

    An earlier set that turns out to be damaged is told in a warning, and everything encoded.
    """
    with reuse.rows_of(run, content.earlier, content.key) as rows:
        try:
            _write(run, content, rows, watch)
        except reuse.Damaged as problem:
            run.warnings.append(f"no rows of an earlier backup were used: {problem.detail}")
            _write(run, content, None, watch)


def _write(run: Run, content: PartSource, rows: ReusedRows | None, watch: Watch) -> None:
    draft = run.draft(content.key)
    table = Counted(run.digests_of(content.key)) if content.digests else None
    with reuse.telling(rows):
        written = writer.write(
            content.documents(), draft, tombstones=content.deleted, seal=run.ws.seal, workers=run.ws.workers,
            expected=content.expected, digests=table.write if table else None, reuse=rows,
            phase=f"Writing {content.collection}", watch=watch,
        )
    # on the disk before W7 reads it back and W8 gives it a name
    draft.sync()
    more = dict(content.settle(written)) if content.settle else {}
    if table is not None and table.size == written.records * ROW_BYTES:  # not of a view, whose records have no _id
        copied = content.earlier if rows is not None and rows.copied else None
        more["table"] = reuse.describe(run, table.hash.hexdigest(), content.key, copied)
    run.part(content.key, content.collection, written, options=content.options, indexes=content.indexes, **more)


def read_back_all(run: Run, watch: Watch) -> None:
    """W7: what lies on the disk must be what was written. Raises ``VerificationFailed``."""
    for key in run.parts:
        if not _reads_back(run, key, watch):
            raise VerificationFailed(f"{run.parts[key].collection} does not read back as it was written")


def _reads_back(run: Run, key: str, watch: Watch) -> bool:
    """Compare a file with its proven rows. Order numbers came into rows after their proof: such a file is decoded."""
    part, seal = run.parts[key].as_file, run.ws.seal
    phase = f"Checking {part.collection}"
    with run.drafts[key].reopen() as file:
        if not part.layout.orders:
            return reader.is_as_written(file, part, seal=seal, phase=phase, watch=watch)
        back = reader.read_back(file, part, seal=seal, workers=run.ws.workers, phase=phase, watch=watch)
        return back.matches(part)
