"""Writes one change to many records, a thousand at a time, each guarded by what it held a moment before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backup_engine.errors import Cancelled
from backup_engine.model import SILENT, Watch
from equipment.domain import bulk
from equipment.domain.bulk import BulkEdit
from equipment.domain.counting import number_of
from equipment.domain.record import MISSING, is_plain, read, text
from equipment.store import activity
from equipment.store.access import Db, Who, require
from equipment.store.list import listing, records, undo
from equipment.store.list.records import Entry, Save

BATCH: Final = 1_000


@dataclass(frozen=True)
class BulkResult:
    """How many records were changed, and how many left alone because someone changed them meanwhile or they cannot."""

    changed: int
    left: int
    deed: str = ""
    """Number by which ``undo`` takes it back."""


def preview(db: Db, edit: BulkEdit, keys: Sequence[str] | None = None) -> list[tuple[str, str, str]]:
    """Give ``(key, now, new)`` for every record that would change; ``keys`` None means all."""
    sheet = listing.sheet(db)
    if not edit.is_complete:
        return []
    if keys is None:  # each different text is tried once
        rows = sheet.rows_having(edit.column, [text for text in sheet.values(edit.column) if edit.apply(text) != text])
    else:
        rows = sheet.rows_of(keys)
    return bulk.preview(edit, zip(sheet.keys(rows), sheet.texts(edit.column, rows), strict=True))


@activity.one_deed()
def apply(
    db: Db, who: Who, edit: BulkEdit, planned: Sequence[tuple[str, str, str]], watch: Watch = SILENT
) -> BulkResult:
    """Make the previewed changes; a record that no longer holds what the preview showed is left alone.

    Raises ``Cancelled`` between two thousands, saying how many records were changed before.
    """
    require(db, who, "records.bulk_edit")
    changed = 0
    deed = undo.begin(db, who, "records.bulk_edit", edit.words())
    for start in range(0, len(planned), BATCH):
        try:
            watch.step("Changing", start, len(planned))
        except Cancelled:
            before = number_of(changed, "record was", "records were")
            raise Cancelled(f"{before} changed before, the rest was not") from None
        group = {key: (now, new) for key, now, new in planned[start : start + BATCH]}
        entries = records.entries(db, list(group))
        saves = [save for entry in entries if (save := _save(entry, edit.column, *group[entry.key])) is not None]
        done = records.save(db, who, saves, action="records.bulk_edit", note=edit.words(),
                            also=lambda log: undo.kept(db, deed, log))
        changed += sum(saved.status == "updated" for saved in done)
    return BulkResult(changed, len(planned) - changed, deed)


def _save(entry: Entry, column: str, shown: str, new: str) -> Save | None:
    now = entry.record.get(column, MISSING)
    if text(now) != shown or not is_plain(now):
        return None
    return Save(entry, {column: read(new, now)})
