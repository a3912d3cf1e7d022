"""Writing: one pass, bounded memory, the same bytes however many work on it."""

from __future__ import annotations

import base64
import io
import itertools
import tracemalloc
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import bson
import pytest

from backup_engine.csv_format import encoder
from backup_engine.csv_format.blocks import BLOCK_ROWS, CHUNK_ROWS
from backup_engine.csv_format.reader import read_changes
from backup_engine.csv_format.seal import Seal
from backup_engine.csv_format.writer import write
from backup_engine.errors import Cancelled, NoSpace, VerificationFailed
from backup_engine.model import ColumnType, Watch
from backup_engine.records.content_sum import Content
from backup_engine.records.raw import documents_of
from scripts.bench_parts.documents import raw_batches
from tests.backup_engine.bson_corpus import corpus, wide
from tests.backup_engine.files import part_of, returned, written

TWICE = bytes.fromhex("17000000105f69640001000000105f6964000200000000")
"""A document with two fields named ``_id``."""


def numbered(count: int, first: int = 0) -> list[bytes]:
    return [bson.encode({"_id": number, "name": f"n{number}"}) for number in range(first, first + count)]


def test_nothing_makes_a_header() -> None:
    stored, result = written([])

    assert stored == b"_id\r\n"
    assert (result.records, result.content_sha256, len(result.blocks)) == (0, "0" * 64, 1)
    assert returned(stored, result) == []


def test_the_numbers_are_those_of_the_documents() -> None:
    documents = numbered(7)
    stored, result = written(documents)

    assert (result.records, result.plain_bytes, result.stored_bytes) == (7, len(stored), len(stored))
    assert Content.of(documents).matches(result)
    assert stored.splitlines()[:2] == [b"_id,name,~", b"0,n0,"]


@pytest.mark.parametrize("seal", [Seal(), Seal("zstd")], ids=["plain", "zst"])
def test_workers_write_the_same_bytes(seal: Seal) -> None:
    batches = [*raw_batches(4000), b"".join(corpus().values())]
    alone, several = io.BytesIO(), io.BytesIO()

    assert write(batches, alone, seal=seal, workers=1) == write(batches, several, seal=seal, workers=2)
    assert alone.getvalue() == several.getvalue()


@pytest.mark.parametrize("count", [BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS])
def test_blocks_are_ten_thousand_rows(count: int) -> None:
    stored, result = written(numbered(count))
    rows = stored.split(b"\r\n")[:-1]
    first, second = rows[: BLOCK_ROWS + 1], rows[BLOCK_ROWS + 1 :]
    parts = [part for part in (first, second) if part]

    assert len(result.blocks) == len(parts)
    assert [_hash(b"".join(row + b"\r\n" for row in part)) for part in parts] == list(result.blocks)


def _hash(text: bytes) -> str:
    return sha256(text).hexdigest()


def test_orders_found_late_get_numbers_until_there_is_no_room() -> None:
    names = "abcdefg"
    orders = list(itertools.islice(itertools.permutations(names), 1, 1300))
    odd = [bson.encode({"_id": number} | dict.fromkeys(order, 1)) for number, order in enumerate(orders, 20_000)]
    straight = [bson.encode({"_id": number} | dict.fromkeys(names, 1)) for number in range(12_000)]
    documents = straight + odd + odd
    stored, result = written(documents)

    assert len(result.layout.orders) == 1000
    assert 0 < result.rescued < len(odd) * 2
    assert returned(stored, result) == documents


def test_the_most_frequent_fields_get_the_columns() -> None:
    documents = [wide(20_000), *numbered(50)]
    stored, result = written(documents)
    columns = [column.name for column in result.layout.columns]

    assert len(columns) == 256 and columns[0] == "_id" and "name" in columns
    assert result.rescued == 0 and returned(stored, result) == documents


def test_a_stray_wide_document_adds_kilobytes() -> None:
    plain, _ = written(numbered(20_000))
    stored, result = written([*numbered(20_000), wide(20_000, 99_999)])

    assert len(stored) - len(plain) < 2 * len(wide(20_000)) + 10_000
    assert [column.name for column in result.layout.columns] == ["_id", "name"]


def test_memory_does_not_grow_with_the_number_of_documents() -> None:
    def batches(count: int) -> Iterator[bytes]:
        for first in range(0, count, 1000):
            yield b"".join(numbered(1000, first))
        yield wide(20_000, count)

    class Nowhere:
        def write(self, data: bytes, /) -> int:
            return len(data)

    peaks = []
    for count in (11_000, 22_000):
        tracemalloc.start()
        write(batches(count), Nowhere(), workers=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.1
    assert peaks[1] < 80 * 2**20


def test_tombstones_are_rows_of_their_own() -> None:
    documents, gone = numbered(3), [bson.encode({"_id": identity}) for identity in (7, "=x", {"$oid": "x"})]
    stored, result = written(documents, tombstones=gone)
    changes = list(read_changes(io.BytesIO(stored), part_of(result)))

    assert result.records == 6
    assert b"".join(batch for batch, _ in changes) == b"".join(documents)
    assert [identity for _, identities in changes for identity in identities] == gone


def test_a_full_disk_ends_writing_and_workers() -> None:
    class Full:
        def write(self, data: bytes, /) -> int:
            raise NoSpace("/backups is full")

    with pytest.raises(NoSpace):
        write(raw_batches(12_000), Full(), workers=2)


def test_writing_reports_and_stops_when_asked() -> None:
    seen: list[tuple[str, int, int | None]] = []
    watch = Watch(lambda step: seen.append((step.phase, step.done, step.total)), lambda: len(seen) == 2)

    with pytest.raises(Cancelled):
        write([b"".join(numbered(9000))], io.BytesIO(), expected=9000, phase="Writing equipment", watch=watch)
    assert seen == [("Writing equipment", CHUNK_ROWS, 9000), ("Writing equipment", 2 * CHUNK_ROWS, 9000)]


def spoil(monkeypatch: pytest.MonkeyPatch, instead: str) -> None:
    """Make the encoder write something else where the cell ``n3`` belongs."""
    honest = encoder.column_cells

    def spoilt(column: ColumnType, values: Sequence[Any], **options: bool) -> list[str]:
        return [instead if cell == "n3" else cell for cell in honest(column, values, **options)]

    monkeypatch.setattr(encoder, "column_cells", spoilt)


def test_a_row_that_does_not_come_back_is_kept_as_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, "n0")
    stored, result = written(numbered(5))
    unproven, _ = written(numbered(5), prove=False)

    assert result.rescued == 1
    assert returned(stored, result) == numbered(5)
    assert [number for number, row in enumerate(stored.split(b"\r\n")[1:]) if b"bson" in row] == [3]
    assert returned(unproven, result) != numbered(5)


def test_cells_that_stand_in_the_way_of_the_bytes_are_left_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, "~{")
    stored, result = written(numbered(5))

    assert returned(stored, result) == numbered(5)
    assert stored.split(b"\r\n")[4].startswith(b',,"{""bson"":')


def test_a_row_whose_bytes_do_not_come_back_either_is_no_backup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "b64encode", lambda data: base64.b64encode(data[:-1]))

    with pytest.raises(VerificationFailed, match="row 3 does not read back"):
        written([*numbered(2), TWICE])


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("prove", [False, True])
def test_documents_python_cannot_hold_are_found_with_and_without_a_proof(prove: bool, deleted: bool) -> None:
    odd = [TWICE, *(bson.encode({"_id": number}) for number in range(3))]
    stored, result = written([], tombstones=odd, prove=prove) if deleted else written(odd, prove=prove)
    changes = list(read_changes(io.BytesIO(stored), part_of(result)))

    assert result.rescued == 1
    assert [document for batch, gone in changes for document in [*documents_of(batch), *gone]] == odd
