"""Documents to one stored CSV file: one pass, bounded memory, hashing on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import chain, islice

from backup_engine.csv_format.blocks import BLOCK_ROWS, BlockHasher, Documents, document_chunks
from backup_engine.csv_format.columns import Orders, plan_columns, survey
from backup_engine.csv_format.encoder import Encoded, Encoder, header, number_orders
from backup_engine.csv_format.pool.tasks import Encode
from backup_engine.csv_format.pool.workers import Workers, choose
from backup_engine.csv_format.reused import ReusedRows
from backup_engine.csv_format.seal import UNSEALED, Seal, Sealed, Sink
from backup_engine.model import SILENT, Batch, Column, Layout, Watch, Written
from backup_engine.records.content_sum import EMPTY

__all__ = ["Counted", "write"]

SAMPLE_BYTES = 16 * 2**20  # the sample waits in memory, and 10,000 records may have 16 MiB each


@dataclass
class Counted:
    """The stored bytes on their way into the sink, counted and hashed."""

    sink: Sink

    def __post_init__(self) -> None:
        self.hash = sha256()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        """Pass on."""
        self.hash.update(data)
        self.size += len(data)
        self.sink.write(data)
        return len(data)


class _File:
    """The plain side of the file being written."""

    def __init__(
        self, out: Sealed, columns: tuple[Column, ...], *, empty: bool, orders: tuple[tuple[str, ...], ...] = ()
    ) -> None:
        self._out = out
        self.columns = columns
        self.blocks = BlockHasher()
        self.orders = Orders(orders)
        self.content = EMPTY
        self.rescued = 0
        head = header(columns, empty=empty)
        self.plain_bytes = len(head)
        self.blocks.header(head)
        out.write(head)

    def add(self, chunk: Documents, encoded: Encoded) -> None:
        """Append the rows of a chunk."""
        text = number_orders(encoded, self.orders.number)
        # No number is left for one of the orders, which no worker could know: the chunk is made anew without new ones.
        if text is None:
            encoded = Encode(Encoder(self.columns, self.orders.known, closed=True))(chunk)
            text = encoded.text
        self.blocks.add(text, encoded.rows)
        self._out.write(text)
        self.content += encoded.content
        self.rescued += encoded.rescued
        self.plain_bytes += len(text)


def write(
    batches: Iterable[Batch],
    sink: Sink,
    *,
    tombstones: Iterable[bytes] = (),
    seal: Seal = UNSEALED,
    workers: int | None = None,
    expected: int | None = None,
    prove: bool = True,
    digests: Callable[[bytes], object] | None = None,
    reuse: ReusedRows | None = None,
    phase: str = "Writing",
    watch: Watch = SILENT,
) -> Written:
    """Write documents, then tombstones (``{"_id": …}`` documents), as one sealed CSV file.

    ``records`` and ``content_sha256`` of the result count all rows, tombstones included. ``expected`` serves the
    progress and tells how many workers to start. Every row is decoded again before it counts as written; without
    ``prove`` only the encoder's own guard stands, to measure what the proof costs. ``digests`` takes the rows of the
    table of digests, in order. ``reuse`` gives rows of an earlier file for documents that are the same.
    Raises what the sink raises, ``Cancelled``, ``VerificationFailed`` when that earlier file is damaged, and
    ``BackupError`` when a worker dies or a row does not come back.
    """
    chunks = _chunks(batches, tombstones)
    stored = Counted(sink)
    out = seal.wrap(stored)
    try:
        start = partial(Workers, choose(workers, expected or 0))
        with nullcontext() if reuse else start() as pool:
            sample = list(_sample(chunks))
            columns = plan_columns(survey(chunk.documents) for chunk in sample)  # while the workers start
            if reuse is not None and not reuse.fits(columns, sample):
                reuse = None
            file = _File(out, columns, empty=not sample, orders=reuse.orders if reuse else ())
            encode = Encode(Encoder(columns, file.orders.known), prove, digests is not None)
            for chunk, encoded in _encoded(chain(sample, chunks), encode, reuse, pool, start):
                file.add(chunk, encoded)
                if digests is not None:
                    digests(encoded.digest_rows)
                watch.step(phase, file.content.records, expected)
        if reuse is not None:
            reuse.finish()
        out.close()
    except BaseException:
        # Cancelled and Ctrl-C too: the thread that encrypts has to end, and with nothing that looks like a whole file.
        out.abort()
        raise
    return Written(
        records=file.content.records,
        plain_bytes=file.plain_bytes,
        stored_bytes=stored.size,
        stored_sha256=stored.hash.hexdigest(),
        content_sha256=file.content.hex,
        blocks=file.blocks.blocks,
        layout=Layout(columns, file.orders.known),
        rescued=file.rescued,
    )


def _encoded(
    chunks: Iterable[Documents], encode: Encode, reuse: ReusedRows | None, pool: Workers | None,
    start: Callable[[], Workers],
) -> Iterator[tuple[Documents, Encoded]]:
    if reuse is not None:
        yield from reuse.encoded(chunks, encode, start)
    elif pool is not None:
        yield from pool.map(encode, chunks)
    else:  # there was hope that the rows were there
        with start() as late:
            yield from late.map(encode, chunks)


def _chunks(batches: Iterable[Batch], tombstones: Iterable[bytes]) -> Iterator[Documents]:
    rows = 0
    for chunk in document_chunks(batches):
        rows = chunk.first + len(chunk.documents)
        yield chunk
    yield from document_chunks(_batched(tombstones), rows, deleted=True)


def _batched(documents: Iterable[bytes]) -> Iterator[Batch]:
    rest = iter(documents)
    while batch := list(islice(rest, 1000)):
        yield b"".join(batch)


def _sample(chunks: Iterator[Documents]) -> Iterator[Documents]:
    """The first chunks: as many as decide the columns."""
    rows = size = 0
    for chunk in chunks:
        yield chunk
        rows += len(chunk.documents)
        size += sum(map(len, chunk.documents))
        if rows >= BLOCK_ROWS or size >= SAMPLE_BYTES:
            break
