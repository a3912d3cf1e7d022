"""Large backups, restores, merges and undos in a process of their own, of lower priority, beside visitors' pages.

The process asks for the role again before it begins, by the same session. It holds the locks, so whoever looks sees a
backup or a restore running as ever; when it is killed, what it left is cleared up or finished at once. It stops at its
next safe point when it is asked to, and when the process that started it is gone.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from typing import Any, Final

from pymongo.errors import PyMongoError

from backup_engine import api
from backup_engine.api import BackupError, RestoreStopped, Watch
from backup_engine.errors import Busy, DatabaseUnreachable, RestoreIncomplete
from equipment import backups as all_backups
from equipment.backups import Backups, Beside, Caller
from equipment.beside import process, serving
from equipment.restores.works import Work
from equipment.server import database
from equipment.settings import Settings, use
from equipment.store.access import SYSTEM, Db, require

__all__ = ["LARGE", "beside", "serve"]

log = logging.getLogger(__name__)
LARGE: Final = 10_000
"""Records from which on it pays: the process takes 0.7 s to start, and so many records are written in less."""
PROGRAM: Final = "from equipment.aside import sets; sets.serve()"
HINT: Final = "Perhaps the machine is short of memory."


def beside(settings: Settings) -> Beside:
    """Give what does the work of this installation."""
    return partial(_do, settings)


def _do(settings: Settings, backups: Backups, caller: Caller, work: Work, watch: Watch) -> Any:
    """Do it beside this process if that pays, else here.

    Raises what the work raises, and what an interrupted one raises when the process ends before its work is done.
    """
    ws = backups.workspace(caller)
    if not _pays(ws, caller, work):
        return work.run(ws, caller.name, watch)
    db = ws.connect()
    before = _last_change(db)
    request = {"settings": process.told(settings), "caller": (caller.name, caller.who, caller.keys), "work": work}
    try:
        # Counted here as well: a monitor asks this process how backups and restores end.
        return ws.runs.count(work.verb, ws.clock, lambda: process.call(
            PROGRAM, request, watch=watch, ended=partial(_ended, ws, work, before)))
    finally:
        with suppress(BackupError):
            api.owner_of(ws)  # the first backup of a database writes down whose they are


def _pays(ws: api.Workspace, caller: Caller, work: Work) -> bool:
    """Whether it is large, and somebody's whose role the process can ask for: not one of another app's people."""
    if not caller.own_app and caller.who != SYSTEM:
        return False
    try:
        db = ws.connect()
        there = sum(db[source.collection].estimated_document_count() for source in ws.sources)
    except (BackupError, PyMongoError):  # the work itself says it
        return False
    return process.works(db.client) and max(there, work.size) > LARGE


def _last_change(db: Db) -> str:
    return next((past.entry.id for past in api.past(db)), "")


def _ended(ws: api.Workspace, work: Work, before: str, code: int) -> BackupError:
    """Clear up or finish what it left, and say what has become of the list."""
    problem = f"the {work.noun}'s own process ended unexpectedly (exit code {code})"
    if not work.size:
        return BackupError(problem, hint=HINT)
    try:
        for said in api.recover_now(ws):
            log.warning("%s", said)
        changed = _last_change(ws.connect()) != before
    except (Busy, DatabaseUnreachable, PyMongoError) as error:  # the next restore or start of the server does it
        log.warning("what an interrupted %s left was not cleared up: %s", work.noun, error)
        return BackupError(problem, hint="What it left is cleared up or finished later; look at the list then.")
    if changed:
        return RestoreIncomplete(problem, hint="Look at the list, and choose Undo if it is not what you want.")
    return RestoreStopped(problem, hint=HINT)


def serve() -> None:
    """Be the process."""
    try:
        serving.serve(lambda _, pieces: list(pieces), _done)
    finally:
        database.close()


def _done(request: dict[str, Any], _: Any, watch: Watch) -> Any:
    settings: Settings = request["settings"]
    name, who, keys = request["caller"]
    work: Work = request["work"]
    with use(settings):  # what is said in the environment is not said to this process
        require(database.connect(settings), who, work.action)
        here = all_backups.of(settings, lambda: database.connect(settings))
        return work.run(here.workspace(Caller(name, lambda _: None, who, keys=keys)), name, watch)
