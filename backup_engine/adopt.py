"""Say whose the backups in a folder are: adopt those of another database, start anew, tell a copy from a roll-back.

Nothing in the folder is rewritten: what is said stands in the database that says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pymongo.database import Database

from backup_engine.deeds import told
from backup_engine.errors import BadInput, NoBackupsFound
from backup_engine.locking.locks import hold
from backup_engine.model import BackupSet
from backup_engine.ownership import identity as identities, lookup
from backup_engine.ownership.owner import Adopted, Owner, Relation, name_of
from backup_engine.workspace import Workspace

__all__ = ["Holding", "adopt", "holdings", "is_copy", "start_anew", "was_rolled_back"]

WAIT_SECONDS = 5.0
"""A person who answers a question need not learn that a backup has just begun."""
ALL = "all"


@dataclass(frozen=True)
class Holding:
    """The sets of one database in the folder."""

    database_id: str
    database: str
    relation: Relation
    sets: tuple[BackupSet, ...]
    """Oldest first; none of an adopted database whose sets lie in a remote alone."""
    gone: bool = False
    """Whether somebody said that this database is no more; only of adopted ones."""

    @property
    def called(self) -> str:
        """Its name for people."""
        return name_of(self.database, self.database_id)


def holdings(ws: Workspace, owner: Owner | None = None) -> list[Holding]:
    """List whose sets lie in the folder, this database first, and what is adopted though none of its sets lies there.

    Sets that name no database are left out.
    """
    known = owner or lookup.of(ws)
    groups: dict[tuple[str, str], list[BackupSet]] = {}
    for backup in ws.catalog.sets(fresh=False):
        if backup.database:
            # the sets of one id are one database's, though it may have been renamed
            groups.setdefault((backup.database_id, "" if backup.database_id else backup.database), []).append(backup)
    listed = [_holding(known, sets) for sets in groups.values()]
    listed += [Holding(other.database_id, other.database, "adopted", (), other.gone) for other in known.adopted
               if (other.database_id, "" if other.database_id else other.database) not in groups]
    order = {"own": 0, "adopted": 1, "everybody": 2, "foreign": 3}
    return sorted(listed, key=lambda holding: (order[holding.relation], holding.database))


@told("backup.adopt")
def adopt(ws: Workspace, which: str = "", *, gone: bool | None = None) -> list[Holding]:
    """Take over the sets of another database, named by its id (or the beginning of it), by its name, or ``all``.

    Without a name there must be sets of one other database only. ``gone`` says that the old database is no more, so
    that retention may clear its sets away; that can be said later, too. Gives what is adopted now. Raises ``BadInput``
    for a name that fits none or several, ``NoBackupsFound`` when there is nothing to adopt.
    """
    with _deciding(ws) as (database, owner):
        others = [holding for holding in holdings(ws, owner) if holding.relation in ("foreign", "adopted")]
        chosen = _chosen(others, which, may_be_none=owner.question is not None)
        identities.create(database, claimed=False)
        identities.adopt(database, _merged(owner.adopted, chosen, gone))
    return [holding for holding in holdings(ws) if holding.relation == "adopted"]


@told("backup.start_anew")
def start_anew(ws: Workspace) -> Owner:
    """This database has nothing to do with the backups that lie there: it gets an id, they stay as they are.

    Raises ``BadInput`` when it has an id already.
    """
    with _deciding(ws) as (database, owner):
        if owner.database_id:
            raise BadInput("This database has its own backups already.")
        identities.create(database, claimed=False)
    return lookup.of(ws)


@told("backup.is_copy")
def is_copy(ws: Workspace) -> Owner:
    """This database is a copy of another one: it gets an id of its own, and the sets so far belong to the other."""
    with _deciding(ws) as (database, owner):
        _require_question(owner)
        identities.renew(database)
    return lookup.of(ws)


@told("backup.was_rolled_back")
def was_rolled_back(ws: Workspace) -> Owner:
    """This database is the one that made the sets it does not know: it was brought back to an earlier state."""
    with _deciding(ws) as (database, owner):
        _require_question(owner)
        numbers = [backup.number or 0 for backup in owner.own(ws.catalog.sets())]
        identities.trust(database, max(numbers, default=0))
    return lookup.of(ws)


@contextmanager
def _deciding(ws: Workspace) -> Iterator[tuple[Database[dict[str, Any]], Owner]]:
    with hold(ws, "adopt", wait=WAIT_SECONDS) as held:
        database = held.need_database()
        held.check()
        yield database, lookup.of(ws, database)


def _require_question(owner: Owner) -> None:
    if owner.question is None or owner.question.kind != "diverged":
        raise BadInput("Nothing looks as if this database had been copied or rolled back.")


def _holding(owner: Owner, sets: list[BackupSet]) -> Holding:
    newest = sets[-1]
    relation = owner.relation(newest)
    return Holding(newest.database_id, newest.database, relation, tuple(sets),
                   gone=relation == "adopted" and owner.may_prune(newest))


def _chosen(others: list[Holding], which: str, *, may_be_none: bool) -> list[Holding]:
    if which == ALL or (not which and (len(others) == 1 or (not others and may_be_none))):
        fitting = others
    elif not which:
        fitting = []
    else:
        fitting = [holding for holding in others if which in (holding.database, holding.called)
                   or (holding.database_id and len(which) >= 4 and holding.database_id.startswith(which))]
    if fitting or (not which and may_be_none):
        if which and which != ALL and len({holding.database_id for holding in fitting}) > 1:
            raise BadInput(f"{which} fits several: {_listed(fitting)}. Name one by its id, or all.")
        return fitting
    if not others:
        raise NoBackupsFound("there are no backups of another database in the folder")
    raise BadInput(f"Say which: {_listed(others)}, or all.")


def _listed(holdings: Iterable[Holding]) -> str:
    return ", ".join(f"{holding.called} with {len(holding.sets):,} backups" for holding in holdings)


def _merged(before: Iterable[Adopted], chosen: Iterable[Holding], gone: bool | None) -> list[Adopted]:
    adopted = {(other.database_id, other.database): other for other in before}
    for holding in chosen:
        name = (holding.database_id, holding.database)
        known = adopted.get(name, Adopted(*name))
        adopted[name] = known if gone is None else replace(known, gone=gone)
    return list(adopted.values())
