"""A host that knows public keys only, as the application builds it, and the person who has the identity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from backup_engine.csv_format import age
from backup_engine.workspace import Workspace

Db = Database[dict[str, Any]]
IDENTITY = age.new_identity()
OTHER = age.new_identity()
PUBLIC = age.public_half(IDENTITY)


def host(folder: Path, database: Db, **options: Any) -> DatabaseBackupRestore:
    """The backup system of the host: for one recipient unless told otherwise."""
    return DatabaseBackupRestore(**{
        "connect": lambda: database, "backup_folder": folder / "sets", "work_folder": str(folder / "work"),
        "recipients": [PUBLIC], "workers": 1, **options})


def with_key(ws: Workspace, identity: str = IDENTITY) -> Workspace:
    """The same as a person sees it who has given an identity."""
    return replace(ws, seal=ws.seal.with_keys((identity,)))


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, by its path in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
