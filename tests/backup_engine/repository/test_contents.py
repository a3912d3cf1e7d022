"""What a set holds: as documents and as a table of text, for all kinds of sets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.errors import BackupFileNotFound, VerificationFailed
from backup_engine.model import BackupSet
from backup_engine.records.live_profile import LiveProfile
from backup_engine.repository import contents
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, fill, raw, workspace
from tests.backup_engine.stored import file_of, flip, folder, records, store


def decoded(ws: Workspace, backup: BackupSet, key: str = "equipment", **options: Any) -> list[dict[str, Any]]:
    """All documents of one collection."""
    return [document for batch in contents.documents(ws, backup, key, **options) for document in bson.decode_all(batch)]


def differential(path: Path, database: Database) -> tuple[Workspace, BackupSet]:
    """A full set, then changes of every kind, then a differential over it."""
    fill(database)
    clock = StillClock()
    ws = workspace(path, database, clock=clock)
    create(ws, force=True)
    database.Equipment.update_one({"_id": 3}, {"$set": {"Vendor": "changed", "New": 1}})
    database.Equipment.delete_one({"_id": 4})
    database.Equipment.insert_one({"_id": "text id", "Serial": "new"})
    clock.moment += timedelta(hours=1)
    made = create(ws, force=True, kind="differential").set
    assert made is not None and made.kind == "differential"
    return ws, made


def test_full_set_gives_its_documents(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    given = records(2_345)

    assert decoded(ws, store(ws, given)) == given


def test_differential_gives_the_whole_list(tmp_path: Path, database: Database) -> None:
    ws, backup = differential(tmp_path, database)

    restored = b"".join(contents.documents(ws, backup, "equipment"))

    assert sorted(map(bson.encode, bson.decode_all(restored))) == sorted(raw(database, "Equipment"))


def test_differential_previews_as_the_whole_list(tmp_path: Path, database: Database) -> None:
    ws, backup = differential(tmp_path, database)

    table, total = contents.preview(ws, backup, "equipment", 100)

    assert total == 20
    assert list(table.columns) == ["_id", "Serial", "Vendor", "New", "~"] or list(table.columns) == [
        "_id", "Serial", "Vendor", "New"]
    by_id = table.set_index("_id")
    assert by_id.loc["3", "Vendor"] == "changed" and by_id.loc["3", "New"] == "1"
    assert "4" not in by_id.index
    assert any("text id" in str(cell) for cell in by_id.index)


def test_preview_pages_searches_and_counts(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws, 250)

    page, total = contents.preview(ws, backup, "equipment", 10, 20, "")
    hits, number = contents.preview(ws, backup, "equipment", 3, 0, 'NOTE, "24')

    assert total == 250 and list(page["ID"]) == [str(n) for n in range(20, 30)]
    assert number == 11 and list(hits["ID"]) == ["24", "240", "241"]
    assert "~" not in page


def test_a_search_in_a_preview_is_the_one_of_the_list(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws, [{"_id": 1, "a": "Caf\u00e9", "b": "Straße"}, {"_id": 2, "a": "caf", "b": "e"}])

    found = [contents.preview(ws, backup, "equipment", 5, 0, text) for text in ("CAFE\u0301", "strasse", "ｃａｆ")]

    assert [(total, list(table["_id"])) for table, total in found] == [(1, ["1"]), (1, ["1"]), (2, ["1", "2"])]


def test_preview_shows_cells_as_the_file_has_them(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws, [{"_id": 1, "a": "x", "b": None, "~": "=1+1"}, {"_id": 2, "b": "", "a": "x"}])

    table, _ = contents.preview(ws, backup, "equipment", 5)

    assert list(table.columns) == ["_id", "a", "b", "~ (field)", "~"]
    assert table.loc[0].tolist() == ["1", "x", "~null", '~"=1+1"', ""]
    assert table.loc[1, "~"].startswith('{"order"')


def test_empty_collection_previews_as_an_empty_table(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)

    table, total = contents.preview(ws, store(ws, 0), "equipment", 5)

    assert total == 0 and len(table) == 0


@pytest.mark.parametrize("damage", [b'0"0007', b"0\x000007", b"0,0007", b"0\r\n007"])
def test_damage_is_raised_not_shown(tmp_path: Path, damage: bytes) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    path = file_of(ws, backup)
    path.write_bytes(path.read_bytes().replace(b"000007", damage))

    with pytest.raises(VerificationFailed, match="row 8"):
        contents.preview(ws, backup, "equipment", 100)
    with pytest.raises(VerificationFailed, match="row 8"):
        decoded(ws, backup)


def test_differential_without_its_full_names_it(tmp_path: Path, database: Database) -> None:
    ws, backup = differential(tmp_path, database)
    base = ws.catalog.base_of(backup)
    file_of(ws, base).unlink()

    with pytest.raises(VerificationFailed, match=base.label):
        decoded(ws, backup)


def test_unknown_collection(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)

    with pytest.raises(BackupFileNotFound, match="no file for spares"):
        decoded(ws, store(ws), "spares")


def test_decisions_are_only_for_legacy_sets(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    flip(file_of(ws, backup), 40)

    assert contents.decisions(ws, backup, "equipment", LiveProfile()) == []
