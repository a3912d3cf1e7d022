"""The choices admins make about what is done by itself, shared by every process through MongoDB.

One document that keeps its versions (``mongo.versions``).

What an option of the installation says is not stored: it counts as long as it is given, and cannot be changed here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from reprlib import repr as short
from typing import Any

from pymongo.database import Database

from backup_engine.errors import BackupError, BadInput
from backup_engine.mongo import versions
from backup_engine.mongo.capabilities import database_errors
from backup_engine.mongo.pinned import DURABLE
from backup_engine.mongo.versions import Changed, Version
from backup_engine.policy.cron import Cron, parse
from backup_engine.policy.due import check_interval
from backup_engine.policy.schedule import Schedule
from backup_engine.policy.tiers import checked as checked_tiers
from backup_engine.policy.time_zones import check_zone
from backup_engine.remotes.address import check_name

__all__ = ["SCHEDULES", "Changed", "Preferences", "Version", "given_by", "history", "load", "save", "seed"]

log = logging.getLogger(__name__)
DOCUMENT = "preferences"
LONGEST_DAYS = 365.0
VERIFIED_EVERY_HOURS = 24.0
SCHEDULES = {"backup": "backup_cron", "verify": "verify_cron", "drill": "drill_cron", "time_zone": "time_zone",
             "continuous": "continuous"}
"""What an option can say of what is done by itself, and the preference of that meaning."""


@dataclass(frozen=True)
class Preferences:
    """How often and whether at all backups are made, sent, verified and rehearsed by themselves."""

    interval_hours: float = 1.0
    automatic: bool = True
    drill_every_days: float = 7.0
    """Days between two restore drills; 0 switches them off."""
    backup_cron: str = ""
    """Cron text that decides in place of the interval; empty for none, like the next ones."""
    verify_cron: str = ""
    """Without one, what was not verified for 7 days is looked for once a day."""
    drill_cron: str = ""
    remote_crons: Mapping[str, str] = field(default_factory=dict)
    """When a remote gets what waits for it, by its name; one that is not named gets every backup when it is made."""
    time_zone: str = ""
    """Whose clock all cron texts go by; empty for this machine's."""
    continuous: bool = False
    """Whether a backup is made within a minute of every change."""
    version: int = field(default=0, compare=False)
    changed: Mapping[str, Changed] = field(default_factory=dict, compare=False)
    """The last change of each preference that anybody changed, by its name."""

    @property
    def backups(self) -> Schedule:
        """When backups are made."""
        return Schedule(self.interval_hours, self._cron(self.backup_cron))

    @property
    def verification(self) -> Schedule:
        """When is looked for what was not verified for 7 days."""
        return Schedule(VERIFIED_EVERY_HOURS, self._cron(self.verify_cron))

    @property
    def drills(self) -> Schedule | None:
        """When a restore is rehearsed; None for never."""
        cron = self._cron(self.drill_cron)
        return Schedule(24 * self.drill_every_days, cron) if self.drill_every_days or cron else None

    def sending(self, remote: str) -> Schedule | None:
        """When a remote gets what waits for it; None for as soon as it is there."""
        cron = self._cron(self.remote_crons.get(remote, ""))
        return Schedule(cron=cron) if cron else None

    def _cron(self, text: str) -> Cron | None:
        return Cron(text, self.time_zone) if text else None


def load(
    database: Database[dict[str, Any]], defaults: Preferences, given: Mapping[str, str] | None = None
) -> Preferences:
    """Give what counts: what an option says (``given``, by the keys of ``SCHEDULES``), else what is stored, else the
    default. Raises ``DatabaseUnreachable``.

    What is stored and cannot be used, by a later version or by hand, counts as not stored.
    """
    stored = versions.stored(database, DOCUMENT)
    known = dict[str, Any]()
    for name, rule in _RULES.items():
        if name in stored:
            try:
                known[name] = rule(stored[name])
            except BackupError as problem:
                log.warning("the stored preference %s is left out: %s", name, problem)
    number = stored.get("version")
    return replace(defaults, **{**known, **given_by(given or {})}, version=number if type(number) is int else 0,
                   changed=versions.changes(stored.get("changed")))


def save(
    database: Database[dict[str, Any]], *, by: str = "", at: datetime | None = None, version: int | None = None,
    **changes: Any,
) -> None:
    """Store preferences by name, as a new version of the document, made ``by`` somebody ``at`` a moment.

    ``version`` is the one that was looked at. Raises ``BadInput`` for what cannot be used, and when another version
    came meanwhile.
    """
    values = {name: _RULES[name](value) for name, value in changes.items()}
    versions.store(database, DOCUMENT, values, by=by, at=at, version=version)


def seed(database: Database[dict[str, Any]], interval_hours: float) -> None:
    """Set the interval unless somebody has set one already; nobody's change, so the version stays."""
    chosen = check_interval(interval_hours)
    if "interval_hours" not in versions.stored(database, DOCUMENT):
        with database_errors(database):
            state = database[versions.COLLECTION].with_options(write_concern=DURABLE)
            state.update_one({"_id": DOCUMENT}, {"$set": {"interval_hours": chosen}}, upsert=True)


def history(database: Database[dict[str, Any]]) -> list[Version]:
    """Give the versions that are kept, newest first; the tiers of retention stand in the same document."""
    return versions.history(database, DOCUMENT, {**_RULES, "tiers": checked_tiers})


def given_by(options: Mapping[str, str]) -> dict[str, Any]:
    """Give the preferences that options decide about, by name. Raises ``BadInput`` naming what cannot be used."""
    if not isinstance(options, Mapping):
        raise BadInput(f"schedules must be cron texts by {', '.join(SCHEDULES)}, not {type(options).__name__}.")
    for name in options:
        if name not in SCHEDULES:
            raise BadInput(f"{short(name)} is nothing that has a schedule: use {', '.join(SCHEDULES)}.")
    return {SCHEDULES[name]: _RULES[SCHEDULES[name]](value) for name, value in options.items() if value != ""}


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadInput(f"Automatic backups are on (True) or off (False), not {short(value)}.")
    return value


def _continuous(value: Any) -> bool:
    if value not in (True, False, "true", "false") or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        raise BadInput(f"Continuous protection is on (true) or off (false), not {short(value)}.")
    return value in (True, "true")


def _days(value: Any) -> float:
    # A bool is an int to Python: True would be a day.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= LONGEST_DAYS:
        raise BadInput(f"Days between drills are a number from 0, which is never, to {LONGEST_DAYS:g}, "
                       f"not {short(value)}.")
    return float(value)


def _cron(value: Any) -> str:
    return "" if value == "" else parse(value).text


def _crons(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise BadInput(f"Schedules of remotes are cron texts by name, not {type(value).__name__}.")
    return {check_name(name): parse(text).text for name, text in value.items() if text != ""}


_RULES: dict[str, Callable[[Any], Any]] = {
    "interval_hours": check_interval, "automatic": _switch, "drill_every_days": _days, "backup_cron": _cron,
    "verify_cron": _cron, "drill_cron": _cron, "remote_crons": _crons, "time_zone": check_zone,
    "continuous": _continuous,
}
"""Every preference, and what makes a value one that can be used."""
