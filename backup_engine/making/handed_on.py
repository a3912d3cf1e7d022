"""What the newest differential set hands on to the next one: the records it found touched, and where the stream stood.

A command remembers nothing, and behind the mark of the day's full set lies all that was written to the server since:
to get past 1,000,000 writes to another collection took 5.7 s, at every backup anew.

What is live now differs from the full set only in records that the differential set holds and in those that were
touched since its mark, for that was taken before its snapshot.
"""

from __future__ import annotations

import logging

from backup_engine.errors import BackupError, Cancelled, VerificationFailed
from backup_engine.making import resume_tokens
from backup_engine.making.resume_tokens import Followed
from backup_engine.model import BackupSet, Part
from backup_engine.ownership import lookup
from backup_engine.records import raw
from backup_engine.records.content_sum import EMPTY, Content
from backup_engine.repository import contents, ledger
from backup_engine.repository.manifest import Origin
from backup_engine.workspace import Workspace

__all__ = ["over"]

log = logging.getLogger(__name__)


def over(ws: Workspace, base: BackupSet) -> Followed | None:
    """Give what is known of a full set by the newest differential one over it.

    None where there is none with a mark, and where it cannot be opened here or does not hold what it promises: an
    ``_id`` that was changed in it would hide a change.
    """
    later = _newest_over(ws, base)
    if later is None:
        return None
    before, mark = resume_tokens.of(ws.storage, base), resume_tokens.of(ws.storage, later)
    if mark is None or before is None or mark.uuids != before.uuids:
        return None
    try:
        touched = {key: _identities(ws, later, part) for key, part in later.parts.items()}
    except Cancelled:
        raise
    except BackupError as problem:
        log.info("backup %s hands nothing on: %s", later.label, problem.message)
        return None
    return Followed(touched, mark.token, None, 0)


def _newest_over(ws: Workspace, base: BackupSet) -> BackupSet | None:
    later = next((backup for backup in reversed(ws.catalog.sets(fresh=False)) if backup.base == base.backup_id), None)
    if later is None or later.state != "complete" or {*later.parts} != {*base.parts}:
        return None
    # Without a common instant it was not read from a majority: what an election took back may be missing in it.
    alike = Origin.of(later).consistency == "snapshot" and lookup.seen(ws).owns(later)
    return later if alike and later.backup_id not in ledger.bad(ledger.read(ws.storage)) else None


def _identities(ws: Workspace, later: BackupSet, part: Part) -> set[bytes]:
    """Give the ``_id`` elements of all rows, tombstones too. Raises what reading raises, and ``VerificationFailed``."""
    content, found = EMPTY, set[bytes]()
    for batch, deleted in contents.changes(ws, later, part):
        documents = [*raw.documents_of(batch), *deleted]
        content += Content.of(documents)
        found |= set(map(raw.id_of, documents))
    if not content.matches(part.as_file):
        raise VerificationFailed(f"{part.file} does not hold what the metadata promises")
    return found
