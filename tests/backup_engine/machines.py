"""A lab whose backups lie in a folder and in a remote, and a bare machine that is to get everything back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import recover as recovering
from backup_engine.model import BackupSet
from backup_engine.push import push
from backup_engine.workspace import Workspace
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.saved import APPLICATION_DATA
from tests.backup_engine.engine import StillClock, back_up, fill, raw, workspace

Data = Database[dict[str, Any]]


@dataclass
class Machines:
    """A lab with backups in a folder and in a remote, and a bare machine beside it."""

    lab: Workspace
    bare: Workspace
    old: Data
    new: Data
    root: Path

    def back_up(self, vendor: str = "", *, accounts: bool = False) -> BackupSet:
        """Change something, an hour later make a backup, and send it. With ``accounts`` these are changed as well, so
        that they are saved anew."""
        self.lab.clock.pass_by(hours=1)  # type: ignore[attr-defined]
        if vendor:
            self.old.Equipment.update_many({}, {"$set": {"Vendor": vendor}})
        if accounts:
            self.old.equipment_users.update_many({}, {"$set": {"changed": self.lab.clock()}})
        made = back_up(self.lab)
        assert push(self.lab, "disk").waiting == 0
        return made

    def source(self, kind: str) -> str:
        """Where the bare machine finds the backups."""
        return {"folder": str(self.root / "lab"), "remote": f"file://{self.root}/disk"}[kind]

    def look(self, kind: str = "folder", **options: Any) -> recovering.Recoverable:
        """Look from the bare machine."""
        return recovering.look(self.bare, self.source(kind), **options)

    def recover(self, kind: str = "folder", **options: Any) -> recovering.Recovered:
        """Recover on the bare machine."""
        return recovering.recover(self.bare, self.look(kind), **options)


@contextmanager
def standing(tmp_path: Path, database: Data) -> Iterator[Machines]:
    """A filled lab with two accounts, and an empty database beside its own, which is gone afterwards."""
    fill(database)
    users.create(database, SYSTEM, "Ada", "admin", password_hash="hash of Ada")
    users.create(database, SYSTEM, "Bob", "user", password_hash="hash of Bob")
    database.Equipment_trash.insert_one({"_id": 1, "record": {"_id": "gone"}})
    (tmp_path / "disk").mkdir()
    clock, new = StillClock(), database.client[f"{database.name}_new"]
    lab = workspace(tmp_path / "lab", database, clock=clock, application=APPLICATION_DATA)
    bare = workspace(tmp_path / "bare", new, clock=clock, application=APPLICATION_DATA)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
        yield Machines(replace(lab, remotes={"disk": f"file://{tmp_path}/disk"}), bare, database, new, tmp_path)
    database.client.drop_database(new.name)


def everything(database: Data) -> dict[str, list[bytes]]:
    """What is in the lists and in the trash, byte for byte."""
    return {name: raw(database, name) for name in ("Equipment", "Equipment_select_options", "Equipment_trash")}
