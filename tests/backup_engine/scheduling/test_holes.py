"""The note on what continuous protection could not do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backup_engine.errors import PermissionDenied
from backup_engine.scheduling import holes
from backup_engine.scheduling.holes import KEPT, Hole, Protection
from backup_engine.storage import MemoryStorage
from backup_engine.storage.base import STATE
from tests.backup_engine.sets import NOW

HOLE = Hole(NOW - timedelta(hours=1), NOW, "the oplog rolled over")


def test_it_comes_back_as_it_was() -> None:
    storage = MemoryStorage()
    assert holes.begins(storage, NOW) == NOW
    assert holes.begins(storage, NOW + timedelta(hours=1)) == NOW, "it is on since then"
    assert holes.trouble(storage, "no stream")
    assert not holes.trouble(storage, "no stream"), "that is not new"
    holes.add(storage, HOLE)

    assert holes.read(storage) == Protection(NOW, "no stream", (HOLE,))
    holes.ends(storage)
    assert holes.read(storage) == Protection(None, "", (HOLE,))


def test_a_beginning_in_the_future_comes_from_a_clock_that_was_wrong() -> None:
    storage = MemoryStorage()
    holes.begins(storage, NOW + timedelta(days=400))
    assert holes.begins(storage, NOW) == NOW


def test_only_the_last_ones_are_kept() -> None:
    storage = MemoryStorage()
    for n in range(KEPT + 3):
        holes.add(storage, Hole(NOW, NOW, str(n)))
    assert [hole.why for hole in holes.read(storage).holes] == [str(n) for n in range(3, KEPT + 3)]


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"began":1,"trouble":"","holes":[]}', b'{"holes":[{}]}'])
def test_a_damaged_note_reads_as_none(damage: bytes) -> None:
    storage = MemoryStorage()
    storage.put(STATE, "continuous.json", damage)
    assert holes.read(storage) == Protection()


def test_where_it_cannot_be_written_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = MemoryStorage()

    def refuses(*_: object, **__: object) -> None:
        raise PermissionDenied("read-only")

    monkeypatch.setattr(storage, "put", refuses)
    holes.add(storage, HOLE)
    assert holes.read(storage) == Protection()
