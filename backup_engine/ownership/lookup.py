"""Finding out whose the sets are: from the database, from memory, or from the folder alone."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pymongo.database import Database

from backup_engine.errors import BackupError, DatabaseUnreachable, ForeignBackup
from backup_engine.model import BackupSet
from backup_engine.mongo.capabilities import answers_commands, database_errors
from backup_engine.ownership import claim, identity as identities, owner as owners, standby
from backup_engine.ownership.identity import Identity
from backup_engine.ownership.owner import Owner, Question
from backup_engine.workspace import Workspace

__all__ = ["ask", "of", "require_own", "seen", "shown"]

log = logging.getLogger(__name__)
Doc = dict[str, Any]


def of(ws: Workspace, database: Database[Doc] | None = None) -> Owner:
    """Ask the database; when it cannot be asked, give what was heard last, else what the folder tells."""
    try:
        return ask(ws, database)
    except DatabaseUnreachable as problem:
        said, ws.remembered.unheard = ws.remembered.unheard, str(problem)
        log.log(logging.DEBUG if said == str(problem) else logging.INFO,
                "whose the backups are is taken from memory or the folder: %s", problem)
        return ws.remembered.owner or _guessed(ws)


def ask(ws: Workspace, database: Database[Doc] | None = None) -> Owner:
    """Ask the database. Raises ``DatabaseUnreachable``."""
    asked = ws.connect() if database is None else database
    copy = standby.read(asked)
    standby.keep_noted(ws.storage, asked.name, copy)
    ws.remembered.owner, ws.remembered.unheard = replace(_asked(ws, asked), standby=copy), ""
    return ws.remembered.owner


def seen(ws: Workspace) -> Owner:
    """Give what was heard last; only a process that has heard nothing yet asks."""
    return ws.remembered.owner or of(ws)


def shown(ws: Workspace) -> Owner:
    """Give what was heard last, or what the folder tells, and ask only when that is not clear.

    For listings: nothing is decided by it, and a command that only looks need not wait for a server, or start one.
    """
    if ws.remembered.owner is not None:
        return ws.remembered.owner
    alone = owners.alone(_sets(ws), ws.database_name)
    return _as_noted(ws, alone) if alone is not None else of(ws)


def require_own(ws: Workspace, database: Database[Doc], backup: BackupSet, *, foreign: bool) -> None:
    """Raise ``ForeignBackup`` for a set of another database, unless somebody has said that it is meant."""
    owner = of(ws, database)
    if foreign or owner.may_restore(backup):
        return
    here = f"“{owner.database}”" + (f" ({owner.database_id[:8]})" if owner.database_id else "")
    raise ForeignBackup(
        f"Backup {backup.label} is of the database {owners.called(backup)}, and this is {here}.",
        hint="If it is meant: tick the box that names both, give --from-other-database, or foreign=True. If this "
             "database takes the place of the other one, adopt its backups.")


def _asked(ws: Workspace, database: Database[Doc]) -> Owner:
    identity = identities.read(database)
    replica_set = _replica_set(database)
    if identity is None:
        return Owner("", database.name, replica_set, unnamed=True, question=_dropped(ws, database))
    return Owner(
        identity.database_id, database.name, replica_set, unnamed=_has_unnamed(ws, identity, database.name),
        adopted=identity.adopted, question=identity.question,
    )


def _has_unnamed(ws: Workspace, identity: Identity, name: str) -> bool:
    return claim.holds(ws.storage, identity, name) or claim.is_open(ws.storage, identity, name, _sets(ws))


def _replica_set(database: Database[Doc]) -> str:
    if not answers_commands(database):
        return ""
    with database_errors(database):
        return str(database.client.admin.command("hello").get("setName", ""))


def _dropped(ws: Workspace, database: Database[Doc]) -> Question | None:
    """Whether everything looks as if this database had been lost: nothing in it, and sets that hold something."""
    with database_errors(database):
        if any(database[source.collection].find_one({}, {"_id": 1}) is not None for source in ws.sources):
            return None
    full = [backup for backup in _sets(ws)
            if backup.usable and any(backup.counts.values()) and backup.trigger != "imported"]
    return Question("dropped", full[-1].label) if full else None


def _guessed(ws: Workspace) -> Owner:
    sets = _sets(ws)
    # under another name, too, when nobody else's sets are there: with the database down one can only look at them
    named, only = owners.alone(sets, ws.database_name), owners.alone(sets, "")
    return _as_noted(ws, named or only or Owner(database=ws.database_name, guessed=True))


def _as_noted(ws: Workspace, guessed: Owner) -> Owner:
    """A guess knows from the folder whether the database stood by when it was last asked."""
    return replace(guessed, standby=standby.noted(ws.storage, ws.database_name or guessed.database))


def _sets(ws: Workspace) -> Sequence[BackupSet]:
    try:
        return ws.catalog.sets(fresh=False)
    except BackupError:
        return ()
