"""The shared choices about automatic backups."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput
from backup_engine.scheduling import preferences
from backup_engine.scheduling.preferences import Preferences

DEFAULTS = Preferences(interval_hours=1.0, automatic=True, drill_every_days=7.0)


def test_nothing_stored_gives_the_defaults(database: Database[dict[str, Any]]) -> None:
    assert preferences.load(database, DEFAULTS) == DEFAULTS


def test_what_one_process_saves_another_loads(database: Database[dict[str, Any]]) -> None:
    preferences.save(database, interval_hours=6, automatic=False)

    assert preferences.load(database, DEFAULTS) == Preferences(6.0, False, 7.0)


def test_a_seed_never_overrides_a_choice(database: Database[dict[str, Any]]) -> None:
    preferences.seed(database, 2)
    preferences.seed(database, 5)

    assert preferences.load(database, DEFAULTS).interval_hours == 2


@pytest.mark.parametrize("hours", [0, 0.05, 169, float("nan"), float("inf"), "x", None])
def test_an_interval_out_of_bounds_is_refused_with_the_bounds(database: Database[dict[str, Any]], hours: Any) -> None:
    with pytest.raises(BadInput, match=r"0\.1.*168"):
        preferences.save(database, interval_hours=hours)

    assert preferences.load(database, DEFAULTS) == DEFAULTS
