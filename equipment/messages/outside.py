"""For a backup by cron or by hand, without a server: the dead-man URL hears of it, and whoever is to be told is told.

Nothing here may fail a backup, and none of it is loaded where an installation names nobody to tell.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import PyMongoError

from backup_engine import api
from backup_engine.api import BackupError, DatabaseUnreachable, Preferences
from backup_engine.errors import Busy, Cancelled
from equipment.messages import dead_man
from equipment.messages.dead_man import What
from equipment.messages.messenger import Messenger
from equipment.settings import Settings

__all__ = ["reported"]

log = logging.getLogger(__name__)
START_SECONDS = 5.0
"""For so long at most a backup waits until the dead-man URL was told that it begins."""


@contextmanager
def reported(settings: Settings, workspace: api.Workspace) -> Iterator[None]:
    """Do a backup inside: its outcome is told. What it raises goes on as it is.

    While another process keeps the schedule it is that one's to tell; the dead-man URL is told in any case, unless the
    database is a recovered copy that stands by.
    """
    scheduler = api.Scheduler(workspace, Preferences(interval_hours=settings.backup_interval_hours))
    messenger = Messenger(settings, scheduler)
    acts = scheduler.standby is None
    if acts:
        _ping(settings, "start", START_SECONDS)
    try:
        yield
    except (Busy, Cancelled):  # another run reports, or a person knows
        raise
    except BaseException as error:
        if acts and isinstance(error, Exception):
            _ping(settings, "fail", dead_man.SECONDS)
            _tell(scheduler, messenger)
        raise
    if acts:
        _ping(settings, "success", dead_man.SECONDS)
        _tell(scheduler, messenger)


def _ping(settings: Settings, what: What, seconds: float) -> None:
    if settings.dead_man_url is None:
        return
    if problem := dead_man.ping(settings.dead_man_url.get_secret_value(), what, seconds):
        log.warning("the dead-man URL was not told of a %s: %s", what, problem)


def _tell(scheduler: api.Scheduler, messenger: Messenger) -> None:
    try:
        try:
            scheduler.refresh()
            scheduler.leader.ask(scheduler.workspace.connect())
        except DatabaseUnreachable:
            scheduler.leader.unheard()
        messenger.tick()
    except (BackupError, PyMongoError) as problem:
        log.warning("nobody could be told: %s", problem)
    except Exception:  # a backup that was made must not look as if it had failed
        log.exception("telling failed")
    finally:
        scheduler.leader.give_back()
