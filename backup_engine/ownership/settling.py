"""Before and while a set is written: the database gets its id, claims old sets, and notes what it writes."""

from __future__ import annotations

import logging
from dataclasses import replace

from backup_engine.errors import BackupError, ChoiceNeeded
from backup_engine.locking.locks import Hold
from backup_engine.ownership import claim, identity as identities, lookup
from backup_engine.ownership.owner import Owner, Question
from backup_engine.repository.manifest import Origin
from backup_engine.workspace import Workspace

__all__ = ["settle", "stamp"]

log = logging.getLogger(__name__)


def settle(ws: Workspace, held: Hold) -> Owner:
    """Say whose backups are about to be made, and see to it that the database has an id, where one can be written.

    Raises ``ChoiceNeeded`` for a database that may have been lost. A set that shows a copy or a roll-back becomes a
    question that stays until somebody answers it.
    """
    database = held.need_database()
    owner = lookup.of(ws, database)
    if owner.question is not None and owner.question.kind == "dropped":
        raise ChoiceNeeded(f"{owner.question.words}.", hint="Do so on the Backup & Restore page, or with the commands "
                                                            "adopt and owners.")
    if not held.capabilities.can_write and held.capabilities.commands:
        return owner
    identity = identities.create(database)
    sets = ws.catalog.sets(fresh=False)
    claimed = claim.stake(ws.storage, identity, database.name, sets)
    if claimed:
        identities.note_claim(database)
    strange = None if identity.question else identity.stranger(sets)
    if strange is not None:
        log.warning("backup %s bears this database's id and was not written by it", strange.label)
        identities.ask(database, Question("diverged", strange.label))
    # nothing has changed since it was asked, but at a first backup and where something was just found
    return lookup.of(ws, database) if claimed or strange or not owner.database_id else owner


def stamp(held: Hold, origin: Origin, backup_id: str, seq: int, *, counted: bool = True) -> Origin:
    """Complete the origin of a set that is about to be committed, and let its database note it.

    Not ``counted``, it is none of the numbered sets. A set that cannot be noted (a user who may only read, no majority,
    no database) carries no number.
    """
    if held.database is None:
        return origin
    # a set made of documents belongs to the database for which it was made
    named = origin if origin.database else replace(origin, database=held.database.name)
    known = identities.read(held.database)
    owner_id = named.database_id
    if owner_id is None and known is not None and named.database == held.database.name:
        owner_id = known.database_id
    whole = replace(named, database_id=owner_id,
                    replica_set=named.replica_set or (held.capabilities.set_name if not origin.database_id else ""))
    if known is None or owner_id != known.database_id or not counted:
        return whole
    if held.capabilities.commands and not held.capabilities.can_write:
        return whole
    try:
        return replace(whole, number=identities.write_down(held.database, backup_id, seq))
    except BackupError as problem:
        log.warning("the database could not note the backup it is about to make: %s", problem)
        return whole
