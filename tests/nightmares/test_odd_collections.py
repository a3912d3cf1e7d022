"""A capped collection, a view or a time-series collection beside an ordinary one: everything goes on, and what cannot
be done is refused with a way that works."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import drill, merge, restore, undo
from backup_engine.compare import compare
from backup_engine.create import create
from backup_engine.errors import BadInput, RestoreStopped
from backup_engine.repository import ledger
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up, workspace
from tests.mongod import Mongod

Doc = dict[str, Any]
BOTH = ("equipment", "select_options")


@pytest.fixture(scope="module")
def standalone() -> Iterator[Mongod]:
    server = Mongod(replica_set=False)
    yield server
    server.stop()


@pytest.fixture(params=["replica set", "standalone"])
def live(request: pytest.FixtureRequest) -> Iterator[Database[Doc]]:
    """A database with an ordinary collection of options, on either kind of server."""
    server: Mongod = request.getfixturevalue("shared_mongod" if request.param == "replica set" else "standalone")
    with server.client() as client:
        database = client.odd
        database.Equipment_select_options.insert_many([{"_id": number} for number in range(5)])
        yield database
        client.drop_database("odd")


def capped(database: Database[Doc]) -> None:
    database.create_collection("Equipment", capped=True, size=100_000)
    database.Equipment.insert_many([{"_id": number, "n": 1} for number in range(9)])


def view(database: Database[Doc]) -> None:
    database.base.insert_many([{"_id": number, "n": 1} for number in range(9)])
    database.create_collection("Equipment", viewOn="base", pipeline=[])


def view_of_capped(database: Database[Doc]) -> None:
    database.create_collection("base", capped=True, size=100_000)
    view(database)


def time_series(database: Database[Doc]) -> None:
    database.create_collection("Equipment", timeseries={"timeField": "when", "metaField": "who"})
    database.Equipment.insert_many(
        [{"when": datetime(2026, 1, 1, number, tzinfo=UTC), "_id": number, "who": "x"} for number in range(9)])


ODD: dict[str, tuple[Callable[[Database[Doc]], None], str]] = {
    "capped": (capped, "a capped collection"), "view": (view, "a view"), "view of capped": (view_of_capped, "a view"),
    "time-series": (time_series, "a time-series collection"),
}
kinds = pytest.mark.parametrize(("make", "name"), ODD.values(), ids=ODD)


def run(database: Database[Doc], script: str) -> None:
    """Do what a person would paste into mongosh."""
    for call in re.findall(r'db\.getCollection\("Equipment"\)\.(\w+\(.*?\))(?:;|\.?$)', script):
        verb, argument = call.rstrip(")").split("(", 1)
        if verb == "renameCollection":
            database.Equipment.rename(argument.strip('"'))
        elif verb == "aggregate":
            database.Equipment.aggregate([{"$out": re.findall(r'"(\w+)"', argument)[-1]}])
        else:
            database.Equipment.drop()


@kinds
def test_everything_is_saved_and_the_other_collection_restores(
    live: Database[Doc], tmp_path: Path, make: Callable[[Database[Doc]], None], name: str
) -> None:
    make(live)
    ws = workspace(tmp_path, live)

    created = create(ws, force=True)
    assert created.set is not None
    live.Equipment_select_options.delete_many({})
    drilled = drill.drill(ws, created.set)
    done = restore.replace(ws, restore.plan_replace(ws, created.set, ["select_options"]))
    undo.undo(ws)
    merged = merge.merge(ws, merge.plan(ws, created.set, "select_options"))

    assert created.set.counts == drilled.counts == {"equipment": 9, "select_options": 5}
    assert verify(ws, created.set, 2).ok
    assert [warning for warning in created.warnings if warning.startswith(f"Equipment is {name}: all its records are")]
    assert f"Equipment was {name} when it was saved; it is restored as an ordinary collection" in drilled.message
    assert ledger.last_drill(ws) is not None
    assert done.counts == {"select_options": 5} and merged.inserted == 5
    assert done.safety is not None and done.safety.counts["equipment"] == 9
    assert compare(ws, created.set).same == 9


@kinds
def test_the_odd_one_is_refused_and_the_advice_works(
    live: Database[Doc], tmp_path: Path, make: Callable[[Database[Doc]], None], name: str
) -> None:
    make(live)
    ws = workspace(tmp_path, live)
    backup = back_up(ws)
    stored = list(live.Equipment.find(sort=[("_id", 1)]))

    with pytest.raises(BadInput, match=f"Equipment is {name}") as merged:
        merge.plan(ws, backup, "equipment")
    with pytest.raises(BadInput, match=f"Equipment is {name}") as replaced:
        restore.plan_replace(ws, backup, BOTH)

    assert merged.value.hint == replaced.value.hint
    assert list(live.Equipment.find(sort=[("_id", 1)])) == stored
    run(live, replaced.value.hint.split(". After that")[0])
    plan = restore.plan_replace(ws, backup, BOTH)
    assert [warning for warning in plan.warnings if f"Equipment was {name} when it was saved" in warning]
    restore.replace(ws, plan)
    assert list(live.Equipment.find(sort=[("_id", 1)])) == stored
    assert {listed["name"]: listed["type"] for listed in live.list_collections()}["Equipment"] == "collection"
    assert "capped" not in live.Equipment.options()
    kept = live["base" if "view" in name else "Equipment_old"]
    assert kept.count_documents({}) == 9  # nothing is lost on the way


def test_records_that_share_an_id_are_saved_and_the_drill_says_what_they_lack(
    live: Database[Doc], tmp_path: Path
) -> None:
    live.create_collection("Equipment", timeseries={"timeField": "when"})
    live.Equipment.insert_many([{"_id": 1, "when": datetime(2026, 1, 1, number, tzinfo=UTC)} for number in range(3)])
    ws = workspace(tmp_path, live)
    backup = back_up(ws)

    drilled = drill.drill(ws, backup)

    assert backup.counts["equipment"] == 3
    assert drilled.counts == {"select_options": 5}
    assert "Equipment was not drilled" in drilled.message and "the same _id twice" in drilled.message
    live.Equipment.drop()
    with pytest.raises(RestoreStopped, match="the same _id twice"):
        restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))


def test_a_view_without_ids_is_saved(live: Database[Doc], tmp_path: Path) -> None:
    live.base.insert_many([{"_id": number, "n": number} for number in range(9)])
    live.create_collection("Equipment", viewOn="base", pipeline=[{"$project": {"_id": 0}}])
    ws = workspace(tmp_path, live)

    backup = back_up(ws)

    assert backup.counts["equipment"] == 9 and verify(ws, backup, 2).ok
    assert "Equipment was not drilled" in drill.drill(ws, backup).message


@kinds
def test_no_differential_set_is_made_of_changes_nobody_reports(
    live: Database[Doc], tmp_path: Path, make: Callable[[Database[Doc]], None], name: str
) -> None:
    make(live)
    ws: Workspace = workspace(tmp_path, live)
    back_up(ws)
    more: Doc = {"_id": 99, "n": 1, "when": datetime(2026, 1, 2, tzinfo=UTC)}
    live["base" if "view" in name else "Equipment"].insert_one(more)

    second = create(ws, force=True, kind="differential").set

    assert second is not None and second.kind == "full"
    assert second.counts["equipment"] == 10
