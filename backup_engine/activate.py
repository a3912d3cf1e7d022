"""Let a recovered copy act as the original did, which an administrator has to say.

From then on it makes backups by itself, sends them, and clears its own old ones away; the sets of the original are
adopted. A remote that the original wrote to is still the original's until it is taken over.
"""

from __future__ import annotations

from dataclasses import dataclass

from backup_engine.deeds import told
from backup_engine.errors import BackupError, BadInput
from backup_engine.locking.locks import hold
from backup_engine.ownership import identity as identities, lookup, standby
from backup_engine.ownership.standby import Standby
from backup_engine.workspace import Workspace

__all__ = ["Activated", "activate"]

WAIT_SECONDS = 5.0
"""A person who lets a copy act need not learn that a backup by hand has just begun."""


@dataclass(frozen=True)
class Activated:
    """A copy that acts from now on."""

    standby: Standby
    """Whose copy it is."""

    @property
    def message(self) -> str:
        """In words."""
        copy = self.standby
        return (f"This copy of “{copy.database}”, recovered from backup {copy.label}, acts from now on: automatic "
                "backups, uploads and retention are on. The backups of the original are adopted. A remote that the "
                "original wrote to has to be taken over.")


@told("backup.activate")
def activate(ws: Workspace) -> Activated:
    """Let this recovered copy act; proven by asking the database once more.

    The original's sets are adopted, and retention leaves them alone until somebody says that it is gone. Other
    processes see it at their next look. Raises ``BadInput`` for a database that stands by for nobody, ``Busy``,
    ``DatabaseUnreachable``.
    """
    with hold(ws, "adopt", wait=WAIT_SECONDS) as held:
        database = held.need_database()
        held.check()
        copy = standby.read(database)
        if copy is None:
            raise BadInput("This database is no recovered copy that stands by: it acts already.")
        # an id of its own before it writes anywhere: what bears the original's id belongs to the original
        identities.create(database, claimed=False)
        if copy.database_id or copy.database:
            identities.adopt(database, lookup.ask(ws, database).adopting(copy.database_id, copy.database))
        standby.leave(database, ws.clock())
        if lookup.ask(ws, database).standby is not None:
            raise BackupError("somebody recovered into this database at the same moment", hint="Look at status.")
    return Activated(copy)
