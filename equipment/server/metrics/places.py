"""The backups of each place: the folder, and every remote as far as it is noted here. Nobody else is spoken to.

Places are named as the pages name them, and by nothing else: an address may tell more than a monitor has to know.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backup_engine import api
from backup_engine.api import BackupSet
from equipment.server.metrics.samples import Sample
from equipment.server.metrics.view import View

__all__ = ["FOLDER", "MOST", "read"]

log = logging.getLogger(__name__)
FOLDER: Final = "This folder"
"""No remote can be called so: their names have small letters."""
MOST: Final = 50
"""Remotes beyond this are left out: every one is a dozen time series, and a folder may hold notes of any number."""
LEVELS: Final = {1: "stored bytes", 2: "every row", 3: "restored"}


def read(view: View) -> Iterator[Sample]:
    """Tell of every place."""
    yield from _folder(view)
    if len(view.standings) > MOST:
        log.info("/metrics tells of %d remotes of %d", MOST, len(view.standings))
    for standing in view.standings[:MOST]:
        yield from _remote(view, standing)


def _folder(view: View) -> Iterator[Sample]:
    ws, place = view.workspace, (FOLDER,)
    sets = view.owner.at_hand(ws.catalog.sets(fresh=False))
    yield Sample("place_up", not ws.catalog.unreadable, place)
    checks = api.checks(ws.storage)
    bad = api.bad(checks)
    yield Sample("backup_sets", sum(backup.usable for backup in sets), place)
    yield Sample("backup_damaged_sets", sum(backup.state == "damaged" or backup.backup_id in bad for backup in sets),
                 place)
    sound = [check.when for check in checks.values() if check.ok]
    if sound:
        yield Sample("verification_age_seconds", max(sound), place)
    # what a verification spoke against is no good one, although it lies there whole
    newest = ws.catalog.newest_good(lambda backup: view.owner.owns(backup) and backup.backup_id not in bad)
    if newest is not None:
        yield from _newest(newest, place, _level(newest, checks))


def _remote(view: View, standing: api.Standing) -> Iterator[Sample]:
    line, place = standing.line, (standing.name,)
    if line.problem or line.last_sent or line.there is not None:  # else nobody has tried yet
        yield Sample("place_up", not line.problem, place)
    if line.there is not None:
        yield Sample("backup_sets", line.there, place)
    yield Sample("backup_damaged_sets", bool(line.damage), place)
    if line.read_back is not None:
        yield Sample("verification_age_seconds", line.read_back, place)
    newest = view.workspace.catalog.newest_good(
        lambda backup: backup.backup_id in line.sent and (backup.base or backup.backup_id) in line.sent and (
            view.owner.owns(backup)))
    if newest is not None:
        level = "read back" if newest.label == line.read_back_label else "sent"
        yield from _newest(newest, place, level)
    waiting = standing.waiting
    yield Sample("upload_waiting_sets", len(waiting), place)
    yield Sample("upload_waiting_bytes", sum(map(_bytes, waiting)), place)
    yield Sample("upload_waiting_age_seconds", min((backup.started for backup in waiting), default=0.0), place)


def _newest(backup: BackupSet, place: tuple[str], level: str) -> Iterator[Sample]:
    yield Sample("backup_newest_age_seconds", backup.started, place)
    yield Sample("backup_newest_bytes", _bytes(backup), place)
    yield Sample("backup_newest_records", sum(backup.counts.values()), place)
    yield Sample("backup_newest_encrypted", backup.encrypted, place)
    yield Sample("backup_newest_verified", 1, (*place, level))


def _level(backup: BackupSet, checks: Mapping[str, Any]) -> str:
    """Say how deep it was verified last; one that never was, was read back when it was made."""
    check = checks.get(backup.backup_id)
    return LEVELS.get(check.level, "listing") if check is not None else "read back"


def _bytes(backup: BackupSet) -> int:
    return sum(part.stored_bytes for part in backup.parts.values())
