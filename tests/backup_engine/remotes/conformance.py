"""What every kind of store must do, on a real server. The test module of a kind brings the fixtures and inherits."""

from __future__ import annotations

import hashlib
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from backup_engine.errors import BackupFileNotFound, BadInput, RemoteFailed
from backup_engine.remotes.base import MAX_BYTES, Store
from backup_engine.remotes.inside import InsideStore
from backup_engine.remotes.patient import Patient


def fresh(name: str = "x") -> str:
    """A key nobody has used."""
    return f"data/{uuid.uuid4().hex}/{name}"


class Conformance:
    """Inherit as ``TestKind``. ``creates``: whether the server refuses to create what is there."""

    creates = True

    def test_what_is_written_reads_back(self, store: Store) -> None:
        key, data = fresh(), os.urandom(300_000)

        store.put(key, data)

        assert store.read(key) == data
        assert store.stat(key).size == len(data)
        assert store.stat(key).md5 in ("", hashlib.md5(data).hexdigest())
        assert abs(store.stat(key).modified - datetime.now(UTC)) < timedelta(minutes=5)

    @pytest.mark.parametrize(("start", "length"), [(0, 10), (299_990, 10), (299_990, 50), (123_456, 7), (5, None)])
    def test_ranges(self, store: Store, start: int, length: int | None) -> None:
        key, data = fresh(), os.urandom(300_000)
        store.put(key, data)

        assert store.read(key, start, length) == data[start:None if length is None else start + length]

    def test_an_empty_object(self, store: Store) -> None:
        key = fresh()
        store.put(key, b"")

        assert (store.read(key), store.stat(key).size) == (b"", 0)

    def test_the_largest_piece(self, store: Store) -> None:
        key, data = fresh(), bytes(MAX_BYTES)
        Patient(store).put(key, data)

        assert store.stat(key).size == MAX_BYTES
        assert store.read(key, MAX_BYTES - 3, 3) == bytes(3)

    def test_a_place_inside_is_a_store_of_its_own(self, store: Store) -> None:
        mark = uuid.uuid4().hex
        inside, key = InsideStore(store, f"app/{mark}"), f"data/{mark}/x"
        store.put(key, b"of the list")
        inside.put(key, b"of the application", create=True)

        assert (store.read(key), inside.read(key, 3, 3)) == (b"of the list", b"the")
        assert [(each.key, each.size) for each in inside.list("data")] == [(key, 18)]
        assert [each.key for each in inside.list("")] == [key]
        assert (inside.stat(key).key, inside.stat(key).size) == (key, 18)
        assert [each.key for each in store.list(f"data/{mark}")] == [key], "what lies inside is not listed beside it"
        assert store.read(f"app/{mark}/{key}") == b"of the application"
        if self.creates:
            with pytest.raises(FileExistsError):
                inside.put(key, b"other", create=True)
        inside.delete(key)
        with pytest.raises(BackupFileNotFound):
            inside.read(key)
        assert store.read(key) == b"of the list"

    def test_listing_gives_what_is_below_a_folder_and_nothing_else(self, store: Store) -> None:
        mark = uuid.uuid4().hex
        for name in (f"{mark}/a", f"{mark}/in/b", f"{mark}x/c"):
            store.put(name, b"12")

        assert sorted((entry.key, entry.size) for entry in store.list(mark)) == [
            (f"{mark}/a", 2), (f"{mark}/in/b", 2)]
        assert list(store.list(uuid.uuid4().hex)) == []

    def test_more_than_one_page_is_listed(self, store: Store) -> None:
        mark, patient = uuid.uuid4().hex, Patient(store)  # rclone fails now and then when four make its folder at once
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: patient.put(f"{mark}/{n:04d}", b""), range(60)))

        assert len({entry.key for entry in store.list(mark)}) == 60

    def test_creating_twice(self, store: Store) -> None:
        key = fresh()
        store.put(key, b"first", create=True)

        if self.creates:
            with pytest.raises(FileExistsError):
                store.put(key, b"second", create=True)
            assert store.read(key) == b"first"

    def test_one_of_many_creates(self, store: Store) -> None:
        key = fresh()

        def create(n: int) -> bool:
            try:
                Patient(store).put(key, f"writer {n}".encode(), create=True)
            except FileExistsError:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            won = sum(pool.map(create, range(6)))

        assert won == 1 if self.creates else won >= 1

    def test_overwriting(self, store: Store) -> None:
        key = fresh()
        store.put(key, b"first and longer")
        store.put(key, b"second")

        assert store.read(key) == b"second"

    def test_deleting(self, store: Store) -> None:
        key = fresh()
        store.put(key, b"x")
        store.delete(key)
        store.delete(key)

        assert list(store.list(key.rpartition("/")[0])) == []
        with pytest.raises(BackupFileNotFound):
            store.stat(key)
        with pytest.raises(BackupFileNotFound):
            store.read(key)

    def test_it_opens_again_after_close(self, store: Store) -> None:
        key = fresh()
        store.put(key, b"x")
        store.close()

        assert store.read(key) == b"x"

    @pytest.mark.parametrize("key", ["../x", "/etc/passwd", "a//b", "a/../b", ".hidden", "a\\b", "a\0b", "", "a" * 600])
    def test_a_name_that_is_no_key(self, store: Store, key: str) -> None:
        for work in (lambda: Patient(store).put(key, b"x"), lambda: Patient(store).read(key),
                     lambda: Patient(store).delete(key)):
            with pytest.raises(BadInput):
                work()

    def test_nobody_there(self, nobody: Store) -> None:
        with pytest.raises(RemoteFailed) as failed:
            list(Patient(nobody, attempts=2, pause=lambda _: None).list("data"))

        assert "\n" not in str(failed.value) and "not-a-secret" not in str(failed.value)
