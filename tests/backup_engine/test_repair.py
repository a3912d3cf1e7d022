"""Mending: metadata from its copy, readable rows into a new set, nothing ever overwritten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import Int64

from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BadInput, NewerFormat, VerificationFailed
from backup_engine.model import BackupSet
from backup_engine.repair import Repaired, repair
from backup_engine.repository import contents
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.stored import age_seal, file_of, flip, folder, records, snapshot, store

BLOCK = 10_000


def decoded(ws: Workspace, backup: BackupSet, key: str = "equipment") -> list[dict[str, Any]]:
    """All documents of one collection."""
    return [document for batch in contents.documents(ws, backup, key) for document in bson.decode_all(batch)]


def mend(ws: Workspace, label: str) -> Repaired:
    """Repair what is listed under that label."""
    return repair(ws, ws.catalog.find(label))


def test_sound_set_is_left_alone(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    before = snapshot(tmp_path)

    done = repair(ws, backup)

    assert done.action == "nothing" and "sound" in done.message
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("damage", [None, b"", b"{", b"[]", b'{"format_version": 2}', b"\xff\xfe"])
def test_metadata_comes_back_from_its_copy(tmp_path: Path, damage: bytes | None) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    path = file_of(ws, backup, "metadata")
    original = path.read_bytes()
    path.unlink() if damage is None else path.write_bytes(damage)
    assert ws.catalog.find(backup.label).state == "damaged"

    done = mend(ws, backup.label)

    assert done.action == "metadata" and done.backup.backup_id == backup.backup_id
    assert path.read_bytes() == original
    assert verify(ws, done.backup, 2).ok
    kept = tmp_path / ".state" / f"damaged_{path.name}"
    assert damage is None or kept.read_bytes() == damage


def test_edited_metadata_is_replaced_by_its_copy(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    path = file_of(ws, backup, "metadata")
    path.write_text(path.read_text().replace('"records": 30', '"records": 31'))

    assert mend(ws, backup.label).action == "metadata"
    assert verify(ws, ws.catalog.find(backup.label), 2).ok


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_csv_without_metadata_and_copy_becomes_a_new_set(tmp_path: Path, compression: Any) -> None:
    ws, clock = folder(tmp_path, seal=Seal(compression))
    given = [*records(50), {"ID": Int64(2**40), "_id": "late", "~": None, "Price": float("inf")}]
    backup = store(ws, given)
    file_of(ws, backup, "metadata").unlink()
    (tmp_path / ".state" / backup.metadata_file).unlink()
    before = snapshot(tmp_path)
    clock.pass_by(hours=1)

    done = mend(ws, backup.label)

    assert done.action == "salvaged" and "guessed" in done.message
    assert done.backup.trigger == "imported" and done.backup.pinned and not done.lost["equipment"]
    repaired = decoded(ws, done.backup)
    assert repaired[:50] == given[:50]
    assert repaired[50] == {"_id": "late", "ID": Int64(2**40), "~": None, "Price": float("inf")}
    assert verify(ws, done.backup, 2).ok
    assert before.items() <= snapshot(tmp_path).items()


def test_leading_zeros_and_texts_survive_the_guess(tmp_path: Path) -> None:
    ws, clock = folder(tmp_path)
    given = [{"_id": n, "Serial": text, "Year": year, "Note": ""} for n, (text, year) in enumerate(
        [("007", "2015"), ("6.8.2013", "<2015"), ("3,000", "n/a"), ("a\nb", "2016")])]
    backup = store(ws, given)
    file_of(ws, backup, "metadata").unlink()
    (tmp_path / ".state" / backup.metadata_file).unlink()
    clock.pass_by(hours=1)

    assert decoded(ws, mend(ws, backup.label).backup) == given


def test_original_systems_csv_without_metadata_gets_its_eight_keys(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    day = tmp_path / "tuesday"
    day.mkdir()
    csv = b"ID,Serial,Year\n1,007,2015\n2,,<2015\n"
    (day / "equipment_backup_20250805_101500.csv").write_bytes(csv)

    done = mend(ws, "20250805_101500")

    assert done.action == "legacy" and done.backup.state == "legacy"
    assert done.backup.counts == {"equipment": 2, "select_options": 0}
    assert [record["Serial"] for record in decoded(ws, done.backup)] == ["007", ""]
    assert (day / "equipment_backup_20250805_101500.csv").read_bytes() == csv
    assert json.loads((day / "backup_metadata_20250805_101500.json").read_text())["equipment_records_count"] == 2


def test_damaged_rows_are_counted_and_the_rest_saved(tmp_path: Path) -> None:
    ws, clock = folder(tmp_path)
    given = records(BLOCK + 500)
    backup = store(ws, given)
    path = file_of(ws, backup)
    flip(path, path.read_bytes().index(b'"note, ""10200""'), 0)
    before = snapshot(tmp_path)
    clock.pass_by(hours=1)

    done = mend(ws, backup.label)

    assert done.lost == {"equipment": 1, "select_options": 0}
    assert "could not be read: 1 equipment" in done.message and "rows 10,001–10,500 lie in a damaged" in done.message
    assert decoded(ws, done.backup) == given[:10_200] + given[10_201:]
    assert before.items() <= snapshot(tmp_path).items()
    assert "repaired from backup" in done.backup.warnings[0]


@pytest.mark.parametrize("seal", [Seal(), Seal("gzip"), Seal("zstd"), age_seal()], ids=["plain", "gz", "zst", "age"])
def test_file_cut_short_gives_what_comes_before_the_cut(tmp_path: Path, seal: Seal) -> None:
    ws, clock = folder(tmp_path, seal=seal)
    given = records(8_000)
    backup = store(ws, given)
    path = file_of(ws, backup)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    clock.pass_by(hours=1)

    done = mend(ws, backup.label)

    repaired = decoded(ws, done.backup)
    assert 0 < len(repaired) < 8_000 and repaired == given[: len(repaired)]
    assert done.lost["equipment"] == 8_000 - len(repaired)


def test_missing_file_leaves_its_collection_out_of_the_new_set(tmp_path: Path) -> None:
    """A collection of nothing would invite somebody to restore emptiness."""
    ws, clock = folder(tmp_path)
    backup = store(ws)
    file_of(ws, backup, "select_options").unlink()
    clock.pass_by(hours=1)

    done = mend(ws, backup.label)

    assert set(done.backup.parts) == {"equipment"}
    assert done.lost["select_options"] == 4
    assert verify(ws, done.backup, 2).ok


def test_nothing_readable_makes_no_set(tmp_path: Path) -> None:
    ws, clock = folder(tmp_path)
    backup = store(ws)
    for key in backup.parts:
        file_of(ws, backup, key).write_bytes(b"")
    clock.pass_by(hours=1)
    before = snapshot(tmp_path)

    with pytest.raises(VerificationFailed, match="nothing can be read"):
        mend(ws, backup.label)
    assert [name for name in snapshot(tmp_path) if name not in before and "seq_" not in name] == []


def test_metadata_without_files_and_without_copy(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    for path in (*(file_of(ws, backup, key) for key in backup.parts), tmp_path / ".state" / backup.metadata_file):
        path.unlink()
    file_of(ws, backup, "metadata").write_bytes(b"{")

    with pytest.raises(VerificationFailed, match="neither readable metadata nor any data file"):
        mend(ws, backup.label)


def test_refusals(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    path = file_of(ws, backup, "metadata")
    path.write_text(path.read_text().replace('"min_reader_version": 2', '"min_reader_version": 9'))

    with pytest.raises(NewerFormat):
        mend(ws, backup.label)


def test_legacy_set_with_a_broken_row_says_what_to_do(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    (tmp_path / "tuesday").mkdir()
    (tmp_path / "tuesday" / "equipment_backup_20250805_101500.csv").write_bytes(b"ID,Serial\n1,007\n2\n")
    (tmp_path / "tuesday" / "backup_metadata_20250805_101500.json").write_text(json.dumps({
        "backup_timestamp": "2025-08-05T10:15:00.000000", "backup_interval_hours": 1, "day_of_week": "tuesday",
        "equipment_records_count": 2, "select_options_records_count": 0,
        "equipment_file": "equipment_backup_20250805_101500.csv",
        "select_options_file": "select_options_backup_20250805_101500.csv", "backup_hash": "x",
    }))

    with pytest.raises(BadInput, match="original system"):
        mend(ws, "20250805_101500")
