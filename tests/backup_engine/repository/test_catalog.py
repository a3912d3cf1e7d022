"""Listing, finding, amending and removing sets, whatever lies in the folder."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backup_engine.errors import BackupFileNotFound, BadInput, NoBackupsFound, PermissionDenied, VerificationFailed
from backup_engine.model import DAYS, OWNER_SOURCES, BackupSet, Column, Layout, Part
from backup_engine.repository import intents, manifest
from backup_engine.repository.catalog import Catalog
from backup_engine.repository.intents import Intent
from backup_engine.storage import LocalStorage
from tests.backup_engine.engine import anybodys

START = datetime(2025, 6, 4, 12, tzinfo=UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(LocalStorage(tmp_path), OWNER_SOURCES)


def metadata(label: str, seq: int, started: datetime, data: bytes = b"_id\r\n1\r\n", **changes: Any) -> dict[str, Any]:
    """Describe a set of one record per collection."""
    parts = [
        Part(source.key, source.collection, manifest.part_name(source.key, label), 1, len(data),
             hashlib.sha256(data).hexdigest(), "0" * 64, (), Layout((Column("_id", "int32"),)), len(data))
        for source in OWNER_SOURCES
    ]
    return {
        "format_version": 2, "min_reader_version": 2, "backup_id": f"id-{seq}", "seq": seq, "trigger": "manual",
        "kind": "full", "base": None, "pinned": False, "warnings": [], "timestamp_utc": manifest.moment(started),
        "backup_hash": manifest.backup_hash(parts),
        "collections": {part.key: manifest.describe_part(part) for part in parts}, **changes,
    }


def make(catalog: Catalog, seq: int, started: datetime | None = None, **changes: Any) -> BackupSet:
    """Put a set into the folder as a run would."""
    started = started or START + timedelta(hours=seq)
    label, day = manifest.label_of(started), DAYS[started.weekday()]
    for source in OWNER_SOURCES:
        catalog.storage.put(day, manifest.part_name(source.key, label), b"_id\r\n1\r\n")
    backup = catalog.commit(day, label, metadata(label, seq, started, **changes))
    catalog.keep_copy(backup)
    return backup


def legacy(catalog: Catalog, label: str = "20250101_101010", day: str = "wednesday", **changes: Any) -> None:
    """Put a set of the original system into the folder."""
    about = {
        "backup_timestamp": "2025-01-01T10:10:10.5", "backup_interval_hours": 0.01, "day_of_week": day,
        "equipment_records_count": 1, "select_options_records_count": 0,
        "equipment_file": f"equipment_backup_{label}.csv", "select_options_file": f"select_options_backup_{label}.csv",
        "backup_hash": "d41d8cd98f00b204e9800998ecf8427e", **changes,
    }
    catalog.storage.put(day, f"equipment_backup_{label}.csv", b"ID\n1\n")
    catalog.storage.put(day, f"backup_metadata_{label}.json", json.dumps(about).encode())


def edit(backup: BackupSet, root: Path, content: bytes) -> None:
    (root / backup.day / backup.metadata_file).write_bytes(content)


def test_sets_come_oldest_first_legacy_before_all_others_by_number_not_by_time(catalog: Catalog) -> None:
    make(catalog, 2, START - timedelta(days=3))
    make(catalog, 1)
    legacy(catalog, "20250102_101010", "thursday")
    legacy(catalog)

    sets = catalog.sets()

    assert [backup.backup_id for backup in sets] == [
        "legacy-20250101_101010", "legacy-20250102_101010", "id-1", "id-2"]
    assert [backup.state for backup in sets] == ["legacy", "legacy", "complete", "complete"]


def test_a_set_says_what_it_holds(catalog: Catalog) -> None:
    made = make(catalog, 1, pinned=True, warnings=["odd"])

    (listed,) = catalog.sets()

    assert listed == made
    assert listed.counts == {"equipment": 1, "select_options": 1}
    assert (listed.pinned, listed.warnings, listed.started) == (True, ("odd",), START + timedelta(hours=1))


def test_the_list_by_day_is_newest_first_and_every_day_is_there(catalog: Catalog) -> None:
    make(catalog, 1)
    make(catalog, 2)
    legacy(catalog)

    days = catalog.by_day(anybodys)

    assert list(days) == ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    assert [entry["backup_id"] for entry in days["wednesday"]] == ["id-2", "id-1", "legacy-20250101_101010"]


def test_finding_by_id_label_or_an_entry_of_the_list(catalog: Catalog) -> None:
    backup = make(catalog, 1)
    legacy(catalog)
    (old, _) = catalog.sets()
    (new, past) = catalog.by_day(anybodys)["wednesday"]

    assert catalog.find("id-1") == catalog.find(backup.label) == catalog.find(new) == backup
    assert catalog.find(past) == catalog.find({"equipment_file": "equipment_backup_20250101_101010.csv"}) == old
    with pytest.raises(NoBackupsFound, match="nothing"):
        catalog.find("nothing")
    for odd in ({}, {"equipment_file": 5}, None, 7):
        with pytest.raises(BadInput):
            catalog.find(odd)  # type: ignore[arg-type]


def test_safety_and_imported_sets_count_neither_as_last_nor_as_newest_good(catalog: Catalog) -> None:
    make(catalog, 1)
    make(catalog, 2, trigger="pre_restore")
    make(catalog, 3, trigger="imported")

    for chosen, wanted in ((catalog.last(anybodys), 1), (catalog.newest_good(anybodys), 1),
                           (catalog.latest("pre_restore", anybodys), 2)):
        assert chosen is not None
        assert chosen.seq == wanted


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"format_version": NaN}', b'{"a":1,"a":2}', b"[" * 100_000,
     b'{"format_version":2}', b'{"format_version":2,"min_reader_version":-1}', b'{"backup_timestamp": 5}',
     b'{"backup_timestamp":"x","equipment_records_count":-3}', b'\xef\xbb\xbf{"format_version":"2"}', b"x" * 1000,
     b'{"format_version":2,"min_reader_version":2,"collections":{"equipment":[]}}', b"1e999", b'"text"'],
)
def test_unreadable_metadata_is_a_damaged_set_and_never_an_exception(
    catalog: Catalog, tmp_path: Path, content: bytes
) -> None:
    edit(make(catalog, 1), tmp_path, content)
    make(catalog, 2)

    damaged, good = catalog.sets()

    assert (damaged.state, good.state) == ("damaged", "complete")
    assert damaged.problem
    assert catalog.last(anybodys) == good
    assert "id-1" not in json.dumps(catalog.by_day(anybodys), default=str)


@pytest.mark.parametrize("key", ["seq", "trigger", "backup_hash", "timestamp_utc", "kind", "collections", "pinned"])
@pytest.mark.parametrize("value", [None, -1, 1.5, "x", [], {}, True, "2" * 5000])
def test_any_edit_of_any_key_shows(catalog: Catalog, tmp_path: Path, key: str, value: object) -> None:
    backup = make(catalog, 1)
    edit(backup, tmp_path, json.dumps({**backup.metadata, key: value}).encode())

    (listed,) = catalog.sets()

    assert listed.state == "damaged"
    assert "changed after it was written" in listed.problem


@pytest.mark.parametrize("key", ["seq", "trigger", "timestamp_utc", "kind", "collections", "backup_id", "backup_hash"])
@pytest.mark.parametrize("value", [None, -1, 1.5, [], {"equipment": {}}, {"equipment": None}])
def test_wrong_types_under_a_right_hash_are_damaged_too(catalog: Catalog, key: str, value: object) -> None:
    started = START + timedelta(hours=1)
    label = manifest.label_of(started)
    catalog.storage.put("wednesday", f"backup_metadata_{label}.json",
                        manifest.encode({**metadata(label, 1, started), key: value}))

    (listed,) = catalog.sets()

    assert listed.state == "damaged"


def test_a_newer_format_is_listed_and_not_used(catalog: Catalog, tmp_path: Path) -> None:
    backup = make(catalog, 5)
    edit(backup, tmp_path, manifest.encode({**backup.metadata, "min_reader_version": 3, "collections": "new shape"}))

    (listed,) = catalog.sets()

    assert (listed.state, listed.seq, listed.usable) == ("newer", 5, False)
    assert catalog.by_day(anybodys)["wednesday"][0]["state"] == "newer"


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "equipment_backup_20250604_130000.csv\0", "..\\equipment_backup.csv",
     "select_options_backup_20250604_130000.csv", "equipment_backup_20250604_140000.csv", "", None, 5],
)
def test_a_file_name_that_is_not_exactly_the_set_s_own_is_refused(catalog: Catalog, name: object) -> None:
    backup = make(catalog, 1)
    about = json.loads(json.dumps(backup.metadata))
    about["collections"]["equipment"]["file"] = name
    catalog.storage.put(backup.day, backup.metadata_file, manifest.encode(about))

    (listed,) = catalog.sets()

    assert listed.state == "damaged"
    with pytest.raises(BackupFileNotFound):
        catalog.open_part(listed, "equipment")


def test_a_legacy_file_name_that_leads_elsewhere_is_refused(catalog: Catalog) -> None:
    legacy(catalog, equipment_file="../../../etc/passwd")

    (listed,) = catalog.sets()

    assert listed.state == "damaged"


@pytest.mark.parametrize("replacement", ["link", "fifo", "folder"])
def test_a_part_that_is_no_regular_file_is_never_opened(catalog: Catalog, tmp_path: Path, replacement: str) -> None:
    backup = make(catalog, 1)
    path = tmp_path / backup.day / str(backup.parts["equipment"].file)
    path.unlink()
    put = {"link": lambda: path.symlink_to("/etc/passwd"), "fifo": lambda: os.mkfifo(path), "folder": path.mkdir}
    put[replacement]()

    (listed,) = catalog.sets()

    assert listed.state == "damaged"
    with pytest.raises(PermissionDenied):
        catalog.open_part(backup, "equipment")


def test_a_missing_or_shortened_file_is_named_and_the_other_stays_readable(catalog: Catalog, tmp_path: Path) -> None:
    missing, short = make(catalog, 1), make(catalog, 2)
    (tmp_path / missing.day / str(missing.parts["equipment"].file)).unlink()
    (tmp_path / short.day / str(short.parts["equipment"].file)).write_bytes(b"_id")

    first, second = catalog.sets()

    assert first.problem == f"Backup file not found: {missing.parts['equipment'].file}"
    assert second.problem.endswith("has 3 bytes instead of 8")
    assert catalog.open_part(first, "select_options").read() == b"_id\r\n1\r\n"


def test_an_empty_collection_of_a_legacy_set_needs_no_file(catalog: Catalog) -> None:
    legacy(catalog)

    (listed,) = catalog.sets()

    assert listed.state == "legacy"
    assert listed.parts["select_options"].file is None


def test_files_without_metadata_are_orphans_unless_a_run_is_working_on_them(catalog: Catalog, tmp_path: Path) -> None:
    backup = make(catalog, 1)
    (tmp_path / backup.day / backup.metadata_file).unlink()

    assert [(backup.state, "copy" in backup.problem) for backup in catalog.sets()] == [("damaged", True)]
    catalog.storage.delete(".state", backup.metadata_file)
    assert [(backup.state, sorted(backup.parts)) for backup in catalog.sets()] == [
        ("orphan", ["equipment", "select_options"])]
    intents.claim(catalog.storage, Intent(backup.label, backup.day, ()))
    assert catalog.sets() == []


def test_foreign_files_and_folders_are_ignored(catalog: Catalog, tmp_path: Path) -> None:
    make(catalog, 1)
    for name in ("notes.txt", "equipment_backup_1.csv", "backup_metadata_x.json", ".tmp-x-1",
                 "x_backup_20250101_000000.csv"):
        catalog.storage.put("monday", name, b"mine")
    (tmp_path / "friday").symlink_to("/etc")
    (tmp_path / "sunday").write_text("a file")

    assert [backup.backup_id for backup in catalog.sets()] == ["id-1"]
    assert set(catalog.unreadable) == {"friday", "sunday"}


def test_metadata_is_read_again_only_when_it_changed(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = make(catalog, 1)
    catalog.sets()
    opened: list[str] = []
    real = catalog.storage.open
    monkeypatch.setattr(catalog.storage, "open", lambda folder, name: opened.append(name) or real(folder, name))

    catalog.sets()
    assert opened == []
    catalog.amend(backup, pinned=True)
    assert catalog.sets()[0].pinned
    assert opened == [backup.metadata_file]


def test_amending_keeps_the_set_whole_and_its_copy_equal(catalog: Catalog, tmp_path: Path) -> None:
    backup = catalog.amend(make(catalog, 1), pinned=True)

    assert catalog.sets() == [backup]
    assert backup.pinned
    where = tmp_path / backup.day / backup.metadata_file
    assert where.read_bytes() == (tmp_path / ".state" / backup.metadata_file).read_bytes()


def test_removing_takes_the_set_its_copy_and_nothing_else(catalog: Catalog, tmp_path: Path) -> None:
    backup, kept = make(catalog, 1), make(catalog, 2)
    catalog.storage.put(backup.day, "notes.txt", b"mine")

    catalog.remove(backup)

    assert catalog.sets() == [kept]
    assert (tmp_path / backup.day / "notes.txt").exists()
    assert [entry.name for entry in catalog.storage.entries(".state")] == [kept.metadata_file]


def test_a_removal_that_died_half_way_is_finished(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = make(catalog, 1)
    real, calls = catalog.storage.delete, []

    def die_at_second(folder: str, name: str) -> None:
        calls.append(name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(folder, name)

    monkeypatch.setattr(catalog.storage, "delete", die_at_second)
    with pytest.raises(KeyboardInterrupt):
        catalog.remove(backup)
    monkeypatch.undo()

    assert catalog.sets() == []
    assert intents.recover(catalog.storage) == [f"finished removing backup {backup.label}"]
    assert catalog.storage.entries(backup.day) == catalog.storage.entries(".state") == []


def test_the_base_of_a_differential_is_named_when_it_is_gone_or_damaged(catalog: Catalog, tmp_path: Path) -> None:
    full = make(catalog, 1)
    diff = BackupSet(**{**vars(make(catalog, 2)), "kind": "differential", "base": "id-1"})

    assert catalog.base_of(diff) == full
    (tmp_path / full.day / str(full.parts["equipment"].file)).unlink()
    with pytest.raises(VerificationFailed, match=full.label):
        catalog.base_of(diff)
    catalog.remove(full)
    with pytest.raises(VerificationFailed, match="id-1"):
        catalog.base_of(diff)


def test_no_backups_says_where_and_why(catalog: Catalog, tmp_path: Path) -> None:
    assert catalog.why_empty() == f"{tmp_path} is empty"
    edit(make(catalog, 1), tmp_path, b"{}")
    assert catalog.why_empty() == f"{tmp_path} holds 1 damaged or unfinished"
    for number, trigger in enumerate(("imported", "imported", "pre_restore"), 2):
        make(catalog, number, trigger=trigger)
    held = f"{tmp_path} holds 2 imported backups, 1 safety backup, 1 damaged or unfinished"
    assert (catalog.why_empty(), catalog.why_empty(advice=False)) == (f"{held}; name one", held)
    others = f"{tmp_path} holds 3 backups of another database, 1 damaged or unfinished; name one"
    assert catalog.why_empty(lambda backup: False) == others
