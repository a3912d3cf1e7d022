"""Which tiers count: what was said, what is stored, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import keep, prune
from backup_engine.errors import BadInput, DatabaseUnreachable
from backup_engine.policy.tiers import TIERS, Tiers
from backup_engine.scheduling import preferences
from backup_engine.workspace import Remembered, Workspace
from tests.backup_engine.engine import StillClock, Switched, back_up, fill, workspace

Data = Database[dict[str, Any]]
ALL = {tier.name: 1 for tier in TIERS}


@pytest.fixture
def way(database: Data) -> Switched:
    return Switched(database)


@pytest.fixture
def ws(tmp_path: Path, way: Switched) -> Iterator[Workspace]:
    yield workspace(tmp_path, way, clock=StillClock())


def elsewhere(ws: Workspace) -> Workspace:
    """The same installation in another process."""
    return replace(ws, remembered=Remembered())


def days_of_backups(ws: Workspace, number: int) -> list[str]:
    """One set a day; gives the labels."""
    made = []
    for _ in range(number):
        made.append(back_up(ws).label)
        ws.clock.pass_by(days=1)  # type: ignore[attr-defined]
    return made


def test_nothing_is_stored_at_first(ws: Workspace) -> None:
    assert keep.counting(ws) == keep.shown(ws) == Tiers()


def test_what_is_chosen_counts_in_every_process(ws: Workspace, database: Data) -> None:
    assert keep.choose(ws, {"weekly": 8, "daily": 7}) == Tiers(daily=7, weekly=8)
    assert keep.choose(ws, {"weekly": 0, "yearly": 5}) == Tiers(daily=7, yearly=5)

    assert keep.counting(elsewhere(ws)) == Tiers(daily=7, yearly=5)
    # beside the other preferences, which it leaves alone
    preferences.save(database, interval_hours=3)
    keep.choose(ws, {"hourly": 1})
    assert preferences.load(database, preferences.Preferences()).interval_hours == 3
    assert keep.counting(ws) == Tiers(hourly=1, daily=7, yearly=5)


def test_what_was_said_counts_before_what_is_stored_each_for_itself(ws: Workspace) -> None:
    keep.choose(ws, {"weekly": 8, "daily": 7})
    said = replace(ws, tiers={"weekly": 2, "hourly": 0})

    assert keep.counting(said) == Tiers(daily=7, weekly=2)
    with pytest.raises(BadInput, match="An option of this installation decides about weekly"):
        keep.choose(said, {"weekly": 3, "yearly": 1})
    # the page gives all five back, those of the options as they are
    assert keep.choose(said, {"hourly": 0, "daily": 7, "weekly": 2, "yearly": 1}) == Tiers(daily=7, weekly=2, yearly=1)
    assert keep.counting(ws) == Tiers(daily=7, weekly=8, yearly=1), "what an option said was stored"


def test_where_all_is_said_nobody_is_asked(ws: Workspace, way: Switched) -> None:
    way.up = False

    assert keep.counting(replace(ws, tiers=ALL)) == Tiers(1, 1, 1, 1, 1)


def test_with_the_database_down_what_was_heard_counts(ws: Workspace, way: Switched) -> None:
    keep.choose(ws, {"weekly": 8})
    way.up = False

    assert keep.counting(ws) == Tiers(weekly=8)
    assert keep.shown(elsewhere(ws)) == Tiers()
    with pytest.raises(DatabaseUnreachable):
        keep.counting(elsewhere(ws))


def test_nothing_is_deleted_while_nobody_knows_the_tiers(ws: Workspace, way: Switched, database: Data) -> None:
    fill(database)
    labels = days_of_backups(ws, 7)
    owner = ws.remembered.owner
    ws = replace(ws, keep_days=2)
    way.up = False
    unheard = replace(ws, remembered=Remembered(owner=owner))

    done = prune.prune(unheard, dry_run=True)

    assert done.message.startswith("Nothing is deleted: the database could not be asked which tiers")
    assert done.deleted == () and [backup.label for backup in ws.catalog.sets()] == labels
    ws.remembered.tiers = {"daily": 5}
    assert [backup.label for backup in prune.prune(ws, dry_run=True).deleted] == labels[:2]


@pytest.mark.parametrize("stored", ["8 weeks", 7, [], {"weekly": "8"}, {"weekly": -1}, {"weekly": 10**6},
                                    {"weekly": 1.5}, {"fortnightly": 2}, {"weekly": None}])
def test_what_is_stored_and_is_no_number_stops_retention_and_no_backup(
    ws: Workspace, database: Data, stored: object
) -> None:
    fill(database)
    labels = days_of_backups(ws, 7)
    ws = replace(ws, keep_days=2)
    database["backup_restore_state"].update_one({"_id": "preferences"}, {"$set": {"tiers": stored}}, upsert=True)

    labels.append(back_up(ws).label)
    done = prune.prune(ws)

    assert done.message.startswith("Nothing is deleted: the stored tiers of retention cannot be used: ")
    assert "acknowledge" not in done.message  # that would not help
    assert [backup.label for backup in ws.catalog.sets()] == labels
    with pytest.raises(BadInput):
        keep.shown(ws)
    # storing them anew puts it right
    keep.choose(ws, {"weekly": 1})
    assert prune.prune(ws).halted == "" and len(ws.catalog.sets()) < len(labels)


@pytest.mark.parametrize("numbers", [{"weekly": -1}, {"weekly": 521}, {"weekly": "8"}, {"weekly": True}, {"x": 1}])
def test_what_cannot_be_used_is_not_stored(ws: Workspace, database: Data, numbers: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        keep.choose(ws, numbers)

    assert database["backup_restore_state"].find_one({"_id": "preferences"}) is None


def test_a_backup_lets_retention_run_by_the_stored_tiers(ws: Workspace, database: Data) -> None:
    fill(database)
    keep.choose(ws, {"daily": 6})
    ws = replace(ws, keep_days=2)

    labels = days_of_backups(ws, 12)

    assert [backup.label for backup in ws.catalog.sets()] == labels[-6:]
