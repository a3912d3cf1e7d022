"""When something was last done outlives the process, and nobody needs it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backup_engine.errors import NoSpace
from backup_engine.scheduling import rounds
from backup_engine.storage.base import STATE
from backup_engine.storage.memory import MemoryStorage

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_each_thing_has_its_moment() -> None:
    storage = MemoryStorage()

    rounds.done(storage, "verify", NOON)
    rounds.done(storage, "remote disk", NOON.replace(hour=13))

    assert rounds.last(storage, "verify") == NOON
    assert rounds.last(storage, "remote disk") == NOON.replace(hour=13)
    assert rounds.last(storage, "drill") is None


def test_a_damaged_note_reads_as_never() -> None:
    storage = MemoryStorage()
    storage.put(STATE, "rounds.json", b'{"verify": 5}')

    assert rounds.last(storage, "verify") is None


def test_a_folder_that_cannot_be_written_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = MemoryStorage()

    def full(*_: object, **__: object) -> None:
        raise NoSpace("full")

    monkeypatch.setattr(storage, "put", full)
    rounds.done(storage, "verify", NOON)

    assert rounds.last(storage, "verify") is None
