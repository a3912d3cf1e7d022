"""Streaming collections into the files of a run, and proving that the files hold them: W4 to W7."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backup_engine import reader, writer
from backup_engine.errors import VerificationFailed
from backup_engine.failpoints import reach
from backup_engine.model import Batch, Watch, Written
from backup_engine.set_run import Run


@dataclass(frozen=True)
class Content:
    """One collection to be written, and what describes it."""

    key: str
    collection: str
    documents: Callable[[], Iterable[Batch]]
    expected: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    indexes: tuple[Mapping[str, Any], ...] = ()
    repeatable: bool = True
    """Whether the documents can be asked for twice."""
    deleted: tuple[bytes, ...] = ()
    """``{"_id": …}`` documents of a differential set's tombstones."""
    settle: Callable[[Written], Mapping[str, Any]] | None = None
    """What a differential set restores to, given what was written: other fields of its ``Part``."""


def write_all(run: Run, contents: Iterable[Content], watch: Watch) -> None:
    """W4 to W6: every collection into a temporary file, synced."""
    for step, content in enumerate(contents, start=4):
        write(run, content, watch)
        reach(f"W{min(step, 5)}")


def write(run: Run, content: Content, watch: Watch, force_bson: Collection[int] = ()) -> None:
    """Stream one collection into a temporary file and sync it."""
    draft = run.draft(content.key)
    written = writer.write(
        content.documents(), draft, tombstones=content.deleted, seal=run.ws.seal, workers=run.ws.workers,
        expected=content.expected, force_bson=force_bson, phase=f"Writing {content.collection}", watch=watch,
    )
    draft.sync()
    more = content.settle(written) if content.settle else {}
    run.part(content.key, content.collection, written, options=content.options, indexes=content.indexes, **more)


def read_back_all(run: Run, contents: Iterable[Content], watch: Watch) -> None:
    """W7: what lies on the disk must be what was read. Rows that are not are kept as ``bson``, once.

    Raises ``VerificationFailed`` when even that does not bring the records back.
    """
    for content in contents:
        if _reads_back(run, content, watch):
            continue
        if content.repeatable:
            write(run, content, watch, force_bson=_rows_that_differ(run, content))
        if not content.repeatable or not _reads_back(run, content, watch):
            raise VerificationFailed(f"{content.collection} does not read back as it was written")


def _reads_back(run: Run, content: Content, watch: Watch) -> bool:
    part = run.parts[content.key].as_file
    with run.drafts[content.key].reopen() as file:
        back = reader.read_back(
            file, part, seal=run.ws.seal, workers=run.ws.workers, phase=f"Checking {content.collection}", watch=watch
        )
    return back.matches(part)


def _rows_that_differ(run: Run, content: Content) -> list[int]:
    with run.drafts[content.key].reopen() as file:
        return reader.rows_that_differ(content.documents(), file, run.written[content.key], seal=run.ws.seal)
