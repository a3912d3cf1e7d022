"""One stored CSV file back to documents, and the proof that it holds what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from backup_engine.csv_format.blocks import BlockHasher, read_header, row_chunks
from backup_engine.csv_format.decoder import BadRow, Decoder
from backup_engine.csv_format.encoder import header
from backup_engine.csv_format.pool.tasks import Decode, Measure, Measured
from backup_engine.csv_format.pool.workers import Workers, choose
from backup_engine.csv_format.seal import UNSEALED, Seal
from backup_engine.errors import KeyNeeded, VerificationFailed, WrongKey
from backup_engine.model import SILENT, Batch, Layout, Part, Watch, Written
from backup_engine.records.content_sum import Content

__all__ = ["BadRow", "ReadBack", "is_as_written", "read", "read_back", "read_changes"]

WORST_SHOWN = 100


@dataclass(frozen=True)
class ReadBack:
    """What reading a stored file from its first to its last byte found."""

    content: Content
    """Of all rows, tombstones included."""
    plain_bytes: int
    stored_bytes: int
    stored_sha256: str
    blocks: tuple[str, ...]
    bad_blocks: tuple[int, ...]
    """Numbers, from 0, of the blocks of 10,000 rows that differ from what was expected."""
    bad_rows: tuple[BadRow, ...] = ()
    """The first rows that are no documents, at most 100."""
    problem: str = ""
    """Why reading ended early, in words."""
    decoded: bool = True
    """False when the key to look inside was not at hand: then only the stored bytes were compared."""

    def matches(self, expected: Written | Part) -> bool:
        """Whether the file is byte for byte, and document for document, what was written."""
        if self.stored_sha256 != expected.stored_sha256:
            return False
        if not self.decoded:
            return True
        return not (self.problem or self.bad_rows or self.bad_blocks) and self.content.matches(expected)


class _Hashed:
    """The stored bytes on their way out of storage, counted and hashed."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.hash = sha256()
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(size)
        self.hash.update(data)
        self.size += len(data)
        return data

    def readable(self) -> bool:
        return True

    def finish(self, after_each: Callable[[], None] = lambda: None) -> None:
        """Read what the layers left over."""
        while self.read(1 << 20):
            after_each()


def read(
    source: BinaryIO, part: Part, *, seal: Seal = UNSEALED, workers: int | None = None, phase: str = "Reading",
    watch: Watch = SILENT,
) -> Iterator[Batch]:
    """Give the documents of a part in the order of its rows.

    Raises ``VerificationFailed`` naming the first row that is no document, and what ``Seal.open`` raises.
    """
    for documents, _ in read_changes(source, part, seal=seal, workers=workers, phase=phase, watch=watch):
        if documents:
            yield documents


def read_changes(
    source: BinaryIO, part: Part, *, seal: Seal = UNSEALED, workers: int | None = None, phase: str = "Reading",
    watch: Watch = SILENT,
) -> Iterator[tuple[Batch, list[bytes]]]:
    """Give the documents of a part, and beside them the ``{"_id": …}`` documents of its tombstones."""
    rows_in_all = part.as_file.records  # those of the file: 100 changes over a million records need no processes
    with ExitStack() as opened:
        plain = opened.enter_context(seal.open(source, part.file or seal.suffix, limit=part.plain_bytes or None))
        head, rest = read_header(plain)
        _check_header(head, part.layout)
        pool = opened.enter_context(Workers(choose(workers, rows_in_all)))
        for rows, decoded in pool.map(Decode(Decoder(part.layout)), row_chunks(plain, rest)):
            # A last row that does not end is bad because the file was cut, and the message below says that.
            bad = [bad for bad in decoded.bad if rows.whole or bad.row < rows.first + rows.count - 1]
            if bad:
                raise VerificationFailed(f"{part.file or part.key}, row {bad[0].row}: {bad[0].why}")
            if not rows.whole:
                raise VerificationFailed(f"{part.file or part.key} is cut short in row {rows.first + rows.count - 1}")
            watch.step(phase, rows.first + rows.count - 1, rows_in_all or None)
            yield b"".join(decoded.documents), list(decoded.tombstones)


def read_back(
    source: BinaryIO, expected: Written | Part, *, seal: Seal = UNSEALED, workers: int | None = None,
    phase: str = "Reading back", watch: Watch = SILENT,
) -> ReadBack:
    """Read, decode and hash a whole stored file. Damage is reported in the result, not raised.

    Raises ``WrongKey`` when the key given does not fit. A seal that writes for others only compares stored bytes.
    """
    stored = _Hashed(source)
    name = expected.file or seal.suffix if isinstance(expected, Part) else seal.suffix
    blocks, measured, problem, plain_bytes = BlockHasher(), Measured(), "", 0
    decoded = True
    try:
        with ExitStack() as opened:
            limit = expected.plain_bytes or None
            plain = opened.enter_context(seal.open(stored, name, limit=limit))  # type: ignore[arg-type]
            head, rest = read_header(plain)
            plain_bytes = len(head)
            blocks.header(head)
            _check_header(head, expected.layout)
            pool = opened.enter_context(Workers(choose(workers, expected.records)))
            for rows, more in pool.map(Measure(Decoder(expected.layout)), row_chunks(plain, rest)):
                blocks.add(rows.text, rows.count)
                plain_bytes += len(rows.text)
                bad = more.bad if rows.whole else (*more.bad, BadRow(rows.first + rows.count - 1, "cut short"))
                measured = Measured(measured.content + more.content, (*measured.bad, *bad)[:WORST_SHOWN])
                watch.step(phase, rows.first + rows.count - 1, expected.records)
    except KeyNeeded:
        decoded = False
    except WrongKey:
        raise
    except VerificationFailed as error:
        problem = error.detail
    stored.finish()  # a layer stops at its own end, but bytes behind it belong to the stored hash
    return ReadBack(
        content=measured.content, plain_bytes=plain_bytes,
        stored_bytes=stored.size, stored_sha256=stored.hash.hexdigest(),
        blocks=blocks.blocks if decoded else (), bad_rows=measured.bad, problem=problem, decoded=decoded,
        bad_blocks=_differing(blocks.blocks, expected.blocks) if decoded else (),
    )


def is_as_written(
    source: BinaryIO, written: Written | Part, *, seal: Seal = UNSEALED, phase: str = "Reading back",
    watch: Watch = SILENT,
) -> bool:
    """Read a whole stored file and say whether its bytes are those that were written and proven then.

    Compressed or encrypted files are opened too, where the key is at hand. Raises ``WrongKey``, ``Cancelled``.
    """
    stored = _Hashed(source)

    def step() -> None:
        watch.step(phase, written.records * stored.size // max(written.stored_bytes, 1), written.records)

    try:
        same = not seal.suffix or not seal.reads_own or _blocks_of(stored, written, seal, step) == written.blocks
    except WrongKey:
        raise
    except VerificationFailed:
        return False
    stored.finish(step)
    return same and stored.hash.hexdigest() == written.stored_sha256


def _blocks_of(
    stored: _Hashed, written: Written | Part, seal: Seal, after_each: Callable[[], None]
) -> tuple[str, ...]:
    blocks = BlockHasher()
    with seal.open(stored, seal.suffix, limit=written.plain_bytes or None) as plain:  # type: ignore[arg-type]
        head, rest = read_header(plain)
        blocks.header(head)
        for rows in row_chunks(plain, rest):
            blocks.add(rows.text, rows.count)
            after_each()
    return blocks.blocks


def _differing(actual: tuple[str, ...], expected: tuple[str, ...]) -> tuple[int, ...]:
    same = sum(1 for _ in zip(actual, expected, strict=False))
    differing = [number for number in range(same) if actual[number] != expected[number]]
    return (*differing, *range(same, max(len(actual), len(expected))))


def _check_header(head: bytes, layout: Layout) -> None:
    if head not in (header(layout.columns), header(layout.columns, empty=True)):
        raise VerificationFailed("the header row is not the one the metadata describes")
