"""What ``repair`` does about the application's own data: metadata comes back, and what is damaged is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.model import BackupSet
from backup_engine.repair import repair
from backup_engine.repository import companions
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, back_up, fill, fill_own, own_of, workspace
from tests.backup_engine.stored import file_of, flip, snapshot

Data = Database[dict[str, Any]]
CALLED = "accounts, trash and activity"


@pytest.fixture
def ws(database: Data, tmp_path: Path) -> Workspace:
    fill(database)
    fill_own(database)
    return workspace(tmp_path / "backups", database, application=OWN)


def own_file(ws: Workspace, backup: BackupSet, key: str) -> Path:
    found = companions.of(ws, backup)
    assert found is not None
    return file_of(own_of(ws), found, key)


def test_a_sound_pair_is_left_alone(ws: Workspace, tmp_path: Path) -> None:
    made = back_up(ws)
    verify(ws, made, 2)
    before = {name: data for name, data in snapshot(tmp_path).items() if "verified" not in str(name)}

    done = repair(ws, made)

    assert (done.action, done.beside, done.message) == (
        "nothing", "", f"Backup {made.label} is sound; nothing was changed.")
    assert {name: data for name, data in snapshot(tmp_path).items() if "verified" not in str(name)} == before


@pytest.mark.parametrize("damage", [None, b"garbage"])
@pytest.mark.parametrize("which", ["its own", "of the full one below"])
def test_metadata_comes_back_from_its_copy(
    ws: Workspace, database: Data, damage: bytes | None, which: str
) -> None:
    full = create(ws, force=True, kind="full").set
    database.equipment_users.insert_one({"_id": "new"})
    made = create(ws, force=True, kind="differential").set
    assert full is not None and made is not None
    path = own_file(ws, made if which == "its own" else full, "metadata")
    original = path.read_bytes()
    path.unlink() if damage is None else path.write_bytes(damage)
    assert not verify(ws, made, 1).ok

    done = repair(ws, made)

    assert (done.action, done.beside) == ("metadata", "")
    assert f"Accounts, trash and activity: the metadata of their backup {path.stem[-15:]} is back" in done.message
    assert path.read_bytes() == original and verify(ws, made, 2).ok


@pytest.mark.parametrize("harm", ["bit", "gone", "metadata and its copy"])
def test_damage_is_named_and_the_next_backup_saves_them_in_full(ws: Workspace, tmp_path: Path, harm: str) -> None:
    made = create(ws, force=True, kind="full").set
    assert made is not None
    if harm == "bit":
        flip(own_file(ws, made, "users"), 30)
    elif harm == "gone":
        own_file(ws, made, "users").unlink()
    else:
        path = own_file(ws, made, "metadata")
        path.write_bytes(b"garbage")
        (tmp_path / "backups" / ".app" / ".state" / path.name).unlink()

    done = repair(ws, made)

    assert CALLED in done.beside and "sound; nothing was changed" in done.message
    assert done.message.endswith("Nothing of it can be mended here; the next backup saves them anew.")
    later = create(ws, force=True, kind="differential").set
    assert later is not None and later.companion != made.companion
    found = companions.of(ws, later)
    assert found is not None and found.kind == "full" and verify(ws, later, 2).ok


def test_damage_below_a_differential_keeps_the_next_one_from_resting_on_it(ws: Workspace, database: Data) -> None:
    full = create(ws, force=True, kind="full").set
    database.equipment_users.insert_one({"_id": "new"})
    made = create(ws, force=True, kind="differential").set
    assert full is not None and made is not None
    flip(own_file(ws, full, "users"), 30)

    assert "in the full backup" in repair(ws, made).beside

    later = create(ws, force=True, kind="differential").set
    assert later is not None and verify(ws, later, 2).ok
