"""A workspace for tests: any folder, database and clock, and sets made without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
from pymongo.database import Database

from backup_engine.create import create
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import DatabaseUnreachable
from backup_engine.model import OWNER_SOURCES, Application, BackupSet, Source
from backup_engine.repository.annex import annex
from backup_engine.repository.catalog import Catalog
from backup_engine.storage import LocalStorage, Storage
from backup_engine.workspace import Workspace

PLAIN = Seal()
OWN = Application((Source("users", "equipment_users"), Source("trash", "Equipment_trash"),
                   Source("activity", "equipment_activity")), "accounts, trash and activity")
"""What an application keeps of its own."""


@dataclass
class StillClock:
    """A clock that stands still until told otherwise."""

    moment: datetime = field(default_factory=lambda: datetime(2025, 6, 4, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, **span: float) -> None:
        """Let time go by."""
        self.moment += timedelta(**span)


def workspace(
    place: Path | Storage, database: Database[dict[str, Any]] | Callable[[], Database[dict[str, Any]]], *,
    clock: Callable[[], datetime] | None = None, sources: tuple[Source, ...] = OWNER_SOURCES, seal: Seal = PLAIN,
    workers: int | None = 1, application: Application | None = None,
) -> Workspace:
    """Build one as the application does."""
    storage = LocalStorage(place) if isinstance(place, Path) else place
    connect = database if callable(database) and not isinstance(database, Database) else lambda: database
    return Workspace(
        sources=sources, storage=storage, catalog=Catalog(storage, sources), connect=connect,
        clock=clock or (lambda: datetime.now().astimezone()), seal=seal, workers=workers,
        annex=annex(storage, application, sources) if application else None,
    )


class Switched:
    """The way to a database that can be taken away: ``up = False``."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.up = True
        self._database = database

    def __call__(self) -> Database[dict[str, Any]]:
        if not self.up:
            raise DatabaseUnreachable("example.invalid")
        return self._database


def anybodys(_: BackupSet) -> bool:
    """Whose a set is does not matter."""
    return True


def back_up(ws: Workspace) -> BackupSet:
    """Make a backup, due or not."""
    made = create(ws, force=True).set
    assert made is not None
    return made


def fill(database: Database[dict[str, Any]], records: int = 20, options: int = 5) -> None:
    """Put a small list into both collections."""
    database.Equipment.insert_many([{"_id": n, "Serial": f"{n:05d}", "Vendor": "ACME, Inc."} for n in range(records)])
    database.Equipment_select_options.insert_many([{"_id": n, "Category": f"c{n}"} for n in range(options)])


def raw(database: Database[dict[str, Any]], name: str) -> list[bytes]:
    """Give a collection's documents as the server has them, by ``_id``."""
    batches = database[name].find_raw_batches({}, sort=[("_id", 1)])
    return [bson.encode(document) for batch in batches for document in bson.decode_all(batch)]


def fill_own(database: Database[dict[str, Any]], users: int = 3) -> None:
    """Put something into the application's own collections."""
    database.equipment_users.insert_many([{"_id": f"u{n}", "name": f"User {n}", "role": "user"} for n in range(users)])
    database.equipment_users.create_index([("oidc", 1)], unique=True, sparse=True)
    database.equipment_activity.insert_many([{"_id": n, "action": "records.save"} for n in range(5)])


def own_of(ws: Workspace) -> Workspace:
    """The workspace over the application's own data."""
    own = ws.application
    assert own is not None
    return own
