"""With nothing changed a set of the list names the application's set of before, which lives as long as one names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine import failpoints, prune
from backup_engine.create import create
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import NoSpace
from backup_engine.locking.locks import hold
from backup_engine.making import resume_tokens, write_set
from backup_engine.making.companion import recover
from backup_engine.model import BackupSet
from backup_engine.repository import companions, intents, ledger
from backup_engine.repository.intents import Intent
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, StillClock, back_up, fill, fill_own, own_of, workspace
from tests.backup_engine.keys.public_only import PUBLIC, files_below
from tests.backup_engine.stored import file_of

Db = Database[dict[str, Any]]
ABOUT = replace(OWN, counts=lambda key, document: not bson.decode(document).get("action", "").startswith("backup."))


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def ws(database: Db, tmp_path: Path, clock: StillClock) -> Workspace:
    fill(database)
    fill_own(database)
    return workspace(tmp_path / "backups", database, application=ABOUT, clock=clock)


def own_ids(ws: Workspace) -> list[str]:
    return [backup.backup_id for backup in own_of(ws).catalog.sets()]


def test_nothing_is_written_and_the_set_of_before_is_named(ws: Workspace, database: Db, tmp_path: Path) -> None:
    first = back_up(ws)
    before = files_below(tmp_path / "backups" / ".app" / first.day)
    database.equipment_activity.insert_one({"action": "backup.create"})
    database.Equipment.update_one({"_id": 1}, {"$set": {"Vendor": "changed"}})

    second, third = back_up(ws), create(ws, force=True, kind="auto").set

    assert third is not None and second.companion == third.companion == first.companion != ""
    assert files_below(tmp_path / "backups" / ".app" / first.day) == before
    assert second.warnings == () and verify(ws, third, 2).ok
    assert intents.labels(own_of(ws).storage.names(".state")) == set()


CHANGES: dict[str, Callable[[Db], object]] = {
    "a document": lambda db: db.equipment_users.update_one({"_id": "u1"}, {"$set": {"role": "admin"}}),
    "an entry that counts": lambda db: db.equipment_activity.insert_one({"action": "records.save"}),
    "a deletion": lambda db: db.equipment_activity.delete_one({"_id": 1}),
    "an index": lambda db: db.equipment_users.create_index("name"),
    "a collection that goes": lambda db: db.equipment_users.drop(),
    "a collection that comes": lambda db: db.create_collection("Equipment_trash"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_makes_a_new_one(ws: Workspace, database: Db, change: str) -> None:
    first = back_up(ws)
    CHANGES[change](database)

    second = back_up(ws)

    assert second.companion not in ("", first.companion) and second.warnings == ()
    own = companions.of(ws, second)
    assert own is not None and own.of == second.backup_id and verify(ws, second, 2).ok
    assert back_up(ws).companion == second.companion


def test_each_day_has_one_of_its_own_and_so_has_a_full_backup_that_is_asked_for(
    ws: Workspace, clock: StillClock
) -> None:
    first = back_up(ws)
    full = create(ws, force=True, kind="full").set
    clock.pass_by(days=1)

    assert full is not None and len({first.companion, full.companion, back_up(ws).companion}) == 3


def test_what_is_stored_otherwise_or_damaged_is_not_named_again(ws: Workspace, tmp_path: Path) -> None:
    first = back_up(ws)
    encrypted = back_up(replace(ws, seal=Seal(recipients=(PUBLIC,))))
    assert encrypted.companion != first.companion
    plain = back_up(ws)
    assert plain.companion not in (first.companion, encrypted.companion)
    own = companions.of(ws, plain)
    assert own is not None
    ledger.remember(own_of(ws).storage, own, 1, False, ws.clock())
    found_damaged = back_up(ws)
    assert found_damaged.companion != plain.companion
    own = companions.of(ws, found_damaged)
    assert own is not None
    file_of(own_of(ws), own, "users").write_bytes(b"cut")
    assert verify(ws, back_up(ws), 2).ok


@pytest.mark.parametrize("step", ["W2", "A2", "right before the snapshot", "W3"])
def test_a_record_moved_to_the_trash_meanwhile_is_in_exactly_one_of_the_two(
    ws: Workspace, database: Db, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Whether before the instant of the backup or after it: the set of before must not be named with a newer list."""
    database.Equipment_trash.insert_one({"_id": "older"})
    back_up(ws)

    def move() -> None:
        if (record := database.Equipment.find_one_and_delete({"_id": 7})) is not None:
            database.Equipment_trash.insert_one({"_id": 7, "record": record})

    if step in ("W2", "A2", "W3"):
        monkeypatch.setitem(failpoints.hooks, step, move)
    else:
        take = write_set.snapshot.take
        monkeypatch.setattr(write_set.snapshot, "take", lambda *given, **more: (move(), take(*given, **more))[1])
    made = back_up(ws)

    own = companions.of(ws, made)
    assert own is not None
    assert made.counts["equipment"] + own.counts["trash"] == 21
    assert verify(ws, made, 2).ok


def test_a_run_that_ends_before_its_commit_leaves_the_one_of_before(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise NoSpace("the disk is full")

    first = back_up(ws)
    monkeypatch.setitem(failpoints.hooks, "W8", full)
    with pytest.raises(NoSpace):
        back_up(ws)
    monkeypatch.delitem(failpoints.hooks, "W8")

    assert back_up(ws).companion == first.companion and own_ids(ws) == [first.companion]


def test_a_look_goes_on_where_the_last_one_ended_and_a_differential_goes_back_to_its_full_set(
    ws: Workspace, database: Db
) -> None:
    """The server looks through all that anybody wrote, so nobody does it twice; what does not count is saved later."""
    full = create(ws, force=True, kind="full").set
    assert full is not None
    database.equipment_activity.insert_one({"_id": "uncounted", "action": "backup.create"})
    assert back_up(ws).companion == full.companion
    own, storage = companions.of(ws, full), own_of(ws).storage
    assert own is not None
    ended, begun = resume_tokens.seen_until(storage, own), resume_tokens.of(storage, own)
    assert ended is not None and begun is not None and ended.token != begun.token
    touched = resume_tokens.follow(database, ABOUT.sources, ended.token, 10).touched
    assert {key for key, identities in touched.items() if identities} == set()

    database.equipment_users.delete_one({"_id": "u1"})
    later = create(ws, force=True, kind="differential").set

    assert later is not None
    own = companions.of(ws, later)
    assert own is not None
    assert own.kind == "differential" and own.counts == {"users": 2, "trash": 0, "activity": 6}
    assert verify(ws, later, 2).ok


def three(ws: Workspace, clock: StillClock) -> list[BackupSet]:
    """Two sets that share one of the application's, and a later one with its own."""
    made = [back_up(ws), back_up(ws)]
    clock.pass_by(days=1)
    made.append(back_up(ws))
    assert made[0].companion == made[1].companion != made[2].companion
    return made


def test_it_stays_as_long_as_a_list_names_it(ws: Workspace, clock: StillClock) -> None:
    first, second, third = three(ws, clock)

    prune.delete(ws, first)
    assert own_ids(ws) == [second.companion, third.companion] and verify(ws, second, 2).ok
    prune.delete(ws, second)
    assert own_ids(ws) == [third.companion]


def test_it_stays_pinned_as_long_as_a_pinned_list_names_it(ws: Workspace, clock: StillClock) -> None:
    first, second, _ = three(ws, clock)

    def pinned() -> list[bool]:
        return [backup.pinned for backup in own_of(ws).catalog.sets()]

    prune.pin(ws, first)
    prune.pin(ws, second)
    prune.unpin(ws, first)
    assert pinned() == [True, False]
    prune.unpin(ws, second)
    assert pinned() == [False, False]


def test_an_intent_that_was_left_does_not_take_it_from_a_later_list(ws: Workspace, clock: StillClock) -> None:
    """Its own list is gone by the time the next run settles what is left."""
    first, second, _ = three(ws, clock)
    own = companions.of(ws, second)
    assert own is not None
    ws.catalog.remove(first)
    files = (own.metadata_file, *(str(part.file) for part in own.parts.values()))
    intents.claim(own_of(ws).storage, Intent(own.label, own.day, files, run=own.backup_id))

    with hold(ws, "backup") as held:
        recover(ws, held)

    assert verify(ws, second, 2).ok
