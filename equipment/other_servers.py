"""What another server of this database does to the list or the backups, for the screens, and asking it to stop."""

from __future__ import annotations

import logging

from pymongo.errors import PyMongoError

from backup_engine.api import BackupError
from equipment.backups import WRITING, Backups, Caller
from equipment.store import work
from equipment.store.work import Told, Work

__all__ = ["at_work", "stop"]

log = logging.getLogger(__name__)


def at_work(backups: Backups) -> Work | None:
    """Give what another server does; None where that cannot be asked."""
    job = backups.jobs.latest(WRITING)
    mine = [job.hear.number] if job is not None and isinstance(job.hear, Told) else []
    try:
        return next(iter(work.elsewhere(backups.engine.workspace.connect(), WRITING, mine)), None)
    except (BackupError, PyMongoError) as error:
        log.info("what other servers do cannot be asked: %s", type(error).__name__)
        return None


def stop(backups: Backups, caller: Caller, doing: Work) -> None:
    """Ask the server that does it to stop at the next safe point. Raises ``AdminOnly``."""
    caller.check("backup.create")
    work.ask_to_stop(backups.engine.workspace.connect(), caller.who, doing)
