"""Levels 0 to 2: sound sets pass, every damage is named, and the ledger remembers."""

from __future__ import annotations

from pathlib import Path

import pytest
from pymongo.database import Database

from backup_engine import verify
from backup_engine.create import create
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BackupFileNotFound, BadInput, Cancelled, NewerFormat, VerificationFailed, WrongKey
from backup_engine.model import Watch
from backup_engine.repository import ledger
from backup_engine.repository.damage import LEVELS
from backup_engine.storage.base import STATE
from tests.backup_engine.engine import fill, workspace
from tests.backup_engine.stored import age_seal, file_of, flip, folder, store

BLOCK = 10_000


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_sound_set_passes(tmp_path: Path, level: int, compression: str) -> None:
    ws, _ = folder(tmp_path, seal=Seal(compression))  # type: ignore[arg-type]
    backup = store(ws)

    verification = verify.verify(ws, backup, level)

    assert verification.ok and verification.level == level
    assert verification.message == (f"Backup {backup.label} verified at level {level} ({LEVELS[level]}): "
                                    "30 equipment, 4 select_options.")


def test_what_create_makes_passes(tmp_path: Path, database: Database) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    backup = create(ws, force=True).set
    assert backup is not None

    assert verify.verify(ws, backup, 2).ok


def test_empty_collections_pass(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)

    assert verify.verify(ws, store(ws, 0, 0), 2).ok


@pytest.mark.parametrize("level", [1, 2])
def test_damage_names_the_block_and_what_is_left(tmp_path: Path, level: int) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws, 3 * BLOCK + 5)
    path = file_of(ws, backup)
    middle = path.read_bytes().index(b"015000,")
    flip(path, middle)

    verification = verify.verify(ws, backup, level)

    (damage,) = verification.problems
    assert damage.rows == ((10_001, 20_000),)
    assert damage.readable == 20_005
    words = f"Backup verification failed: the file was changed: {path.name}, rows 10,001–20,000"
    assert verification.message.startswith(words)


def test_one_damaged_file_leaves_the_other_usable(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    flip(file_of(ws, backup), 200)

    with pytest.raises(VerificationFailed):
        verify.require(ws, backup, 2, keys=("equipment",))
    assert verify.require(ws, backup, 2, keys=("select_options",)).ok


def test_missing_file_has_its_own_error(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    file_of(ws, backup, "select_options").unlink()
    listed = ws.catalog.find(backup.backup_id)

    with pytest.raises(BackupFileNotFound, match=r"Backup file not found.*select_options_backup_"):
        verify.require(ws, listed, 2)
    assert verify.require(ws, listed, 2, keys=("equipment",)).ok


def test_newer_format_is_refused_in_words(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    path = file_of(ws, backup, "metadata")
    path.write_text(path.read_text().replace('"min_reader_version": 2', '"min_reader_version": 3'))

    with pytest.raises(NewerFormat, match="newer version"):
        verify.require(ws, ws.catalog.find(backup.label), 0)


@pytest.mark.parametrize("level", [-1, 3, 7])
def test_unknown_level(tmp_path: Path, level: int) -> None:
    ws, _ = folder(tmp_path)

    with pytest.raises(BadInput, match="use 0, 1 or 2"):
        verify.verify(ws, store(ws), level)


def test_encrypted_set_needs_its_key_only_from_level_2(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path, seal=age_seal())
    backup = store(ws)
    blind, _ = folder(tmp_path)
    wrong, _ = folder(tmp_path, seal=age_seal())

    assert verify.verify(ws, backup, 2).ok
    assert verify.verify(blind, backup, 1).ok
    for stranger in (blind, wrong):
        with pytest.raises(WrongKey):
            verify.verify(stranger, backup, 2)
    assert ledger.bad(ledger.read(ws.storage)) == set()


def test_damage_to_an_encrypted_set_shows_without_its_key(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path, seal=age_seal())
    backup = store(ws)
    flip(file_of(ws, backup), -20)
    blind, _ = folder(tmp_path)

    assert not verify.verify(blind, backup, 1).ok
    assert not verify.verify(ws, backup, 2).ok


def test_ledger_remembers_and_forgets_what_is_gone(tmp_path: Path) -> None:
    ws, clock = folder(tmp_path)
    first = store(ws)
    clock.pass_by(hours=1)
    second = store(ws)
    verify.verify(ws, first, 1)
    flip(file_of(ws, second), 100)
    verify.verify(ws, second, 1)

    checks = ledger.read(ws.storage)
    assert checks[first.backup_id].ok and not ledger.is_due(checks[first.backup_id], clock())
    assert ledger.bad(checks) == {second.backup_id}

    clock.pass_by(days=8)
    assert ledger.is_due(checks[first.backup_id], clock())
    ws.catalog.remove(second)
    verify.verify(ws, first, 1)
    assert set(ledger.read(ws.storage)) == {first.backup_id}


def test_a_damaged_full_set_is_remembered_whoever_finds_it(tmp_path: Path, database: Database) -> None:
    fill(database)
    ws = workspace(tmp_path, database)
    full = create(ws, force=True, kind="full").set
    over = create(ws, force=True, kind="differential").set
    assert full is not None and over is not None and over.kind == "differential"
    flip(file_of(ws, full), 5)

    assert not verify.verify(ws, over, 1).ok

    assert ledger.bad(ledger.read(ws.storage)) == {full.backup_id, over.backup_id}
    later = create(ws, force=True, kind="differential").set
    assert later is not None and later.kind == "full", "nothing more rests on it"


def test_part_of_a_set_is_not_remembered_as_the_whole(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)

    verify.verify(ws, store(ws), 2, keys=("equipment",))

    assert ledger.read(ws.storage) == {}


def test_verify_all_goes_on_after_a_bad_one(tmp_path: Path) -> None:
    ws, clock = folder(tmp_path)
    sets = []
    for _ in range(4):
        sets.append(store(ws))
        clock.pass_by(hours=1)
    flip(file_of(ws, sets[1]), 50)
    file_of(ws, sets[2], "metadata").write_bytes(b"{")

    report = verify.verify_all(ws, 2)

    assert {verification.backup.label: verification.ok for verification in report.verifications} == {
        sets[0].label: True, sets[1].label: False, sets[2].label: False, sets[3].label: True}
    assert report.message == "Backup verification failed: 2 of 4 backups."


@pytest.mark.parametrize(("hours", "stale"), [(1, False), (26, False), (27, True), (300, True)])
def test_newest_too_old_fails_though_it_verifies(tmp_path: Path, hours: int, stale: bool) -> None:
    ws, clock = folder(tmp_path)
    store(ws)
    clock.pass_by(hours=hours)

    report = verify.verify_all(ws, 1)

    assert all(verification.ok for verification in report.verifications)
    assert report.ok is not stale
    assert ("hours old" in report.message) is stale


def test_no_backup_at_all_is_not_fresh(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)

    assert "is empty" in verify.freshness(ws)


def test_cancel_leaves_no_entry_in_the_ledger(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)

    with pytest.raises(Cancelled):
        verify.verify(ws, backup, 1, watch=Watch(cancelled=lambda: True))

    assert ledger.read(ws.storage) == {}


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{", b'{"a": 1}', b'{"a": {"level": "x"}}', b"\xff", b'"x"', b"[" * 9999]
)
def test_damaged_ledger_is_an_empty_one(tmp_path: Path, text: bytes) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    ws.storage.put(STATE, "verified.json", text)

    assert ledger.read(ws.storage) == {}
    assert verify.verify(ws, backup, 1).ok
    assert ledger.last_verified(ws, backup) is not None
