"""A long list whose index lies in files: started anew it is there, and it is what the database holds."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pymongo.database import Database

from backup_engine.errors import Busy
from equipment.domain.query import Query
from equipment.store.list import keys, listing, records, trash
from equipment.store.list.indexing import files, followed, follower
from equipment.store.list.indexing.followed import Listing
from tests.equipment.store.list.indexing.indexed import TODAY, Indexed
from tests.equipment.store.people import signed_in
from tests.server.running_app import wait_for

Db = Database[dict[str, Any]]


@pytest.fixture
def lab(database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Indexed]:
    monkeypatch.setattr(followed, "_place", (tmp_path / "index", 0))
    database.Equipment.insert_many({"_id": number, "ID": number, "Room": "Ä"} for number in range(60))
    made = Indexed(database)
    yield made
    made.end()


def test_a_process_that_starts_maps_what_another_made_and_takes_in_what_changed(lab: Indexed) -> None:
    assert lab.rooms() == ["Ä"] * 60
    made = lab.generation()
    lab.restart()
    lab.db.Equipment.update_one({"_id": 3}, {"$set": {"Room": "B"}})
    lab.db.Equipment.insert_one({"_id": 99, "Room": "C"})
    lab.db.Equipment.delete_one({"_id": 5})

    assert sorted(lab.rooms()) == ["B", "C"] + ["Ä"] * 58
    assert lab.generation() == made
    assert lab.found("a") == 58


def test_changes_become_part_of_the_next_generation(lab: Indexed) -> None:
    lab.rooms()
    first = lab.generation()
    lab.db.Equipment.update_many({"_id": {"$lt": 9}}, {"$set": {"Room": "new"}})
    lab.db.Equipment.delete_one({"_id": 10})

    assert lab.listing._compact()
    assert lab.found("new") == 9
    assert lab.generation() != first
    assert not len(lab.listing.sheet().changed) and lab.listing.sheet().alive is None
    assert len(lab.listing.sheet()) == 59


def test_what_changes_while_it_is_compacted_is_not_lost(lab: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.rooms()
    lab.db.Equipment.update_one({"_id": 1}, {"$set": {"Room": "one"}})
    usual = files.IndexFiles.compact

    def compact(*given: Any) -> Any:
        lab.db.Equipment.update_one({"_id": 2}, {"$set": {"Room": "two"}})
        assert lab.found("two") == 1
        return usual(*given)

    monkeypatch.setattr(files.IndexFiles, "compact", compact)

    assert lab.listing._compact()
    assert (lab.found("one"), lab.found("two")) == (1, 1)


def test_many_changes_are_compacted_by_themselves(lab: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "MANY", 4)
    monkeypatch.setattr(followed, "TEND_SECONDS", 0.05)
    lab.rooms()
    first = lab.generation()
    lab.db.Equipment.update_many({"_id": {"$lt": 9}}, {"$set": {"Room": "new"}})
    lab.rooms()

    wait_for(lambda: lab.generation() != first, "the changes to be compacted")
    assert lab.found("new") == 9


def test_a_page_never_goes_back_when_the_next_generation_is_taken(
    lab: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.rooms()
    monkeypatch.setattr(follower, "LOOK_SECONDS", -1.0)
    assert lab.listing._compact()  # it is of now, and what follows is not in it
    lab.db.Equipment.update_many({"_id": {"$lt": 9}}, {"$set": {"Room": "new"}})

    seen = [len(sheet.rows_having("Room", ["new"])) for sheet in (lab.listing.shown() for _ in range(5))]
    assert seen[0] >= 1 and seen == sorted(seen)


def test_pages_go_on_with_the_generation_of_before_while_the_next_catches_up(
    lab: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.rooms()
    lab.db.Equipment.update_one({"_id": 3}, {"$set": {"Room": "new"}})
    before, go_on, usual = lab.listing.opened, threading.Event(), follower.Follower.look

    def look(self: follower.Follower, *given: Any, **how: Any) -> bool:
        return (self.opened is before or go_on.wait(20)) and usual(self, *given, **how)

    monkeypatch.setattr(follower.Follower, "look", look)
    compacting = threading.Thread(target=lab.listing._compact)
    compacting.start()
    try:
        wait_for(lambda: lab.generation() != (before and before.name), "the next generation")
        assert lab.found("new") == 1
        assert lab.listing.opened is before
    finally:
        go_on.set()
        compacting.join(20)
    assert lab.found("new") == 1
    assert lab.listing.opened is not before


def test_a_page_does_not_wait_while_what_others_write_is_taken_in(
    lab: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.rooms()
    monkeypatch.setattr(follower, "LOOK_SECONDS", -1.0)
    monkeypatch.setattr(followed, "TEND_SECONDS", 0.05)
    lab.db.Equipment.update_many({"_id": {"$lt": 9}}, {"$set": {"Room": "new"}})
    sheet = lab.listing.shown()

    with lab.listing._lock:
        assert lab.listing.shown() is sheet
    wait_for(lambda: len(lab.listing.shown().rows_having("Room", ["new"])) == 9, "the rest to be taken in")


def test_another_process_goes_on_with_the_new_generation_though_nobody_looks_there(
    lab: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed, "TEND_SECONDS", 0.05)
    lab.rooms()
    other = Listing(lab.db.Equipment)
    other.sheet()
    lab.db.Equipment.delete_one({"_id": 7})

    assert lab.listing.scrub(20)
    assert len(other.sheet()) == 59
    other.close()


def test_who_still_reads_the_last_generation_is_waited_for(lab: Indexed) -> None:
    lab.rooms()
    reader = lab.files().open()
    assert reader is not None
    lab.db.Equipment.delete_one({"_id": 7})

    assert not lab.listing.scrub(0.2)
    reader.close()
    assert lab.listing.scrub(5)


def test_no_text_of_a_purged_record_is_in_any_file(lab: Indexed) -> None:
    lab.db.Equipment.update_one({"_id": 4}, {"$set": {"Room": "secret room"}})
    lab.rooms()
    assert lab.holds(b"secret room")
    lab.db.Equipment.delete_one({"_id": 4})

    assert listing.scrub(lab.db, 20)
    assert not lab.holds(b"secret room")


def test_forgotten_it_is_made_anew_also_by_a_process_that_starts(lab: Indexed) -> None:
    lab.rooms()
    first = lab.generation()
    lab.db.Equipment.update_many({}, {"$unset": {"Room": 1}})
    listing.forget(lab.db)
    lab.restart()

    assert "Room" not in lab.listing.sheet().columns
    assert lab.generation() != first


def test_two_that_start_at_once_make_one(lab: Indexed) -> None:
    others = [Listing(lab.db.Equipment) for _ in range(3)]
    threads = [threading.Thread(target=other.sheet) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [len(other.sheet()) for other in others] == [60] * 3
    assert {other.opened.name for other in others if other.opened} == {lab.generation()}
    assert lab.db[files.MARKS].count_documents({}) == 1
    for other in others:
        other.close()


def test_a_list_that_was_replaced_has_another_index(lab: Indexed) -> None:
    lab.rooms()
    lab.db.other.insert_many([{"_id": 1, "Room": "X"}, {"_id": 2, "Room": "X"}])
    lab.db.other.rename("Equipment", dropTarget=True)

    assert lab.rooms() == ["X", "X"]
    assert len(list((lab.folder).iterdir())) == 1


def test_a_generation_that_the_database_does_not_know_is_not_used(lab: Indexed) -> None:
    lab.rooms()
    first = lab.generation()
    lab.restart()
    lab.db[files.MARKS].delete_many({})

    assert lab.rooms() == ["Ä"] * 60
    assert lab.generation() != first


def test_a_short_list_has_none_and_what_is_left_of_one_goes(lab: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.rooms()
    lab.restart()
    monkeypatch.setattr(followed, "_place", (lab.folder, 61))

    assert lab.rooms() == ["Ä"] * 60
    assert not list(lab.folder.iterdir())


def test_the_worker_is_told_neither_secrets_nor_the_way_to_the_database(
    lab: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://u:secret@h")
    told: list[Any] = []
    usual = files.subprocess.Popen

    def start(command: Any, **how: Any) -> Any:
        told.extend([command, how["env"]])
        return usual(command, **how)

    monkeypatch.setattr(files.subprocess, "Popen", start)
    lab.rooms()

    assert told and "secret" not in str(told)


@pytest.mark.parametrize("when", ["building", "compacting"])
def test_a_worker_that_is_killed_costs_no_look(
    lab: Indexed, when: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if when == "compacting":
        lab.rooms()
        lab.db.Equipment.update_one({"_id": 3}, {"$set": {"Room": "B"}})
    usual = files.subprocess.Popen

    def start(command: Any, **how: Any) -> Any:
        process = usual(command, **how)
        os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(files.subprocess, "Popen", start)
    with caplog.at_level(logging.WARNING):
        if when == "compacting":
            assert not lab.listing._compact()
        rooms = lab.rooms()

    assert sorted(rooms) == (["B"] if when == "compacting" else []) + ["Ä"] * (60 - (when == "compacting"))
    assert "was not made (exit code -9)" in caplog.text
    assert not list(lab.folder.rglob("*.making"))


def test_what_people_see_is_what_the_database_holds_though_the_index_were_wrong(lab: Indexed) -> None:
    lab.rooms()
    sheet = lab.listing.sheet()
    sheet.base.column("Room").words = pa.array(["wrong"], pa.large_string())

    page = records.page(lab.db, Query(sort="ID"), {}, TODAY, size=25)

    assert [entry.record["Room"] for entry in page.entries] == ["Ä"] * 25
    assert lab.listing._doubted


def test_a_purge_is_only_done_when_nobody_reads_the_files_of_before(
    lab: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "SCRUB_SECONDS", 0.2)
    admin = signed_in(lab.db, "admin")
    lab.db.Equipment.update_one({"_id": 4}, {"$set": {"Room": "secret room"}})
    assert lab.found("secret") == 1
    assert lab.listing._compact()
    [entry] = records.entries(lab.db, [keys.key_of_id(4)])
    trash.move(lab.db, admin, [entry])
    reader = lab.files().open()
    assert reader is not None and lab.holds(b"secret room")

    with pytest.raises(Busy, match="another process"):
        trash.purge(lab.db, admin, [one.number for one in trash.entries(lab.db)])
    reader.close()
    assert trash.count(lab.db) == 0
    assert lab.listing.scrub(20)
    assert not lab.holds(b"secret room")
