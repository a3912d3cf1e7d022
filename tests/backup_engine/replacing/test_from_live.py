"""What live still has of a set is taken from there, and what comes out is the set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import create, drill, restore, undo
from backup_engine.csv_format.decoder import Decoder
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import VerificationFailed
from backup_engine.making import digests
from backup_engine.model import SILENT, BackupSet
from backup_engine.replacing import from_live, loading
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, raw, workspace

Doc = dict[str, Any]
COUNT = 3_000


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "WORTH_IT", 10)
    monkeypatch.setattr(from_live, "WORTH_IT", 10)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def ws(database: Database[Doc], tmp_path: Path, clock: StillClock) -> Workspace:
    database.Equipment.insert_many([{"_id": n, "v": f"saved {n}", "x": None if n % 9 else n} for n in range(COUNT)])
    return workspace(tmp_path, database, clock=clock)


@pytest.fixture
def backup(ws: Workspace, clock: StillClock) -> BackupSet:
    made = create.create(ws, force=True, kind="full").set
    assert made is not None
    clock.pass_by(minutes=5)
    return made


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were decoded, a number a call."""
    counts, decode = list[int](), Decoder.decode

    def counted(self: Decoder, text: bytes, first: int = 1) -> Any:
        found = decode(self, text, first)
        counts.append(len(found.documents))
        return found

    monkeypatch.setattr(Decoder, "decode", counted)
    return counts


def change(database: Database[Doc]) -> None:
    database.Equipment.update_many({"_id": {"$in": [0, 1_300, COUNT - 1]}}, {"$set": {"v": "spoilt"}})
    database.Equipment.delete_many({"_id": {"$gte": 500, "$lt": 600}})
    database.Equipment.insert_many([{"_id": f"new {n}"} for n in range(50)])


def replaced(ws: Workspace, backup: BackupSet) -> restore.Restored:
    return restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))


def test_only_what_live_has_no_more_is_decoded(
    ws: Workspace, database: Database[Doc], backup: BackupSet, decoded: list[int]
) -> None:
    wished = raw(database, "Equipment")
    change(database)
    old = raw(database, "Equipment")
    decoded.clear()

    done = replaced(ws, backup)

    assert done.counts == {"equipment": COUNT} and raw(database, "Equipment") == wished
    assert done.safety is not None
    assert sum(decoded) < 400, "103 rows of the set, and those of the safety set that had to be encoded"
    undo.undo(ws)
    assert raw(database, "Equipment") == old


@pytest.mark.parametrize("live", ["empty", "other", "twice as long"])
def test_where_live_has_little_of_it_all_is_decoded(
    ws: Workspace, database: Database[Doc], backup: BackupSet, live: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wished = raw(database, "Equipment")
    monkeypatch.setattr(from_live, "LOOKED_AT", 100)
    monkeypatch.setattr(from_live, "BATCH", 100)
    if live == "empty":
        database.Equipment.delete_many({})
    elif live == "other":
        database.Equipment.update_many({}, {"$set": {"v": "other"}})
    else:
        database.Equipment.insert_many([{"_id": n} for n in range(-COUNT, 0)])

    assert replaced(ws, backup).counts == {"equipment": COUNT}
    assert raw(database, "Equipment") == wished


def test_what_others_write_meanwhile_is_in_the_safety_set_and_not_in_the_new_list(
    ws: Workspace, database: Database[Doc], backup: BackupSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    wished = raw(database, "Equipment")
    change(database)
    load = loading.load

    def loaded_while_others_write(*words: Any, **more: Any) -> Any:
        database.Equipment.update_one({"_id": 7}, {"$set": {"v": "theirs"}})
        done = load(*words, **more)
        database.Equipment.insert_one({"_id": "theirs"})
        return done

    monkeypatch.setattr(loading, "load", loaded_while_others_write)
    replaced(ws, backup)
    monkeypatch.undo()

    assert raw(database, "Equipment") == wished
    undo.undo(ws)
    assert database.Equipment.find_one({"_id": 7}) == {"_id": 7, "v": "theirs", "x": None}
    assert database.Equipment.count_documents({"_id": "theirs"}) == 1


def test_a_table_with_two_rows_exchanged_is_not_used(
    ws: Workspace, database: Database[Doc], backup: BackupSet, tmp_path: Path
) -> None:
    wished = raw(database, "Equipment")
    path = tmp_path / ".state" / f"digests_{backup.label}_equipment.bin"
    table = path.read_bytes()
    path.write_bytes(table[48:96] + table[:48] + table[96:])
    assert digests.load(ws, backup, "equipment").content.matches(backup.parts["equipment"]), "the sum is the same"

    assert digests.at_hand(ws, backup, "equipment") is None
    assert from_live.documents(ws, database, backup, "equipment", "Equipment", SILENT) is None
    database.Equipment.update_many({"_id": {"$lt": 5}}, {"$set": {"v": "spoilt"}})
    replaced(ws, backup)
    assert raw(database, "Equipment") == wished


def test_a_row_that_was_damaged_stops_it_and_nothing_changes(
    ws: Workspace, database: Database[Doc], backup: BackupSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(database)
    before = raw(database, "Equipment")
    rows = Decoder.rows

    def damaged(self: Decoder, text: bytes, first: int = 1) -> Any:
        return rows(self, text.replace(b"saved 550", b"saved 551"), first)

    monkeypatch.setattr(Decoder, "rows", damaged)
    with pytest.raises(VerificationFailed, match="after loading are not those of the backup"):
        replaced(ws, backup)
    monkeypatch.undo()

    assert raw(database, "Equipment") == before
    assert [name for name in database.list_collection_names() if "__" in name] == []


def test_compressed_sets_take_part_and_others_do_not(database: Database[Doc], tmp_path: Path, ws: Workspace) -> None:
    zipped = workspace(tmp_path / "zipped", database, seal=Seal("zstd"))
    made = create.create(zipped, force=True, kind="full").set
    assert made is not None
    taken = from_live.documents(zipped, database, made, "equipment", "Equipment", SILENT)
    assert taken is not None and sum(map(len, taken)) == COUNT

    database.Equipment.update_one({"_id": 1}, {"$set": {"v": "changed"}})
    differential = create.create(zipped, force=True, kind="differential").set
    assert differential is not None and differential.kind == "differential"
    assert from_live.documents(zipped, database, differential, "equipment", "Equipment", SILENT) is None
    assert from_live.documents(zipped, database, made, "select_options", "Equipment_select_options", SILENT) is None


def test_a_drill_decodes_every_row(ws: Workspace, backup: BackupSet, decoded: list[int]) -> None:
    decoded.clear()

    drill.drill(ws, backup)

    assert sum(decoded) == COUNT
