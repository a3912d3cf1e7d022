"""Streaming collections into the files of a run, and proving that the files hold them: W4 to W7."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backup_engine.csv_format import reader, writer
from backup_engine.errors import VerificationFailed
from backup_engine.making.run import Run
from backup_engine.model import Batch, Watch, Written


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
    """Whether to note the digest of every record, for the differential sets that will follow."""
    settle: Callable[[Written], Mapping[str, Any]] | None = None
    """What a differential set restores to, given what was written: other fields of its ``Part``."""


def write_all(run: Run, contents: Iterable[PartSource], watch: Watch) -> None:
    """W4 to W6: every collection into a temporary file, synced."""
    for step, content in enumerate(contents, start=4):
        write(run, content, watch)
        # W4 is the first collection, W5 every further one: sources may be more than two
        run.reach(min(step, 5))


def write(run: Run, content: PartSource, watch: Watch) -> None:
    """Stream one collection into a temporary file and sync it."""
    draft = run.draft(content.key)
    digests = run.digests_of(content.key).write if content.digests else None
    written = writer.write(
        content.documents(), draft, tombstones=content.deleted, seal=run.ws.seal, workers=run.ws.workers,
        expected=content.expected, digests=digests, phase=f"Writing {content.collection}", watch=watch,
    )
    # on the disk before W7 reads it back and W8 gives it a name
    draft.sync()
    more = content.settle(written) if content.settle else {}
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
