"""Reading: exact, strict, and any damage is seen and placed."""

from __future__ import annotations

import io
from dataclasses import replace

import bson
import pyrage
import pytest

from backup_engine.csv_format.blocks import BLOCK_ROWS
from backup_engine.csv_format.reader import is_as_written, read, read_back
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import Cancelled, VerificationFailed, WrongKey
from backup_engine.model import Part, Watch
from backup_engine.records.raw import documents_of
from scripts.bench_parts.documents import raw_batches
from tests.backup_engine.bson_corpus import corpus
from tests.backup_engine.files import detected, part_of, returned, written

KEY = pyrage.x25519.Identity.generate()
SEALS = {
    "plain": Seal(), "gz": Seal("gzip"), "zst": Seal("zstd"),
    "age": Seal(recipients=(str(KEY.to_public()),), identities=(str(KEY),)),
    "zst.age": Seal("zstd", recipients=(str(KEY.to_public()),), identities=(str(KEY),)),
}
DOCUMENTS = [*documents_of(next(raw_batches(60))), *corpus().values()]


@pytest.fixture(params=SEALS)
def seal(request: pytest.FixtureRequest) -> Seal:
    return SEALS[request.param]


def test_an_intact_file_reads_back_as_written(seal: Seal) -> None:
    stored, result = written(DOCUMENTS, seal)
    back = read_back(io.BytesIO(stored), result, seal=seal)

    assert back.matches(result) and back.matches(part_of(result, seal))
    assert back.content.matches(result)
    assert (back.plain_bytes, back.stored_bytes) == (result.plain_bytes, len(stored))
    assert back.blocks == result.blocks and not back.bad_blocks and not back.problem


def test_one_bit_flipped_in_every_kilobyte_is_detected(seal: Seal) -> None:
    stored, result = written(DOCUMENTS, seal)
    flips = 0
    for start in range(0, len(stored), 1024):
        position = start + (start // 1024 * 37) % min(1024, len(stored) - start)
        damaged = bytearray(stored)
        damaged[position] ^= 1 << (start // 1024 % 8)
        flips += 1

        assert detected(bytes(damaged), result, seal), f"bit at {position}"
    assert flips >= len(stored) // 1024


def test_bytes_and_rows_less_or_more_are_detected(seal: Seal) -> None:
    stored, result = written(DOCUMENTS, seal)
    row = stored.rfind(b"\r\n", 0, -2) + 2
    for damaged in (b"", stored[:-1], stored[1:], stored[:row], stored + b"\0", stored + b"\r\n", stored + stored,
                    stored + stored[row:], stored[: len(stored) // 2]):
        assert detected(damaged, result, seal)


def test_a_file_of_another_set_with_as_many_rows_is_detected(seal: Seal) -> None:
    _, result = written([bson.encode({"_id": 1, "name": "here"})], seal)
    elsewhere, _ = written([bson.encode({"_id": 1, "name": "gone"})], seal)

    assert detected(elsewhere, result, seal)


@pytest.mark.parametrize("workers", [1, 2])
def test_damage_is_placed_in_its_block(workers: int) -> None:
    documents = [bson.encode({"_id": number, "n": number}) for number in range(2 * BLOCK_ROWS + 10)]
    stored, result = written(documents)
    damaged = stored.replace(b"\r\n15000,15000,", b"\r\n15000,1500x,")
    back = read_back(io.BytesIO(damaged), result, workers=workers)

    assert back.bad_blocks == (1,)
    assert [bad.row for bad in back.bad_rows] == [15_001]
    assert back.content.records == len(documents) - 1


def test_a_file_cut_in_the_middle_misses_its_last_blocks() -> None:
    documents = [bson.encode({"_id": number}) for number in range(3 * BLOCK_ROWS)]
    stored, result = written(documents)
    back = read_back(io.BytesIO(stored[: len(stored) // 2]), result)

    assert back.bad_blocks == (1, 2)
    assert back.bad_rows[-1].why == "cut short"


def test_reading_stops_at_the_first_bad_row_and_names_it() -> None:
    stored, result = written([bson.encode({"_id": number, "n": number}) for number in range(20)])

    with pytest.raises(VerificationFailed, match=r"equipment_backup_x\.csv, row 8: "):
        returned(stored.replace(b"\r\n7,7,", b"\r\n7,x,"), result)
    with pytest.raises(VerificationFailed, match="cut short in row 20"):
        returned(stored[:-1], result)
    with pytest.raises(VerificationFailed, match="header"):
        returned(stored.replace(b"_id,n", b"_id,m"), result)
    with pytest.raises(VerificationFailed, match="more than its metadata promises"):
        returned(stored + stored, result)


def test_what_the_disk_gives_back_is_compared_with_what_was_written(seal: Seal) -> None:
    stored, result = written(DOCUMENTS, seal)
    seen: list[int] = []

    assert is_as_written(io.BytesIO(stored), result, seal=seal, watch=Watch(lambda step: seen.append(step.done)))
    assert seen[-1] == result.records and seen == sorted(seen)
    assert not is_as_written(io.BytesIO(stored), replace(result, stored_sha256="0" * 64), seal=seal)


def test_comparing_stops_when_asked(seal: Seal) -> None:
    stored, result = written(DOCUMENTS, seal)

    with pytest.raises(Cancelled):
        is_as_written(io.BytesIO(stored), result, seal=seal, watch=Watch(lambda step: None, lambda: True))


def test_an_encrypted_file_needs_its_key() -> None:
    stored, result = written(DOCUMENTS, SEALS["age"])
    wrong_key = Seal(identities=(str(pyrage.x25519.Identity.generate()),))

    with pytest.raises(WrongKey):
        list(read(io.BytesIO(stored), part_of(result, SEALS["age"]), seal=wrong_key))
    with pytest.raises(WrongKey):
        read_back(io.BytesIO(stored), part_of(result, SEALS["age"]), seal=wrong_key)


def test_with_a_public_key_only_the_stored_bytes_are_compared() -> None:
    seal = Seal(recipients=(str(KEY.to_public()),))
    stored, result = written(DOCUMENTS, seal)
    back = read_back(io.BytesIO(stored), result, seal=seal)

    assert back.matches(result) and not back.decoded
    assert detected(stored[:-1], result, seal)


def test_a_row_without_end_is_refused_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backup_engine.csv_format.blocks.LONGEST_ROW", 2**20)
    _, result = written([bson.encode({"_id": 1})])
    part = Part("equipment", "Equipment", "x.csv", 1, layout=result.layout)

    with pytest.raises(VerificationFailed, match="longer than any row"):
        list(read(io.BytesIO(b"_id,~\r\n" + b"x" * 2**22), part))
