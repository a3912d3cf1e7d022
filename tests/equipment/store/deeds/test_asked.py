"""The filters of the screen and those of the file's address are the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput
from equipment.store.activity import Filter
from equipment.store.deeds import asked

Db = Database[dict[str, Any]]


@pytest.mark.parametrize(("parameters", "chosen"), [
    ({}, Filter()),
    ({"who": ["ada", "eve"], "text": [" x "]}, Filter(names=("ada", "eve"), text="x")),
    ({"what": ["Backups", "Signed in"]}, Filter(actions=("backup.",), exactly=("sign_in",))),
    ({"record": ["nothing"]}, Filter(targets=("record:nothing",))),
    ({"since": ["2026-01-31T12:00:00+01:00"], "until": ["2026-02-01"]},
     Filter(since=datetime(2026, 1, 31, 11, tzinfo=UTC), until=datetime(2026, 2, 1, tzinfo=UTC))),
    ({"unknown": ["x"], "text": []}, Filter()),
])
def test_an_address(database: Db, parameters: dict[str, list[str]], chosen: Filter) -> None:
    assert asked.from_parameters(database, parameters) == chosen


@pytest.mark.parametrize("parameters", [
    {"since": ["yesterday"]}, {"until": ["0001-01-01T00:00+23:00"]}, {"what": ["Nothing"]}])
def test_what_is_no_filter_is_refused(database: Db, parameters: dict[str, list[str]]) -> None:
    with pytest.raises(BadInput):
        asked.from_parameters(database, parameters)


def test_every_group_has_its_deeds() -> None:
    for beginnings in asked.KINDS.values():
        assert any(action.startswith(beginnings) for action in asked.ACTIONS.values())
