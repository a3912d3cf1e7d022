"""What ``verify --all`` says of the application's own data: with its lists, and apart where it goes with none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import verify as verifying
from backup_engine.csv_format.seal import Seal
from backup_engine.locking.locks import hold
from backup_engine.making.write_set import write_set
from backup_engine.model import BackupSet
from backup_engine.repository import ledger
from backup_engine.verify import verify_all
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, back_up, fill, fill_own, own_of, workspace
from tests.backup_engine.keys.public_only import PUBLIC
from tests.backup_engine.stored import file_of, flip

Data = Database[dict[str, Any]]


@pytest.fixture
def ws(database: Data, tmp_path: Path) -> Workspace:
    fill(database)
    fill_own(database)
    return workspace(tmp_path / "backups", database, application=OWN)


def safety_set(ws: Workspace) -> BackupSet:
    """As a restore of the application's own data makes it."""
    with hold(ws, "restore") as held:
        return write_set(own_of(ws), held, trigger="pre_restore")


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_safety_set_is_checked_at_the_level_asked_for(ws: Workspace, level: int) -> None:
    back_up(ws)
    safety = safety_set(ws)

    report = verify_all(ws, level)

    assert report.ok and [(each.backup, each.level) for each in report.apart] == [(safety, level)]
    assert report.message.startswith(f"All 2 backups verified at level {level} ")
    assert "1 of them of accounts, trash and activity alone" in report.message
    assert (safety.backup_id in ledger.read(own_of(ws).storage)) is (level > 0)


def test_damage_to_it_fails_the_whole(ws: Workspace) -> None:
    back_up(ws)
    safety = safety_set(ws)
    flip(file_of(own_of(ws), safety, "users"), 30)

    report = verify_all(ws)

    assert not report.sound and report.message.startswith("Backup verification failed: 1 of 2 backups.")
    assert report.verifications[0].ok and "the file was changed: users_backup_" in report.apart[0].message
    assert ledger.bad(ledger.read(own_of(ws).storage)) == {safety.backup_id}


def test_without_its_key_its_stored_bytes_are_compared_and_that_is_said(
    database: Data, tmp_path: Path
) -> None:
    fill(database)
    fill_own(database)
    ws = workspace(tmp_path, database, application=OWN, seal=Seal(recipients=(PUBLIC,)))
    safety = safety_set(ws)

    report = verify_all(ws, 2)

    assert [(each.backup.backup_id, each.level) for each in report.apart] == [(safety.backup_id, 1)]
    assert report.shallow == 1 and not report.ok


def test_one_that_many_lists_name_is_read_once(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [back_up(ws) for _ in range(3)]
    assert len({backup.companion for backup in made}) == 1
    read, once = list[str](), verifying._stored
    monkeypatch.setattr(verifying, "_stored", lambda place, backup, *rest: (
        read.append(backup.backup_id), once(place, backup, *rest))[1])

    report = verify_all(ws)

    assert report.apart == () and all("with accounts, trash and activity: 3 users" in each.message
                                      for each in report.verifications)
    assert read.count(made[0].companion) == len(OWN.sources)
