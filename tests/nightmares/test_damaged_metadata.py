"""Metadata anybody may have edited: listed as damaged or as an orphan, and never an exception from the public face.

``TEST_ROUNDS=4`` goes through the whole table of wrong values.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backup_engine import prune, verify
from backup_engine.api import DatabaseBackupRestore
from backup_engine.errors import BackupError
from backup_engine.model import BackupSet
from backup_engine.repository import manifest
from backup_engine.status import status
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import anybodys
from tests.backup_engine.stored import file_of, folder, no_database, snapshot, store

ROUNDS = int(os.environ.get("TEST_ROUNDS", "1"))
PARTS = 4
"""The table of wrong values is long; four rounds go through all of it."""


def facing(path: Path) -> DatabaseBackupRestore:
    """The public face over that folder, with the database down."""
    return DatabaseBackupRestore(backup_folder=str(path), connect=no_database)


def use_everything(path: Path, ws: Workspace, backup: BackupSet) -> None:
    """Call whatever reads metadata. The face must answer in words; the verbs may raise only ``BackupError``."""
    face = facing(path)
    days = face.get_available_backups()
    assert list(days) == ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    listed = [metadata for day in days.values() for metadata in day]
    for metadata in [*listed, {"label": backup.label}, dict(backup.metadata)]:
        for key in ("equipment", "select_options"):
            for answer in (
                face.verify_backup(metadata, 2), face.preview_backup(metadata, key),
                face.restore_from_backup(metadata, key, "replace"), face.restore_from_backup(metadata, key, "merge"),
                face.compare_backup(metadata, "current", key),
            ):
                assert isinstance(answer[0], bool) and isinstance(answer[-1], str)
                assert "unexpected fault" not in answer[-1], answer
        assert "unexpected fault" not in face.pin(metadata)[1]
    assert "unexpected fault" not in face.prune(dry_run=True)[1]
    for present in ws.catalog.sets():
        for level in (0, 1, 2):
            assert verify.verify(ws, present, level).message
    status(ws)
    prune.prune(ws, dry_run=True)
    verify.freshness(ws)


def huge() -> bytes:
    """More than anybody would read."""
    return b'{"a": "' + b"x" * (manifest.MAX_BYTES + 1) + b'"}'


BROKEN: dict[str, bytes] = {
    "empty": b"", "blank": b" \n\t", "empty object": b"{}", "array": b"[]", "string": b'"x"', "number": b"5",
    "null": b"null", "cut short": b'{"format_version": 2', "deep": b"[" * 100_000, "deep object": b'{"a":' * 100_000,
    "NaN": b'{"equipment_records_count": NaN}', "infinity": b'{"a": -Infinity}',
    "huge number": b'{"a": 1' + b"0" * 9999,
    "duplicate keys": b'{"format_version": 2, "format_version": 3}', "not UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"format_version": 2}'.encode("utf-16"), "only a BOM": b"\xef\xbb\xbf", "NUL": b"\0" * 2000,
    "version as text": b'{"format_version": "2"}', "version alone": b'{"format_version": 2}',
    "newer alone": b'{"format_version": 9, "min_reader_version": 9}', "huge": b"",
    "legacy with a negative count": json.dumps({
        "backup_timestamp": "2025-06-04T12:00:00", "equipment_records_count": -1, "select_options_records_count": 0,
        "equipment_file": "equipment_backup_20250604_120000.csv",
        "select_options_file": "select_options_backup_20250604_120000.csv"}).encode(),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_metadata_is_listed_as_damaged(tmp_path: Path, what: str) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    file_of(ws, backup, "metadata").write_bytes(huge() if what == "huge" else BROKEN[what])

    (listed,) = ws.catalog.sets()

    assert listed.state == ("newer" if what == "newer alone" else "damaged") and listed.problem
    use_everything(tmp_path, ws, backup)


@pytest.mark.parametrize("copy_too", [False, True])
def test_missing_metadata_is_an_orphan_or_a_damaged_set(tmp_path: Path, copy_too: bool) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    file_of(ws, backup, "metadata").unlink()
    if copy_too:
        (tmp_path / ".state" / backup.metadata_file).unlink()

    (listed,) = ws.catalog.sets()

    assert listed.state == ("orphan" if copy_too else "damaged")
    use_everything(tmp_path, ws, backup)


def test_a_bom_does_no_harm(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    path = file_of(ws, backup, "metadata")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert ws.catalog.find(backup.label).state == "complete"


def places(value: Any, trail: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value in nested JSON; of a list only the first element."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*trail, key)
        yield from places(inner, (*trail, key))


def put(document: Any, trail: tuple[Any, ...], value: Any) -> Any:
    """A copy with one value changed."""
    changed = copy.deepcopy(document)
    inner = changed
    for key in trail[:-1]:
        inner = inner[key]
    inner[trail[-1]] = value
    return changed


WRONG: tuple[Any, ...] = (
    None, -1, 10**30, 1.5, True, "", "x", "../../etc/passwd", "2025-13-45T99:00:00Z", [], [[]], {}, {"$bson": "!"},
    {"$date": "x"},
)


def test_every_edited_value_is_noticed(tmp_path: Path) -> None:
    """Without the right ``metadata_hash`` nothing that was changed is believed."""
    ws, _ = folder(tmp_path)
    backup = store(ws)
    path = file_of(ws, backup, "metadata")
    original = json.loads(path.read_bytes())
    believed = []

    for trail in places(original):
        path.write_text(json.dumps(put(original, trail, "edited"), indent=1))
        if ws.catalog.sets()[0].state == "complete":
            believed.append(trail)

    assert believed == []


@pytest.mark.parametrize("part", range(min(PARTS, ROUNDS)))
def test_wrong_values_under_a_valid_hash_never_raise(tmp_path: Path, part: int) -> None:
    """Somebody who recomputes the hash gets no further than words."""
    ws, _ = folder(tmp_path)
    backup = store(ws)
    path = file_of(ws, backup, "metadata")
    original = json.loads(path.read_bytes())
    cases = [(trail, value) for trail in places(original) for value in WRONG][part::PARTS]

    for trail, value in cases:
        path.write_bytes(manifest.encode(put(original, trail, value)))
        try:
            sets = ws.catalog.sets()
            for listed in sets:
                verify.verify(ws, listed, 2)
                prune.prune(ws, dry_run=True)
            facing(tmp_path).get_available_backups()
            facing(tmp_path).preview_backup({"label": backup.label}, "equipment")
        except BackupError:
            pytest.fail(f"{trail} = {value!r} raised instead of being listed")
        assert len(sets) == 1, (trail, value)


def test_a_folder_of_broken_sets_does_not_hide_the_sound_one(tmp_path: Path) -> None:
    ws, clock = folder(tmp_path)
    for text in BROKEN.values():
        broken = store(ws, 2, 1)
        file_of(ws, broken, "metadata").write_bytes(text)
        clock.pass_by(minutes=1)
    sound = store(ws)
    before = snapshot(tmp_path)

    assert ws.catalog.newest_good(anybodys) == sound
    assert sound.label in str(facing(tmp_path).get_available_backups())
    prune.prune(ws)
    assert snapshot(tmp_path) == before
