"""The times of a remote: they go on until it has all that waited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.model import SILENT
from backup_engine.policy.cron import parse
from backup_engine.policy.schedule import Schedule
from backup_engine.remotes import queue, registry
from backup_engine.scheduling.sending import is_time, send_if_due
from tests.backup_engine.engine import StillClock, back_up
from tests.backup_engine.offsite_places import target_of, with_remote

Data = Database[dict[str, Any]]
AT_ELEVEN = Schedule(cron=parse("0 11 * * *", "UTC"))


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)


@pytest.mark.parametrize("why", ["trouble", "hours"])
def test_a_time_is_not_over_while_the_remote_has_to_wait(tmp_path: Path, database: Data, why: str) -> None:
    clock = StillClock()  # noon
    ws = with_remote(tmp_path, database, clock=clock, options="?hours=13-20" if why == "hours" else "")
    back_up(ws)
    remote = registry.one(ws, "disk")
    if why == "trouble":
        (tmp_path / "disk").rename(tmp_path / "away")
        assert (tried := send_if_due(ws, remote, AT_ELEVEN, watch=SILENT)) is not None and tried.problem

    assert send_if_due(ws, remote, AT_ELEVEN, watch=SILENT) is None  # in the pause, or before the hours
    assert is_time(ws, "disk", AT_ELEVEN)
    if why == "trouble":
        (tmp_path / "away").rename(tmp_path / "disk")
    clock.pass_by(hours=2)

    assert (sent := send_if_due(ws, remote, AT_ELEVEN, watch=SILENT)) is not None and len(sent.sent) == 1
    assert not is_time(ws, "disk", AT_ELEVEN) and queue.read(ws.storage, "disk").problem == ""
    back_up(ws)
    assert send_if_due(ws, remote, AT_ELEVEN, watch=SILENT) is None
    assert len(target_of(tmp_path).backup_ids()) == 1
