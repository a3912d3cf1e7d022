"""One of two identities is lost: the other one alone opens everything, with this program and with ``age`` itself."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bson import decode_all
from pymongo.database import Database

from backup_engine import drill, restore, verify
from backup_engine.create import create
from backup_engine.csv_format import age
from backup_engine.errors import KeyNeeded, WrongKey
from backup_engine.model import BackupSet
from backup_engine.repository import companions, contents
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, fill, fill_own, own_of, raw
from tests.backup_engine.keys.public_only import IDENTITY, OTHER, PUBLIC, host
from tests.programs import program

Db = Database[dict[str, Any]]
BOTH = [PUBLIC, age.public_half(OTHER)]


def encrypting(tmp_path: Path, database: Db, compression: str = "none") -> Workspace:
    """A host that has one of the two, without which it makes no differential sets."""
    return host(tmp_path, database, recipients=BOTH, identities=[IDENTITY], application=OWN,
                compression=compression).workspace


def only(ws: Workspace, identity: str) -> Workspace:
    """The same for whoever has that identity and no other."""
    return replace(ws, seal=replace(ws.seal, identities=(identity,)))


def two_and_a_safety_set(ws: Workspace, database: Db) -> tuple[BackupSet, BackupSet]:
    """A full set and a differential over it, each with the application's own data; and a restore, so that there is a
    safety set as well."""
    fill(database, 300)
    fill_own(database, 300)
    full = create(ws, force=True, kind="full").set
    database.Equipment.update_one({"_id": 5}, {"$set": {"Vendor": "changed"}})
    database.equipment_users.update_one({"_id": "u5"}, {"$set": {"name": "changed"}})
    resting = create(ws, force=True, kind="differential").set
    assert full is not None and resting is not None and resting.kind == "differential"
    restore.replace(ws, restore.plan_replace(ws, resting, ("equipment",)))
    return full, resting


def read(ws: Workspace, backup: BackupSet) -> dict[str, list[dict[str, Any]]]:
    return {key: sorted((record for batch in contents.documents(ws, backup, key) for record in decode_all(batch)),
                        key=lambda record: str(record["_id"])) for key in backup.parts}


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_either_alone_opens_everything(tmp_path: Path, database: Db, compression: str) -> None:
    ws = encrypting(tmp_path, database, compression)
    full, resting = two_and_a_safety_set(ws, database)
    pairs = [(backup, companions.of(ws, backup)) for backup in (full, resting)]
    assert [own and own.kind for _, own in pairs] == ["full", "differential"]
    safety = ws.catalog.latest("pre_restore", lambda _: True)
    live = raw(database, "Equipment")

    found = []
    for identity in (IDENTITY, OTHER):
        keyed = only(ws, identity)
        every = [(keyed, backup) for backup, _ in pairs] + [(own_of(keyed), own) for _, own in pairs]
        every += [(keyed, safety)]
        assert all(backup is not None and backup.encrypted for _, backup in every)
        assert all(verify.verify(place, backup, 2).ok for place, backup in every)
        found.append([read(place, backup) for place, backup in every])
        assert drill.drill(keyed, resting).backup == resting
        database.Equipment.delete_many({})
        restore.replace(keyed, restore.plan_replace(keyed, resting, ("equipment",)))
        assert raw(database, "Equipment") == live
    assert found[0] == found[1]
    assert [len(part["equipment"]) for part in found[0][:2]] == [300, 300]
    assert [len(part["users"]) for part in found[0][2:4]] == [300, 300]
    assert [record["name"] for record in found[0][3]["users"] if record["_id"] == "u5"] == ["changed"]


def test_a_third_one_opens_nothing(tmp_path: Path, database: Db) -> None:
    ws = encrypting(tmp_path, database)
    full, resting = two_and_a_safety_set(ws, database)
    stranger = only(ws, age.new_identity())
    for backup in (full, resting):
        own = companions.of(ws, backup)
        assert own is not None
        for place, one in ((stranger, backup), (own_of(stranger), own)):
            with pytest.raises((WrongKey, KeyNeeded)):
                verify.verify(place, one, 2)


def test_every_file_opens_with_age_and_either_identity(tmp_path: Path, database: Db) -> None:
    ws = encrypting(tmp_path, database)
    two_and_a_safety_set(ws, database)
    files = sorted((tmp_path / "sets").rglob("*.age"))
    assert {path.parent.parent.name for path in files} == {"sets", ".app"}
    assert len(files) == 2 * 2 + 2 * 3 + 2

    opened = []
    for name, identity in (("one.txt", IDENTITY), ("other.txt", OTHER)):
        (tmp_path / name).write_text(f"{identity}\n", encoding="utf-8")
        opened.append([subprocess.run([program("age"), "-d", "-i", str(tmp_path / name), str(path)],
                                      check=True, capture_output=True).stdout for path in files])

    assert opened[0] == opened[1]
    assert all(plain.startswith((b"_id,", b"~,", b"!,")) or b"_id" in plain[:80] for plain in opened[0])
    assert any(b"u5" in plain and b"changed" in plain for plain in opened[0])
