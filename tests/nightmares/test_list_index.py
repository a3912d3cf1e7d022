"""The files of the list's index are damaged, gone, too old or cannot be written: never a wrong row, never a wrong total
that stays, and no error on the page."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from pymongo.errors import OperationFailure

from equipment.domain.query import Query
from equipment.store.list import records
from equipment.store.list.indexing import files, followed, follower
from equipment.store.list.indexing.followed import Listing
from tests.equipment.store.list.indexing.indexed import TODAY, Indexed
from tests.mongod import Mongod
from tests.server.running_app import wait_for
from tests.small_disk import SmallDisk

Db = Database[dict[str, Any]]
COUNT = 400


@pytest.fixture
def lab(database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Indexed]:
    monkeypatch.setattr(followed, "_place", (tmp_path / "index", 0))
    monkeypatch.setattr(followed, "TEND_SECONDS", 0.05)
    database.Equipment.insert_many({"_id": number, "ID": number, "Room": f"room {number}"} for number in range(COUNT))
    made = Indexed(database)
    yield made
    made.end()


def the_files(lab: Indexed) -> list[Path]:
    return sorted(path for path in lab.folder.rglob("gen-*/*") if path.is_file())


def is_true(lab: Indexed, count: int = COUNT) -> None:
    page = records.page(lab.db, Query(text="room", sort="Room", descending=True), {}, TODAY, size=50)

    assert page.total == count
    assert [entry.record["Room"] for entry in page.entries][:3] == ["room 399", "room 398", "room 397"]
    assert lab.found('"room 39"') == 11


def turned(path: Path) -> None:
    whole = path.read_bytes()
    place = len(whole) * 2 // 3
    path.with_suffix(".new").write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1:])
    path.with_suffix(".new").replace(path)


def test_one_bit_of_any_file_is_turned_while_nobody_runs(lab: Indexed) -> None:
    is_true(lab)
    for number in range(len(the_files(lab))):
        first = lab.generation()
        lab.restart()
        turned(the_files(lab)[number])
        is_true(lab)
        assert lab.generation() != first


@pytest.mark.parametrize("damage", ["cut off", "empty", "gone", "folder gone", "current gone", "everything gone"])
def test_files_are_lost_while_nobody_runs(lab: Indexed, damage: str) -> None:
    is_true(lab)
    lab.restart()
    one = next(path for path in the_files(lab) if path.name == "all.arrow")
    match damage:
        case "cut off":
            os.truncate(one, one.stat().st_size // 2)
        case "empty":
            os.truncate(one, 0)
        case "gone":
            one.unlink()
        case "folder gone":
            shutil.rmtree(one.parent)
        case "current gone":
            (one.parent.parent / "current").unlink()
        case _:
            shutil.rmtree(lab.folder)

    is_true(lab)
    assert lab.generation() is not None


def test_the_folder_is_deleted_under_a_running_process(lab: Indexed) -> None:
    is_true(lab)
    shutil.rmtree(lab.folder)
    lab.db.Equipment.delete_one({"_id": 7})

    wait_for(lambda: is_true(lab, COUNT - 1) is None and lab.generation() is not None, "the index to be made anew")
    lab.restart()
    is_true(lab, COUNT - 1)


def test_damage_under_a_running_process_heals_once_a_row_shows_it(lab: Indexed) -> None:
    is_true(lab)
    first, sheet = lab.generation(), lab.listing.sheet()
    for path in the_files(lab):
        turned(path)
    codes = sheet.base.column("Room").codes.copy()
    codes[100:] = codes[0]  # what a page of the damaged file would say
    sheet.base.column("Room").codes = codes

    page = records.page(lab.db, Query(sort="ID"), {}, TODAY, number=8)
    assert [entry.record["Room"] for entry in page.entries] == [f"room {number}" for number in range(350, 400)]
    wait_for(lambda: lab.listing._stale or lab.generation() != first, "the damage to be noticed")
    is_true(lab)
    assert lab.generation() != first


@pytest.mark.parametrize("code", [286, 280, 50811])
def test_the_place_in_the_change_stream_is_no_longer_known(
    lab: Indexed, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_true(lab)
    first = lab.generation()
    lab.restart()
    lab.db.Equipment.delete_one({"_id": 7})
    usual = followed.listen
    asked: list[Any] = []

    def listen(collection: Any, after: Any = None) -> Any:
        if after is not None and not asked:
            asked.append(after)
            raise OperationFailure("gone", code)
        return usual(collection, after)

    monkeypatch.setattr(followed, "listen", listen)

    is_true(lab, COUNT - 1)
    assert asked and lab.generation() != first


def test_a_token_that_means_nothing_is_refused_by_the_server_and_the_index_made_anew(lab: Indexed) -> None:
    is_true(lab)
    first = lab.generation()
    opened = lab.files().open()
    assert opened is not None
    lab.restart()
    opened.token["_data"] = "82" + "0" * 20
    with_it = Listing(lab.db.Equipment)

    assert with_it._over(opened) is None
    is_true(lab)
    assert lab.generation() == first


def test_a_disk_that_is_full_leaves_the_list_in_memory(
    lab: Indexed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SmallDisk(tmp_path / "disk", 8 << 20) as disk:
        monkeypatch.setattr(followed, "_place", (disk.place / "index", 0))
        disk.fill(leaving=60_000)
        is_true(lab)
        assert lab.listing.opened is None
        assert not list((disk.place / "index").rglob("gen-*/*"))
        lab.db.Equipment.delete_one({"_id": 7})
        is_true(lab, COUNT - 1)

        disk.clear()
        lab.restart()
        is_true(lab, COUNT - 1)
        assert lab.listing.opened is not None
        disk.fill(leaving=30_000)
        lab.db.Equipment.delete_one({"_id": 8})
        assert not lab.listing._compact()
        is_true(lab, COUNT - 2)
        lab.end()


BUILDER = """
import sys
from pathlib import Path
import pymongo
from equipment.store.list import listing
from equipment.store.list.indexing import followed
followed.keep_files(Path(sys.argv[2]), 0)
print("starts", flush=True)
listing.sheet(pymongo.MongoClient(sys.argv[1])[sys.argv[3]])
print("made", flush=True)
"""


def test_whoever_builds_is_killed_and_the_next_one_builds(lab: Indexed, shared_mongod: Mongod) -> None:
    lab.db.Equipment.insert_many({"ID": number, "Note": "x" * 200} for number in range(COUNT, 20_000))
    process = subprocess.Popen([sys.executable, "-c", BUILDER, shared_mongod.uri, str(lab.folder), lab.db.name],
                               stdout=subprocess.PIPE)
    wait_for(lambda: list(lab.folder.rglob("*.making")), "the index to be begun")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    assert lab.found("room") == COUNT
    assert lab.listing.opened is not None
    assert not list(lab.folder.rglob("*.making"))


def test_processes_that_start_at_once_share_one(lab: Indexed, shared_mongod: Mongod) -> None:
    command = [sys.executable, "-c", BUILDER, shared_mongod.uri, str(lab.folder), lab.db.name]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]

    assert [process.communicate(timeout=120)[0] for process in processes] == [b"starts\nmade\n"] * 3
    assert lab.db[files.MARKS].count_documents({}) == 1
    is_true(lab)


def test_looks_during_edits_and_compactions_never_miss_a_record(lab: Indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "MANY", 10)
    is_true(lab)
    over, wrong = threading.Event(), list[Any]()

    def look() -> None:
        while not over.is_set():
            page = records.page(lab.db, Query(text="room", sort="ID"), {}, TODAY)
            if page.total != COUNT or len(page.entries) != 50:
                wrong.append(page.total)

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    first = lab.generation()
    for number in range(300):
        lab.db.Equipment.update_one({"_id": number}, {"$set": {"Note": f"edit {number}"}})
    wait_for(lambda: lab.generation() != first, "the edits to be compacted")
    over.set()
    for reader in readers:
        reader.join()

    assert not wrong
    assert lab.found("edit") == 300
