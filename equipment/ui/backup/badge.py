"""The backups in a few words for the header: what could be lost, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from backup_engine import api
from backup_engine.api import BackupSet
from equipment import backups, continuous, copies
from equipment.backups import Backups
from equipment.glance import Glance
from equipment.server import application
from equipment.ui import time_zone
from equipment.ui.backup import words
from equipment.ui.backup.risk import Badge, Facts, Level, Slow, judge
from equipment.ui.context import App

__all__ = ["STANDING_BY", "Badge", "Level", "of"]

ASKED = {"dropped": Badge("No backups are made: whose are those in the folder?", "alarm"),
         "diverged": Badge("Is this database a copy, or was it rolled back?", "alarm")}
"""While an administrator has to say something, that is what matters."""
STANDING_BY = Badge("Recovered copy: automatic backups are off", "alarm")

_glances: WeakKeyDictionary[Backups, Glance[Slow]] = WeakKeyDictionary()


def of(app: App) -> Badge:
    """Judge this installation's backups: from the folder, and from what was found out within the last seconds."""
    here = backups.of(app.settings, application.connector(app.settings))
    owner = here.owner()
    if owner.standby is not None:
        return STANDING_BY
    if owner.question is not None:
        return ASKED[owner.question.kind]
    return judge(_facts(here))


def _facts(here: Backups) -> Facts:
    newest, preferences, now = here.newest_good(), here.scheduler.preferences, here.now()
    checks = here.scheduler.checks()
    slow = _glances.setdefault(here, Glance()).get(newest.backup_id if newest else "", lambda: _slow(here))
    return Facts(
        newest.started if newest else None, now, preferences.backups.gap(now),
        verified=words.level(here.checks().get(newest.backup_id)) if newest else "", off=_off(here),
        protected=continuous.acts(here), failed=bool(checks) and checks[0].result == "failed",
        application_safe=newest is None or not here.application_trouble(newest), slow=slow)


def _off(here: Backups) -> str:
    preferences = here.scheduler.preferences
    if preferences.automatic:
        return ""
    change = preferences.changed.get("automatic")
    if change is None:
        return "Automatic backups are off"
    who = f", by {change.by:.40}" if change.by else ""
    return f"Automatic backups are off since {words.moment(change.at, time_zone.of_reader())[:16]}{who}"


def _slow(here: Backups) -> Slow:
    newest, found = here.newest_good(), copies.surveyed(here)
    bad = _damaged(here)
    away = [copy.newest.started for copy in found.away if copy.newest is not None]
    return Slow(
        here.risk.loss(), found.empty, len(bad), reaches(newest, bad), max(away, default=None),
        bool(found.away), tuple(standing.name for standing in found.standings if standing.state == "trouble"))


def reaches(newest: BackupSet | None, damaged: Iterable[BackupSet]) -> bool:
    """Whether damage is that of the newest good set: of itself, of what it rests on, or of what came after it."""
    return newest is not None and any(
        backup.backup_id in (newest.backup_id, newest.base) or backup.rank > newest.rank for backup in damaged)


def _damaged(here: Backups) -> list[BackupSet]:
    ws, bad = here.engine.workspace, api.bad(here.checks())
    sets = here.owner().at_hand(ws.catalog.sets(fresh=False))
    return [backup for backup in sets if backup.state == "damaged" or backup.backup_id in bad]
