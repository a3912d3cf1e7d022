"""Records move to the trash and back while backups run: in every pair each of them is in exactly one of the two."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import bson
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.errors import HeldByOthers
from backup_engine.model import BackupSet
from backup_engine.records import raw
from backup_engine.repository import companions, contents
from backup_engine.workspace import Workspace
from equipment.store import access
from equipment.store.list import records, trash
from equipment.store.list.records import Entry
from equipment.store.saved import APPLICATION_DATA
from tests.backup_engine.engine import own_of, workspace
from tests.mongod import Mongod
from tests.nightmares.crash import ROUNDS

RECORDS = 60
PAIRS = 25 * ROUNDS
WRITERS = 3


def test_every_pair_holds_every_record_once(
    shared_mongod: Mongod, database: Database[dict[str, Any]], tmp_path: Path
) -> None:
    for number in range(RECORDS):
        records.add(database, access.SYSTEM, {"Vendor": f"V{number}"})
    everyone = {raw.id_of(entry.raw) for entry in _list(database)}
    ws = workspace(tmp_path, database, application=APPLICATION_DATA)
    over, moves = threading.Event(), Counter[str]()

    def move_about(first: int) -> None:
        with shared_mongod.client() as client:
            db = client[database.name]
            while not over.is_set():
                some = _list(db)[first::WRITERS][:4]
                moves["there"] += sum(saved.status == "deleted" for saved in trash.move(db, access.SYSTEM, some))
                back = [trashed.number for trashed in trash.entries(db)][first::WRITERS][:4]
                try:
                    moves["back"] += len(trash.bring_back(db, access.SYSTEM, back))
                except HeldByOthers:  # another writer brings one of the same number back: as a person would, once more
                    moves["refused"] += 1

    writers = [threading.Thread(target=move_about, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        made = [create(ws, force=True, kind="differential" if number % 3 else "full").set for number in range(PAIRS)]
    finally:
        over.set()
        for writer in writers:
            writer.join()

    states = set()
    for backup in made:
        assert backup is not None and backup.warnings == ()
        listed, trashed = _held(ws, backup)
        assert Counter(listed + trashed) == Counter(dict.fromkeys(everyone, 1)), backup.label
        states.add(frozenset(trashed))
    print(f"{PAIRS} pairs, {moves['there']} moves to the trash, {moves['back']} back, {len(states)} states")
    assert moves["there"] > PAIRS and moves["back"] > PAIRS
    assert len(states) > 2


def _list(db: Database[dict[str, Any]]) -> list[Entry]:
    return [Entry("", document) for document in (bson.encode(found) for found in db.Equipment.find())]


def _held(ws: Workspace, backup: BackupSet) -> tuple[list[bytes], list[bytes]]:
    own, beside = own_of(ws), companions.of(ws, backup)
    assert beside is not None
    listed = [raw.id_of(document) for batch in contents.documents(ws, backup, "equipment")
              for document in raw.documents_of(batch)]
    trashed = [raw.id_of(dict(raw.elements(entry))[b"record"][1:])
               for batch in contents.documents(own, beside, "trash") for entry in raw.documents_of(batch)]
    return listed, trashed
