"""Trying again, and finding out what a lost reply meant: rules that need no server."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from backup_engine.errors import BackupFileNotFound, HostKeyUnknown, RemoteFailed, RemoteRefused
from backup_engine.remotes.base import MAX_BYTES, Stored
from backup_engine.remotes.patient import ATTEMPTS, FIRST_PAUSE, Patient


class Memory:
    """A store in memory that fails as it is told: an error before, or one after the work was done."""

    def __init__(self, *, before: list[Exception] | None = None, after: list[Exception] | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self.before = before or []
        self.after = after or []
        self.calls = 0
        self.garbles = False

    def describe(self) -> str:
        return "memory"

    def weaknesses(self) -> tuple[str, ...]:
        return ()

    def list(self, folder: str) -> Iterable[Stored]:
        yield from [self.stat(key) for key in self.files if key.startswith(f"{folder}/")]
        self._fail(self.after)

    def put(self, key: str, data: bytes, *, create: bool = False) -> None:
        self.calls += 1
        self._fail(self.before)
        if create and key in self.files:
            raise FileExistsError(key)
        self.files[key] = data[:-1] + b"!" if self.garbles else data
        self._fail(self.after)

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        return self.files[key][start:None if length is None else start + length]

    def stat(self, key: str) -> Stored:
        if key not in self.files:
            raise BackupFileNotFound(key)
        return Stored(key, len(self.files[key]), datetime.now(UTC))

    def delete(self, key: str) -> None:
        self._fail(self.before)
        self.files.pop(key, None)

    def close(self) -> None: ...

    def _fail(self, errors: list[Exception]) -> None:
        if errors:
            raise errors.pop(0)


def patient(store: Any, pauses: list[float] | None = None) -> Patient:
    return Patient(store, pause=(pauses if pauses is not None else []).append)


def test_it_tries_again_with_longer_random_pauses() -> None:
    pauses: list[float] = []
    store = Memory(before=[RemoteFailed("away")] * (ATTEMPTS - 1))

    patient(store, pauses).put("a", b"x")

    assert store.files == {"a": b"x"}
    assert len(pauses) == ATTEMPTS - 1
    assert all(0 <= pause <= FIRST_PAUSE * 2 ** number for number, pause in enumerate(pauses, 1))


def test_it_gives_up() -> None:
    store = Memory(before=[RemoteFailed("away")] * 99)

    with pytest.raises(RemoteFailed, match="away"):
        patient(store).put("a", b"x")
    assert store.calls == ATTEMPTS


@pytest.mark.parametrize("error", [RemoteRefused("403"), HostKeyUnknown("who?")])
def test_a_refusal_is_not_tried_again(error: RemoteFailed) -> None:
    store = Memory(before=[error])

    with pytest.raises(type(error)):
        patient(store).put("a", b"x")
    assert store.calls == 1


@pytest.mark.parametrize("create", [True, False])
def test_what_arrived_although_the_call_failed_is_a_success(create: bool) -> None:
    store = Memory(after=[RemoteFailed("the reply was lost")])

    patient(store).put("a", b"x", create=create)

    assert (store.files, store.calls) == ({"a": b"x"}, 1)


def test_another_object_of_that_name_is_none() -> None:
    store = Memory(before=[RemoteFailed("away")])
    store.files["a"] = b"theirs"

    with pytest.raises(FileExistsError):
        patient(store).put("a", b"mine!!", create=True)
    assert store.files["a"] == b"theirs"


def test_what_reads_back_otherwise_is_a_failure() -> None:
    store = Memory()
    store.garbles = True

    with pytest.raises(RemoteFailed, match="reads back other"):
        patient(store).put("a", b"xyz")


def test_a_listing_that_breaks_off_begins_again() -> None:
    store = Memory(after=[RemoteFailed("away")])
    store.files = {"f/a": b"", "f/b": b""}

    assert [entry.key for entry in patient(store).list("f")] == ["f/a", "f/b"]


def test_nothing_larger_than_a_piece_is_sent() -> None:
    with pytest.raises(RemoteFailed, match="larger"):
        patient(Memory()).put("a", bytes(MAX_BYTES + 1))


def test_what_is_gone_when_it_is_read_back_is_written_again() -> None:
    """As beside another writer on a server that replaces in two steps."""
    class Replacing(Memory):
        def put(self, key: str, data: bytes, *, create: bool = False) -> None:
            super().put(key, data, create=create)
            if self.calls == 1:
                self.files.clear()

    store, pauses = Replacing(), list[float]()
    patient(store, pauses).put("a", b"x", create=True)

    assert store.files == {"a": b"x"} and len(pauses) == 1
