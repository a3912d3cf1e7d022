"""A copied backup folder of an installation that is gone, and a bare one beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo.database import Database

from backup_engine.api import BackupSet, DatabaseBackupRestore
from equipment import backups as all_backups
from equipment.accounts.passwords import PASSWORDS
from equipment.backups import Backups
from equipment.settings import Settings, use
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.saved import APPLICATION_DATA
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
PASSWORD = "correct horse battery"


@dataclass
class BareMachine:
    """What the tests of recovery work with."""

    lab: DatabaseBackupRestore
    old: Db
    new: Db
    settings: Settings
    backups: Backups
    folder: Path
    """Of the lab's backups."""

    def back_up(self, vendor: str) -> BackupSet:
        """Change the lab's list and make a backup of it."""
        self.old.Equipment.update_many({}, {"$set": {"Vendor": vendor}})
        made = self.lab.create(force=True).set
        assert made is not None
        return made

    @property
    def records(self) -> list[dict[str, Any]]:
        """The list of the bare machine."""
        return list(self.new.Equipment.find().sort("_id"))


@contextmanager
def standing(server: Mongod, old: Db, tmp_path: Path, recipients: str | None = None) -> Iterator[BareMachine]:
    """A lab with one administrator, Ada, and three records; and an installation with nothing, its settings in use."""
    old.Equipment.insert_many([{"_id": number, "ID": number} for number in range(3)])
    users.create(old, SYSTEM, "Ada", "admin", password_hash=PASSWORDS.hash(PASSWORD))
    folder, new = tmp_path / "stick", old.client[f"{old.name}_new"]
    lab = DatabaseBackupRestore(connect=lambda: old, backup_folder=str(folder), application=APPLICATION_DATA,
                                recipients=recipients)
    chosen = Settings(mongodb_uri=server.uri, mongodb_database=new.name, backup_folder=tmp_path / "backups",
                      data_folder=tmp_path / "data")
    with use(chosen):
        try:
            yield BareMachine(lab, old, new, chosen, all_backups.of(chosen, lambda: new), folder)
        finally:
            all_backups.stop()
            old.client.drop_database(new.name)
