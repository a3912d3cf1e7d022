"""Which row holds the record with a digest."""

from __future__ import annotations

import bson
import pytest

from backup_engine.records.content_sum import digests
from backup_engine.records.digest_rows import rows
from backup_engine.records.rows_by_digest import RowsByDigest

DOCUMENTS = [bson.encode({"_id": number}) for number in range(1_000)]
HASHES = digests(DOCUMENTS)
TABLE = rows(DOCUMENTS, HASHES)


def test_every_row_is_found_and_nothing_else() -> None:
    table = RowsByDigest(TABLE)

    assert table.rows(HASHES).tolist() == list(range(1_000)) and len(table) == 1_000
    assert table.rows([HASHES[7], bytes(32), HASHES[3], b"\xff" * 32]).tolist() == [7, -1, 3, -1]
    assert table.rows([HASHES[7][:31] + b"\0"]).tolist() == [-1], "all 32 bytes decide"
    assert table.entry(5) == TABLE[5 * 48 : 6 * 48]
    assert table.rows([]).tolist() == []


def test_two_that_begin_alike_are_found_or_missed_and_never_mistaken() -> None:
    twins = [b"same 8 b" + bytes([number]) * 24 for number in (1, 2)]
    table = RowsByDigest(b"".join(bytes(16) + twin for twin in twins))

    assert [found in (number, -1) for number, found in enumerate(table.rows(twins).tolist())] == [True, True]


def test_an_empty_table_and_one_that_was_cut() -> None:
    assert RowsByDigest(b"").rows(HASHES[:2]).tolist() == [-1, -1]
    with pytest.raises(ValueError, match="buffer size"):
        RowsByDigest(TABLE[:-1])
