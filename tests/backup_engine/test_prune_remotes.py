"""Retention leaves a set to a remote that has not got it yet, but not for ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import prune
from backup_engine.create import create
from backup_engine.deeds import Deed
from backup_engine.push import push
from tests.backup_engine.engine import back_up
from tests.backup_engine.offsite_places import with_remote

Data = Database[dict[str, Any]]


def test_a_set_that_a_remote_waits_for_stays_for_a_month(
    tmp_path: Path, database: Data
) -> None:
    ws = with_remote(tmp_path, database)
    made = []
    for _ in range(12):
        made.append(back_up(ws))
        ws.clock.pass_by(days=1)  # type: ignore[attr-defined]
    assert len(ws.catalog.sets()) == 12, "retention after a backup left them alone, too"

    waited = prune.prune(ws, dry_run=True)

    reasons = {decision.backup.label: decision.reason for decision in waited.decisions}
    assert waited.deleted == () and reasons[made[0].label] == "not sent yet to disk"
    push(ws, "disk")
    assert [backup.label for backup in prune.prune(ws).deleted] == [backup.label for backup in made[:4]]


def test_after_a_month_it_goes_with_an_alert(tmp_path: Path, database: Data) -> None:
    heard: list[Deed] = []
    ws = with_remote(tmp_path, database, heard=heard)
    made = []
    for _ in range(10):
        made.append(back_up(ws))
        ws.clock.pass_by(days=4)  # type: ignore[attr-defined]
    created = create(ws, force=True)

    words = "let go that remote disk has not got, because they waited for more than 30 days"
    assert any(words in warning for warning in created.warnings)
    assert any(deed.action == "backup.prune" and words in deed.note for deed in heard)
    assert made[0].label not in {backup.label for backup in ws.catalog.sets()}


def test_on_a_full_disk_it_goes_with_an_alert(
    tmp_path: Path, database: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = with_remote(tmp_path, database)
    for _ in range(12):
        back_up(ws)
        ws.clock.pass_by(days=1)  # type: ignore[attr-defined]
    monkeypatch.setattr(type(ws.storage), "free_bytes", lambda self: 1000)

    done = prune.prune(ws)

    assert done.deleted and "because the disk is nearly full" in done.alert and done.alert in done.message
