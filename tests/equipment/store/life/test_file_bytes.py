"""The bytes of attached files: there once, whole or named, whoever brings them at the same moment."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import gridfs
import pytest
from bson.objectid import ObjectId
from pymongo.database import Database

from backup_engine.errors import BackupFileNotFound, BadInput, VerificationFailed
from equipment.store import moments
from equipment.store.life import file_bytes
from equipment.store.life.file_bytes import CHUNKS, FILES, PART

Db = Database[dict[str, Any]]
DATA = b"".join(bytes([number]) * PART for number in range(2)) + b"the end"
SHA = hashlib.sha256(DATA).hexdigest()


def put(database: Db, data: bytes = DATA, sha256: str = SHA) -> bool:
    return file_bytes.put(database, sha256, len(data), iter([data[:10], data[10:]]))


def read(database: Db) -> bytes:
    return b"".join(file_bytes.read(database, SHA))


def test_a_file_comes_back_as_it_was_and_gridfs_reads_it_too(database: Db) -> None:
    assert put(database) and read(database) == DATA
    assert list(file_bytes.held(database)) == [(SHA, len(DATA))]
    assert file_bytes.total(database) == len(DATA)
    assert gridfs.GridFSBucket(database, "equipment_bytes").open_download_stream(SHA).read() == DATA


def test_the_same_file_twice_is_there_once_and_is_not_even_asked_for(database: Db) -> None:
    def never() -> Iterator[bytes]:
        pytest.fail("asked for")
        yield b""

    put(database)

    assert file_bytes.put(database, SHA, len(DATA), never()) is False
    assert (database[FILES].count_documents({}), database[CHUNKS].count_documents({})) == (1, 3)


def test_many_who_bring_it_at_once_are_all_fine_and_it_is_there_once(database: Db) -> None:
    file_bytes.prepare(database)
    start, new = threading.Barrier(6), list[bool]()

    def bring() -> None:
        start.wait()
        new.append(put(database))

    threads = [threading.Thread(target=bring) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(new), sum(new)) == (6, 1)
    assert database[CHUNKS].count_documents({}) == 3 and read(database) == DATA


@pytest.mark.parametrize(("number", "said"), [(0, "part 1 of 3"), (1, "part 2 of 3"), (2, "part 3 of 3 is missing")])
def test_a_missing_part_is_named_and_who_brings_the_file_again_mends_it(
    database: Db, number: int, said: str
) -> None:
    put(database)
    database[CHUNKS].delete_one({"n": number})

    with pytest.raises(VerificationFailed, match=f"{SHA}: {said}"):
        read(database)
    assert put(database) is False and read(database) == DATA


def test_a_wrong_byte_is_named_before_the_last_part_is_given(database: Db) -> None:
    put(database)
    database[CHUNKS].update_one({"n": 1}, {"$set": {"data": b"x" * PART}})
    got = list[bytes]()

    with pytest.raises(VerificationFailed, match=f"{SHA}: the bytes are not those"):
        for part in file_bytes.read(database, SHA):
            got.append(part)
    assert len(got) == 2


def test_what_is_not_there_is_named(database: Db) -> None:
    with pytest.raises(BackupFileNotFound, match=SHA):
        read(database)


@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"!", b"x" + DATA[1:]])
def test_other_bytes_are_refused_and_leave_nothing(database: Db, data: bytes) -> None:
    with pytest.raises(VerificationFailed, match=SHA):
        file_bytes.put(database, SHA, len(DATA), iter([data]))

    assert (database[FILES].count_documents({}), database[CHUNKS].count_documents({})) == (0, 0)


@pytest.mark.parametrize("sha256", ["", "abc", SHA.upper(), f"{SHA[:-1]}.", f"../{SHA[3:]}"])
def test_only_a_hash_names_a_file(database: Db, sha256: str) -> None:
    with pytest.raises(BadInput, match="SHA-256"):
        put(database, sha256=sha256)


def test_what_a_crash_left_half_done_is_finished(database: Db) -> None:
    """Of one writer some parts have their hash's name already, and of another none."""
    put(database)
    database[FILES].delete_one({})
    database[CHUNKS].delete_one({"n": 2})
    old = ObjectId.from_datetime(moments.now() - timedelta(days=2))
    database[CHUNKS].insert_one({"_id": old, "files_id": "writing:dead", "n": 0, "data": b"half"})
    database[CHUNKS].insert_one({"files_id": "writing:busy", "n": 0, "data": b"half"})

    assert list(file_bytes.held(database)) == []
    assert put(database) is True and read(database) == DATA
    assert file_bytes.sweep(database) == 1  # not what may be somebody's at this moment
    assert read(database) == DATA and database[CHUNKS].count_documents({"files_id": "writing:busy"}) == 1
