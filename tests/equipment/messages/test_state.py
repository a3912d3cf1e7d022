"""What is remembered comes back as it was, and damage is noticed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from equipment.messages.entries import Heard
from equipment.messages.outbox import Box, Written
from equipment.messages.state import State, as_data, from_data
from equipment.messages.troubles import Known, News

NOW = datetime(2026, 11, 27, 8, 0, 0, 5, tzinfo=UTC)
FULL = State(
    turn=7, first=NOW, troubles=(Known("upload", "cloud", "x", NOW, NOW, True, False),),
    boxes={"mail.x$": Box((News("new", "backup", "", "y", NOW, NOW),), (Written("a", "b"),), (("over", "disk", 3),), 2,
                          NOW, "away", "z", NOW), "chat": Box()},
    heard=Heard(NOW, ("1", "2"), (("backup", "why"),)), weekly={"summary": "2026-11-23"}, week={"backup": 2},
    choices={"mail_to": ["a@b.org"], "least": {"mail": "info"}, "summary": True},
)


def test_it_comes_back_as_it_was() -> None:
    assert from_data(json.loads(json.dumps(as_data(FULL)))) == FULL
    assert from_data(json.loads(json.dumps(as_data(State())))) == State()
    assert from_data({}) == State()


@pytest.mark.parametrize("damage", [
    {"turn": -1}, {"turn": "7"}, {"troubles": [{"kind": "?"}]}, {"boxes": [1]}, {"first": "yesterday"},
    {"first": "2026-11-27T08:00:00"}, {"heard": None}, {"week": {"?": 1}}, {"weekly": 5}, {"choices": 5},
])
def test_damage_is_noticed(damage: dict[str, Any]) -> None:
    with pytest.raises((ValueError, LookupError, TypeError, AttributeError)):
        from_data({**as_data(FULL), **damage})
