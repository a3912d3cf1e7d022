"""A file with copied rows is the same bytes as one whose rows were all encoded."""

from __future__ import annotations

import io
import random
from typing import Any

import bson
import pytest

from backup_engine.csv_format import reused
from backup_engine.csv_format.encoder import Encoder
from backup_engine.csv_format.reused import ReusedRows
from backup_engine.csv_format.seal import UNSEALED, Seal
from backup_engine.errors import VerificationFailed
from backup_engine.model import Part
from backup_engine.records.rows_by_digest import RowsByDigest
from tests.backup_engine.bson_corpus import corpus
from tests.backup_engine.files import part_of, returned, written

COUNT = 4_000


def record(number: int, text: str = "as it was", **more: Any) -> bytes:
    return bson.encode({"_id": number, "ID": f"A-{number}", "Comments": text, "n": number / 3, **more})


def earlier(documents: list[bytes], seal: Seal = UNSEALED) -> tuple[bytes, Part, bytes]:
    """Give the stored bytes, the part and the table of digests of a file."""
    table = list[bytes]()
    stored, result = written(documents, seal, digests=table.append)
    return stored, part_of(result, seal), b"".join(table)


def rows_of(stored: bytes, part: Part, table: bytes) -> ReusedRows:
    return ReusedRows(io.BytesIO(stored), part, RowsByDigest(table))


def changed(share: float, seed: int = 1) -> list[bytes]:
    """The list some time later: changed, removed and added records, in the order of ``_id``."""
    chance, now = random.Random(seed), list[bytes]()
    for number in range(COUNT):
        if number > 10 and chance.random() < share:  # the first records decide the order of the columns
            now += chance.choice([
                [], [record(number, "changed")], [record(number), bson.encode({"_id": number + 0.5, "ID": "new"})],
                [bson.encode({"n": 1.5, "_id": number, "ID": "in another order"})]])
        else:
            now.append(record(number))
    return now


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.4])
@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_bytes_and_the_same_table_as_afresh(
    share: float, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reused, "IN_PLACE", 50)
    stored, part, table = earlier([record(number) for number in range(COUNT)])
    now, rows, noted = changed(share), rows_of(stored, part, table), list[bytes]()

    with_rows, result = written(now, reuse=rows, digests=noted.append, workers=workers)
    afresh, wanted, afresh_table = earlier(now)

    assert (with_rows, b"".join(noted)) == (afresh, afresh_table)
    assert part_of(result) == wanted
    assert rows.copied >= COUNT * (1 - share) * 0.95
    assert returned(with_rows, result) == now


def test_records_of_every_kind() -> None:
    before = [*corpus().values()]
    now = [*before[:-1], bson.encode({**bson.decode(before[0]), "_id": 10**6})]
    rows = rows_of(*earlier(before))

    with_rows, result = written(now, reuse=rows)

    assert returned(with_rows, result) == now and rows.copied > len(now) * 0.9


def test_copied_rows_keep_the_field_orders_they_name() -> None:
    odd = [bson.encode({"n": 1.0, "_id": number, "ID": "x", "Comments": "y"}) for number in range(50)]
    before = odd + [record(number) for number in range(100, 200)]
    now = [*before[:120], bson.encode({"Comments": "z", "n": 2.0, "_id": 10**6, "ID": "new"})]
    rows = rows_of(*earlier(before))

    with_rows, result = written(now, reuse=rows)

    assert returned(with_rows, result) == now
    assert rows.orders == result.layout.orders[: len(rows.orders)] and len(result.layout.orders) > len(rows.orders)


def test_a_list_in_another_order_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [record(number) for number in range(COUNT)]
    now = list(reversed(before))
    rows = rows_of(*earlier(before))

    with_rows, result = written(now, reuse=rows)

    assert with_rows == written(now)[0] and returned(with_rows, result) == now
    assert rows.copied < COUNT


@pytest.mark.parametrize("before", [
    [bson.encode({"_id": number, "ID": number}) for number in range(100)],  # other columns
    [record(number, "other") for number in range(100)], [],
])
def test_where_little_is_the_same_nothing_is_copied(before: list[bytes]) -> None:
    now = [record(number) for number in range(100)]
    rows = rows_of(*earlier(before))

    assert written(now, reuse=rows) == written(now)
    assert rows.copied == 0


def test_a_damaged_earlier_file_stops_it_before_anything_counts() -> None:
    stored, part, table = earlier([record(number) for number in range(COUNT)])
    damaged = stored.replace(b"A-7,as it was", b"A-7,as it is!", 1)
    assert damaged != stored

    with pytest.raises(VerificationFailed, match=r"equipment_backup_x\.csv is damaged"):
        written([record(number) for number in range(COUNT)], reuse=rows_of(damaged, part, table))
    with pytest.raises(VerificationFailed, match="is damaged"):
        written([record(number) for number in range(COUNT)], reuse=rows_of(stored[: len(stored) // 2], part, table))


def test_what_is_new_is_proven_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    proven = list[int]()
    encode = Encoder.encode

    def counted(self: Encoder, documents: list[bytes], *rest: Any, **more: Any) -> Any:
        proven.append(len(documents))
        return encode(self, documents, *rest, **more)

    stored, part, table = earlier([record(number) for number in range(COUNT)])
    monkeypatch.setattr(Encoder, "encode", counted)
    written([record(number, "new" if number in (3, 1_700) else "as it was") for number in range(COUNT)],
            reuse=rows_of(stored, part, table), workers=1)

    assert sum(proven) == 2
