"""The backups as a scrape may look at them: what the folder and this process know, with no way to the database.

A question to a database that is away takes seconds, and would start the embedded one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Never

from backup_engine import api
from backup_engine.errors import DatabaseUnreachable
from equipment import backups
from equipment.backups import Backups
from equipment.server import database
from equipment.settings import Settings

__all__ = ["View", "look"]


@dataclass(frozen=True)
class View:
    """What there is to look at."""

    settings: Settings
    backups: Backups
    workspace: api.Workspace
    owner: api.Owner
    """As last heard, else as the folder tells."""

    @cached_property
    def standings(self) -> list[api.Standing]:
        """How every remote stands, by name, as it is noted here."""
        return sorted(api.noted_standings(self.workspace), key=lambda standing: standing.name)


def look(settings: Settings) -> View:
    """Give it."""
    ours = backups.of(settings, lambda: database.connect(settings))
    workspace = replace(ours.engine.workspace, connect=_not_asked)
    return View(settings, ours, workspace, api.owner_seen(workspace))


def _not_asked() -> Never:
    raise DatabaseUnreachable("a scrape does not ask the database")
