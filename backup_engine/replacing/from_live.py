"""The documents of a set, taken from the live collection where it still has them byte for byte.

A restore mostly brings back a few records of many. What live has is known by the set's table of digests, so only the
other rows are decoded: 0.8 instead of 1.4 s of work for 100,000 records of which 100 had changed. Nothing here is
trusted: the staging collection is proven by reading all of it, whatever it was filled from, and the sum of SHA-256 that
the metadata promises fits no other records. The order is another one than that of the rows.

Complete full sets that are no legacy ones take part, compressed and encrypted ones as well, where the table of their
digests is at hand; a drill does not, for it is to decode every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import compress
from typing import TYPE_CHECKING, Any

from pymongo.database import Database

from backup_engine.csv_format.blocks import Rows, read_header, row_chunks
from backup_engine.csv_format.decoder import Decoder
from backup_engine.csv_format.pool.tasks import Decode
from backup_engine.csv_format.pool.workers import Workers, choose
from backup_engine.csv_format.rows import ROW_END_BYTES
from backup_engine.errors import VerificationFailed
from backup_engine.making import digests
from backup_engine.model import BackupSet, Part, Watch
from backup_engine.mongo import raw_batches
from backup_engine.mongo.capabilities import database_errors
from backup_engine.records.content_sum import digests as digests_of
from backup_engine.records.rows_by_digest import RowsByDigest
from backup_engine.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np

__all__ = ["documents"]

WORTH_IT = 5_000
"""Records; below, a set is decoded within 0.1 s."""
MOST = 3_000_000
"""Records: 61 bytes of memory for each, 60 of them the table's (``RowsByDigest``)."""
LOOKED_AT = 20_000
"""Records of live after which fewer than half that fit mean that decoding is the cheaper way."""
BATCH = 5_000


def documents(
    ws: Workspace, database: Database[dict[str, Any]], backup: BackupSet, key: str, live: str, watch: Watch
) -> Iterator[list[bytes]] | None:
    """Give the documents of a set's collection in any order, in batches; None where that way is not open.

    Raises what reading a set raises.
    """
    part = backup.parts[key]
    if backup.state != "complete" or backup.kind != "full" or not WORTH_IT <= part.records <= MOST:
        return None
    table = digests.at_hand(ws, backup, key)
    return None if table is None else _documents(ws, database, backup, part, live, _Wanted(table), watch)


class _Wanted:
    """The rows of a set by the digests of their records, and which of them have been found."""

    def __init__(self, table: bytes) -> None:
        import numpy as np

        self._rows = RowsByDigest(table)
        self.found = np.zeros(len(self._rows), np.bool_)

    def find(self, digests: Sequence[bytes]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Say of each whether it is one of them."""
        rows = self._rows.rows(digests)
        there: np.ndarray[Any, np.dtype[np.bool_]] = rows >= 0
        self.found[rows[there]] = True
        return there


def _documents(
    ws: Workspace, database: Database[dict[str, Any]], backup: BackupSet, part: Part, live: str, wanted: _Wanted,
    watch: Watch,
) -> Iterator[list[bytes]]:
    yield from _found(database, live, wanted)
    yield from _rest(ws, backup, part, wanted, watch)


def _found(database: Database[dict[str, Any]], live: str, wanted: _Wanted) -> Iterator[list[bytes]]:
    seen = found = 0
    with database_errors(database):
        for some in raw_batches.find_documents(database[live], batch_size=BATCH):
            same = wanted.find(digests_of(some))
            fit = int(same.sum())
            seen, found = seen + len(some), found + fit
            if fit:
                yield some if fit == len(some) else list(compress(some, same.tolist()))
            if found == len(wanted.found) or (seen >= LOOKED_AT and found < seen / 2):
                return


def _rest(ws: Workspace, backup: BackupSet, part: Part, wanted: _Wanted, watch: Watch) -> Iterator[list[bytes]]:
    """Decode the rows that live did not have."""
    missing = int(len(wanted.found) - wanted.found.sum())
    if not missing:
        return
    with ExitStack() as opened:
        source = opened.enter_context(ws.catalog.open_part(backup, part.key))
        plain = opened.enter_context(
            ws.seal.open(source, part.file or ws.seal.suffix, limit=part.plain_bytes or None))
        _, rest = read_header(plain)
        pool = opened.enter_context(Workers(choose(ws.workers, missing)))
        chosen = _missing_rows(row_chunks(plain, rest), wanted, watch)
        for rows, decoded in pool.map(Decode(Decoder(part.layout)), chosen):
            if decoded.bad:
                raise VerificationFailed(f"{part.file or part.key}: {decoded.bad[0].why}, in one of the "
                                         f"{rows.count:,} rows from row {rows.first} on that the list does not have")
            if not rows.whole:
                raise VerificationFailed(f"{part.file or part.key} is cut short after row {rows.first}")
            yield list(decoded.documents)


def _missing_rows(chunks: Iterator[Rows], wanted: _Wanted, watch: Watch) -> Iterator[Rows]:
    for rows in chunks:
        found = wanted.found[rows.first - 1 : rows.first - 1 + rows.count]
        watch.step("Reading")
        if found.all() and len(found) == rows.count:
            continue
        if not found.any():
            yield rows
            continue
        texts = rows.text.removesuffix(ROW_END_BYTES).split(ROW_END_BYTES)
        # beyond the table there may be rows that nobody promised: the proof is to see them
        left = [text for place, text in enumerate(texts) if place >= len(found) or not found[place]]
        yield Rows(rows.first, len(left), ROW_END_BYTES.join(left) + ROW_END_BYTES, rows.whole)
