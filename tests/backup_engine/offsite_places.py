"""A workspace with remotes in folders, for the verbs that work with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pymongo.database import Database

from backup_engine.deeds import Deed
from backup_engine.model import OWNER_SOURCES, Application
from backup_engine.remotes.address import parse
from backup_engine.remotes.folder import FolderStore
from backup_engine.remotes.target import Target
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, StillClock, fill, fill_own, workspace


def with_remote(
    tmp_path: Path, database: Database[dict[str, Any]], *, options: str = "", heard: list[Deed] | None = None,
    clock: StillClock | None = None, records: int = 20, application: Application | None = None,
) -> Workspace:
    """A filled database, a backup folder, and a remote ``disk`` in another folder."""
    (tmp_path / "disk").mkdir(exist_ok=True)
    if database.Equipment.find_one({}) is None:
        fill(database, records)
        fill_own(database)
    ws = workspace(tmp_path / "here", database, clock=clock or StillClock(), application=application)
    return replace(ws, remotes={"disk": f"file://{tmp_path}/disk{options}"}, tell=heard.append if heard is not None
                   else None)


def target_of(tmp_path: Path, name: str = "disk") -> Target:
    """The remote as somebody else would open it."""
    return Target(FolderStore(parse(f"file://{tmp_path}/{name}")), OWNER_SOURCES)


def own_target_of(tmp_path: Path, name: str = "disk") -> Target:
    """The application's own data there."""
    return target_of(tmp_path, name).of_application(OWN.sources)
