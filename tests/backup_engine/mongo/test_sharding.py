"""What a mongos says of a collection. None can be run here: these are its documented answers."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.errors import OperationFailure

from backup_engine.errors import BackupError, PermissionDenied
from backup_engine.mongo.sharding import is_sharded


class Mongos:
    """A database behind one, which answers ``collStats``."""

    client = None

    def __init__(self, answer: dict[str, Any] | OperationFailure) -> None:
        self.answer = answer

    def command(self, command: str, name: str) -> dict[str, Any]:
        assert (command, name) == ("collStats", "Equipment")
        if isinstance(self.answer, OperationFailure):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(("answer", "sharded"), [
    ({"sharded": True, "ns": "lab.Equipment", "shards": {"shard0": {}, "shard1": {}}, "ok": 1.0}, True),
    ({"sharded": True, "ns": "lab.Equipment", "shards": {"shard0": {}}, "nchunks": 1, "ok": 1.0}, True),
    ({"sharded": False, "primary": "shard0", "ns": "lab.Equipment", "count": 5, "ok": 1.0}, False),
    ({"ns": "lab.Equipment", "count": 5, "ok": 1.0}, True),
    (OperationFailure("Collection [lab.Equipment] not found.", 26), False),
])
def test_the_answer_is_understood_and_no_answer_is_no_leave(answer: Any, sharded: bool) -> None:
    assert is_sharded(Mongos(answer), "Equipment") is sharded  # type: ignore[arg-type]


@pytest.mark.parametrize(("code", "kind"), [(13, PermissionDenied), (59, BackupError)])
def test_a_refusal_is_an_error_of_ours(code: int, kind: type[BackupError]) -> None:
    with pytest.raises(kind):
        is_sharded(Mongos(OperationFailure("no", code)), "Equipment")  # type: ignore[arg-type]
