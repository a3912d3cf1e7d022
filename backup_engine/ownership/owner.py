"""Which sets belong to a database: pure rules over what the sets and the database say.

Several databases may keep their backups in one folder, and a database may be copied, dropped or moved. So a set carries
the id of its database, and only a database's own sets count for it: as the last backup, as the newest good one, as a
base, for retention, Undo, history, and lost & found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from backup_engine.model import BackupSet
from backup_engine.ownership.standby import Standby

__all__ = ["Adopted", "Owner", "Question", "Relation", "called", "name_of"]

Relation = Literal["own", "adopted", "everybody", "foreign"]
"""own: made of this database. adopted: of another one whose sets this one has taken over. everybody: of the original
system or without readable metadata, so that nobody knows. foreign: of another database."""


@dataclass(frozen=True)
class Adopted:
    """Another database whose sets this one has taken over."""

    database_id: str
    """Empty for the sets of that name that carry no id."""
    database: str
    gone: bool = False
    """Whether an administrator said that the old database is no more: only then retention may touch its sets."""


@dataclass(frozen=True)
class Question:
    """What an administrator has to say before everything goes on as usual.

    dropped: the lists are empty and the folder holds sets that are not, so the database may have been lost.
    diverged: there is a set with this database's id that it does not know, so it was copied or rolled back.
    """

    kind: Literal["dropped", "diverged"]
    label: str
    """The set that shows it."""

    @property
    def words(self) -> str:
        """The question, and how to answer it."""
        if self.kind == "dropped":
            return (f"this database has never been backed up and its lists are empty, but there are backups with "
                    f"records (newest: {self.label}). Adopt them if it takes the place of their database, or start "
                    "anew")
        return (f"there is a backup with this database's id that it does not know ({self.label}): it is a copy of "
                "another database, or it was rolled back to an earlier state. Say which")


@dataclass(frozen=True)
class Owner:
    """A database, as far as it matters to whom a set belongs."""

    database_id: str = ""
    """Empty while it has none: its name and its replica set count then."""
    database: str = ""
    replica_set: str = ""
    unnamed: bool = False
    """Whether the sets of its name that carry no id are its own."""
    adopted: tuple[Adopted, ...] = ()
    question: Question | None = None
    standby: Standby | None = None
    """Whose copy it is, while it does not act as the original."""
    guessed: bool = False
    """Whether only the folder was asked: good enough to look, and not to delete anything."""

    def relation(self, backup: BackupSet) -> Relation:
        """Say whose a set is."""
        if backup.state in ("legacy", "orphan") or (backup.state == "damaged" and not backup.metadata):
            return "everybody"
        if not backup.database_id and not backup.database:
            return "own"  # made of documents, by a repair or an import, when no database was there to ask
        if backup.database_id and backup.database_id == self.database_id:
            return "own"
        if self._adoption(backup) is not None:
            return "adopted"
        return "own" if self._is_unnamed(backup) and self.unnamed else "foreign"

    def owns(self, backup: BackupSet) -> bool:
        """Whether the set was made of this database."""
        return self.relation(backup) == "own"

    def may_restore(self, backup: BackupSet) -> bool:
        """Whether it may be restored without a word."""
        return self.relation(backup) != "foreign"

    def may_prune(self, backup: BackupSet) -> bool:
        """Whether retention may look at it at all."""
        if self.guessed and backup.database:
            return False
        if self.owns(backup):
            return True
        adoption = self._adoption(backup)
        return adoption is not None and adoption.gone

    def own(self, sets: Iterable[BackupSet]) -> list[BackupSet]:
        """Keep the sets made of this database, in the order given."""
        return [backup for backup in sets if self.owns(backup)]

    def at_hand(self, sets: Iterable[BackupSet]) -> list[BackupSet]:
        """Keep what belongs to this database, was adopted, or belongs to everybody."""
        return [backup for backup in sets if self.may_restore(backup)]

    def foreign(self, sets: Iterable[BackupSet]) -> list[BackupSet]:
        """Keep the sets of other databases."""
        return [backup for backup in sets if not self.may_restore(backup)]

    def adopting(self, database_id: str, database: str) -> tuple[Adopted, ...]:
        """What it has adopted, and that database; what was said of it before stays."""
        known = any(other.database_id == database_id and (database_id or other.database == database)
                    for other in self.adopted)
        if known or database_id == self.database_id:
            return self.adopted
        return (*self.adopted, Adopted(database_id, database))

    def _adoption(self, backup: BackupSet) -> Adopted | None:
        return next((adopted for adopted in self.adopted if adopted.database_id == backup.database_id
                     and (adopted.database_id or adopted.database == backup.database)), None)

    def _is_unnamed(self, backup: BackupSet) -> bool:
        # a set of version 1.1 or before does not say which replica set it is of
        same_server = backup.replica_set in ("", self.replica_set)
        return not backup.database_id and backup.database == self.database and same_server


def called(backup: BackupSet) -> str:
    """Name the database of a set for people: two of one name are told apart by the beginning of their ids."""
    return name_of(backup.database, backup.database_id)


def name_of(database: str, database_id: str) -> str:
    """The same for a database of which no set is at hand."""
    name = f"“{database}”" if database else "an unnamed database"
    return f"{name} ({database_id[:8]})" if database_id else name


def alone(sets: Sequence[BackupSet], name: str) -> Owner | None:
    """Guess the owner from a folder: where one database only bears the name, or there is one only and no name."""
    sources = [backup for backup in sets if backup.state == "complete" and backup.database]
    named = [backup for backup in sources if not name or backup.database == name]
    ids = {backup.database_id for backup in named} - {""}
    names = {backup.database for backup in named}
    servers = {backup.replica_set for backup in named} - {""}
    if len(ids) <= 1 and len(names) == 1 and len(servers) <= 1:
        return Owner(next(iter(ids), ""), names.pop(), next(iter(servers), ""), unnamed=True, guessed=True)
    return None if sources else Owner(database=name, unnamed=True, guessed=True)
