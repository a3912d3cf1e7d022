"""The digest of every record of a full set, by ``_id``: lets a few changes update a content hash without reading all.

A flat file in ``.state`` per collection, of rows as ``digest_rows`` makes them: written with the set when the list is
long, else made from the set when first asked for; trusted only while its digests sum up to ``content_sha256``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO

from backup_engine.csv_format import reader
from backup_engine.errors import BackupError, BackupFileNotFound, VerificationFailed
from backup_engine.model import SILENT, BackupSet, Batch, Watch
from backup_engine.ownership import lookup
from backup_engine.records import raw
from backup_engine.records.content_sum import MODULUS, Content, digests
from backup_engine.records.digest_rows import ROW_BYTES, key as key_of, row
from backup_engine.storage.base import STATE, Draft
from backup_engine.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger(__name__)

NEVER_BASE = ("pre_restore", "imported")
"""Triggers of full sets on which no differential set rests."""
WORTH_IT = 20_000
"""Records from which a table is written with a full set, and "auto" makes differential ones: below, a full set takes
about a second."""


@dataclass(frozen=True)
class Digests:
    """The records of one collection of a full set, as columns of equal length in the order of its rows."""

    first: np.ndarray[Any, np.dtype[np.uint64]]
    second: np.ndarray[Any, np.dtype[np.uint64]]
    digest: np.ndarray[Any, np.dtype[np.void]]

    @classmethod
    def of(cls, data: bytes) -> Digests:
        """Split rows into columns, without copying."""
        import numpy as np

        table = np.frombuffer(data, np.dtype([("first", "<u8"), ("second", "<u8"), ("digest", "V32")]))
        return cls(table["first"], table["second"], table["digest"])

    @property
    def content(self) -> Content:
        """Their number and the sum of their digests."""
        import numpy as np

        # eight lanes of 32 bits: in 64 bits their sums hold 2**32 records
        lanes = np.ascontiguousarray(self.digest).view(">u4").reshape(-1, 8).sum(axis=0, dtype=np.uint64)
        total = sum(int(lane) << (32 * place) for place, lane in enumerate(reversed(lanes.tolist())))
        return Content(len(self.first), total % MODULUS)

    def lookup(self, identities: Iterable[bytes]) -> dict[bytes, bytes]:
        """Give the digest of every record among these ``_id`` elements that the set has."""
        import numpy as np

        wanted = {key_of(identity): identity for identity in identities}
        firsts = np.array([int.from_bytes(key[:8], "little") for key in wanted], dtype=np.uint64)
        known = {}
        # 8 bytes of the hash narrow it down, all 16 decide
        for place in np.flatnonzero(np.isin(self.first, firsts)).tolist():
            key = self.first[place].tobytes() + self.second[place].tobytes()
            if key in wanted:
                known[wanted[key]] = self.digest[place].tobytes()
        return known

    def sorted(self) -> Sorted:
        """Give an index for meeting many records."""
        import numpy as np

        order = np.argsort(self.first, kind="stable")
        return Sorted(self, order, self.first[order])


@dataclass(frozen=True)
class Sorted:
    """Digests with the order of their keys."""

    digests: Digests
    order: np.ndarray[Any, np.dtype[np.int64]]
    firsts: np.ndarray[Any, np.dtype[np.uint64]]

    def compare(self, rows: bytes) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """For each row of ``digest_rows`` give the row number in the set, -1 if none, and whether it is the same.

        Two ``_id`` with the same first 8 bytes of SHA-256 count as none and as different: that is safe.
        """
        import numpy as np

        asked = Digests.of(rows)
        if not len(self.firsts):
            return np.full(len(asked.first), -1), np.zeros(len(asked.first), dtype=np.bool_)
        # beyond the last key any row will do: the comparison refuses it
        place = np.minimum(np.searchsorted(self.firsts, asked.first), len(self.firsts) - 1)
        numbers = self.order[place]
        known = (self.digests.first[numbers] == asked.first) & (self.digests.second[numbers] == asked.second)
        same = known & (self.digests.digest[numbers] == asked.digest)
        return np.where(known, numbers, -1), same


def load(ws: Workspace, base: BackupSet, key: str, *, watch: Watch = SILENT) -> Digests:
    """Give the digests of a full set's collection, from the file in ``.state`` or by reading the set.

    Raises ``VerificationFailed`` when the set does not hold what it promises.
    """
    part = base.parts[key]
    name = _name(base.label, key)
    for attempt in range(2):
        try:
            with ws.storage.open(STATE, name) as file:
                table = Digests.of(file.read())
            if table.content.matches(part):
                return table
        except (BackupFileNotFound, ValueError) as error:  # ValueError: a table that was cut
            log.info("the digests of %s are made anew: %s", base.label, error)
        if attempt == 0:
            _make(ws, base, key, name, watch)
    raise VerificationFailed(f"{part.file} does not hold what the metadata promises")


def at_hand(ws: Workspace, base: BackupSet, key: str) -> bytes | None:
    """Give the table of a full set's collection as it lies ready, where it is the very one that was written with it."""
    part = base.parts[key]
    if part.table is None:
        return None
    try:
        with ws.storage.open(STATE, _name(base.label, key)) as file:
            table = file.read()
    except BackupError:
        return None
    if sha256(table).hexdigest() != part.table.sha256 or len(table) != part.records * ROW_BYTES:
        log.warning("the table of digests of %s is not the one that was written with it, and is not used", base.label)
        return None
    return table


def keep(ws: Workspace, label: str, tables: Mapping[str, Draft]) -> None:
    """Publish the tables that were written with a full set, instead of those of older sets.

    A table that cannot be kept is made from the set when it is needed.
    """
    try:
        _forget_others(ws, label)
        for key, table in tables.items():
            table.sync()
            table.publish(_name(label, key))
    except (BackupError, FileExistsError) as error:
        log.warning("the digests of %s were not kept: %s", label, error)
        for table in tables.values():
            table.discard()


def documents(ws: Workspace, base: BackupSet, key: str, watch: Watch) -> Iterator[bytes]:
    """Give the documents of a full set in the order of the digests."""
    with ws.catalog.open_part(base, key) as source:
        for batch in _batches(ws, base, key, source, watch):
            yield from raw.documents_of(batch)


def _make(ws: Workspace, base: BackupSet, key: str, name: str, watch: Watch) -> None:
    _forget_others(ws, base.label)
    ws.storage.delete(STATE, name)  # publish overwrites nothing
    draft = ws.storage.draft(STATE, "put")
    try:
        for rows in _rows(ws, base, key, watch):
            draft.write(rows)
        draft.sync()
        draft.publish(name)
    finally:
        draft.discard()


def _rows(ws: Workspace, base: BackupSet, key: str, watch: Watch) -> Iterator[bytes]:
    with ws.catalog.open_part(base, key) as source:
        for batch in _batches(ws, base, key, source, watch):
            documents = raw.documents_of(batch)
            yield b"".join(map(row, documents, digests(documents)))


def _batches(ws: Workspace, base: BackupSet, key: str, source: BinaryIO, watch: Watch) -> Iterator[Batch]:
    return reader.read(
        source, base.parts[key], seal=ws.seal, workers=ws.workers, phase=f"Learning backup {base.label}", watch=watch
    )


def _forget_others(ws: Workspace, label: str) -> None:
    """Those of other databases stay: on a folder they share each would make its own anew at every backup.

    So does that of the newest full set on which others may rest: a safety set, which has a table too, is no such one.
    """
    owner, sets = lookup.seen(ws), ws.catalog.sets(fresh=False)
    others = [backup.label for backup in owner.foreign(sets)]
    others += [backup.label for backup in reversed(sets) if backup.kind == "full" and backup.state == "complete"
               and backup.trigger not in NEVER_BASE and owner.owns(backup)][:1]
    kept = tuple(f"digests_{known}_" for known in (label, *others))
    for name in ws.storage.names(STATE):
        if name.startswith("digests_") and not name.startswith(kept):
            ws.storage.delete(STATE, name)


def _name(label: str, key: str) -> str:
    return f"digests_{label}_{key}.bin"
