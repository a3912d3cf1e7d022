"""Verifying and rehearsing without anybody asking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.deeds import Deed
from backup_engine.errors import RestoreStopped, VerificationFailed
from backup_engine.model import BackupSet
from backup_engine.policy.cron import parse
from backup_engine.policy.schedule import Schedule
from backup_engine.repository import ledger
from backup_engine.scheduling import proving
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import StillClock, back_up, fill, workspace

DAILY = Schedule(24)
AT_THREE = Schedule(cron=parse("0 3 * * *", "UTC"))


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def ws(tmp_path: Path, database: Database[dict[str, Any]], clock: StillClock) -> Workspace:
    fill(database, 20)
    return workspace(tmp_path, database, clock=clock)


def spoil(folder: Path, backup: BackupSet) -> None:
    path = folder / backup.day / str(backup.parts["equipment"].file)
    path.write_bytes(path.read_bytes().replace(b",", b";", 1))


def test_only_what_nobody_verified_for_a_week_is_verified(ws: Workspace, clock: StillClock) -> None:
    heard = list[Deed]()
    ws = replace(ws, tell=heard.append)
    old, fresh = back_up(ws), back_up(ws)
    clock.pass_by(days=7, hours=1)
    ledger.remember(ws.storage, fresh, 2, True, clock())
    young = back_up(ws)
    heard.clear()

    result = proving.verify_if_due(ws, DAILY)

    assert result == proving.Verified(1, True)
    assert old.backup_id in (checks := ledger.read(ws.storage)) and young.backup_id not in checks
    assert [(deed.action, deed.note) for deed in heard] == [("backup.verify", "1 backup verified, all sound.")]


def test_a_round_is_done_once_a_day_and_by_cron_text_at_its_time(ws: Workspace, clock: StillClock) -> None:
    back_up(ws)

    assert proving.verify_if_due(ws, DAILY) == proving.Verified(0, True)
    assert proving.verify_if_due(ws, DAILY) is None
    clock.pass_by(hours=14)  # 02:00
    assert proving.verify_if_due(ws, AT_THREE) is None
    clock.pass_by(hours=1)
    assert proving.verify_if_due(ws, AT_THREE) == proving.Verified(0, True)
    clock.pass_by(days=3)  # the machine was off
    assert proving.verify_if_due(ws, AT_THREE) == proving.Verified(0, True)
    assert proving.verify_if_due(ws, AT_THREE) is None


def test_what_is_damaged_is_named_and_the_round_is_over(ws: Workspace, clock: StillClock, tmp_path: Path) -> None:
    heard = list[Deed]()
    ws = replace(ws, tell=heard.append)
    bad = back_up(ws)
    spoil(tmp_path, bad)
    clock.pass_by(days=8)
    good = back_up(ws)

    with pytest.raises(VerificationFailed, match=r"1 of 1 backups are damaged.*changed"):
        proving.verify_if_due(ws, DAILY)

    assert heard[-1].action == "backup.verify.failed"
    assert ledger.bad(ledger.read(ws.storage)) == {bad.backup_id}
    assert proving.verify_if_due(ws, DAILY) is None
    clock.pass_by(days=1)
    assert proving.unverified(ws) == [bad] and good not in proving.unverified(ws)


def test_a_backup_that_is_due_interrupts_the_round_which_goes_on_afterwards(ws: Workspace, clock: StillClock) -> None:
    for _ in range(3):
        back_up(ws)
    clock.pass_by(days=8)
    answers = iter([False, True])

    assert proving.verify_if_due(ws, DAILY, interrupted=lambda: next(answers)) == proving.Verified(1, False)
    assert proving.verify_if_due(ws, DAILY) == proving.Verified(2, True)


def test_a_restore_is_rehearsed_by_days_and_by_cron_text(ws: Workspace, clock: StillClock) -> None:
    back_up(ws)
    proving.rehearse_if_due(ws, None)
    assert ledger.last_drill(ws) is None

    proving.rehearse_if_due(ws, Schedule(7 * 24))
    first = ledger.last_drill(ws)
    clock.pass_by(days=6)
    proving.rehearse_if_due(ws, Schedule(7 * 24))
    assert first is not None and ledger.last_drill(ws) == first
    clock.pass_by(days=1)
    proving.rehearse_if_due(ws, Schedule(7 * 24))
    second = ledger.last_drill(ws)
    assert second is not None and second > first
    clock.pass_by(hours=14)  # 02:00
    proving.rehearse_if_due(ws, AT_THREE)
    assert ledger.last_drill(ws) == second
    clock.pass_by(hours=1)
    proving.rehearse_if_due(ws, AT_THREE)
    assert ledger.last_drill(ws) == clock()


@pytest.mark.parametrize(("schedule", "again"), [(Schedule(24), 1.0), (AT_THREE, 15.0)], ids=["days", "cron"])
def test_a_rehearsal_that_failed_is_not_tried_again_at_every_tick(
    ws: Workspace, clock: StillClock, monkeypatch: pytest.MonkeyPatch, schedule: Schedule, again: float
) -> None:
    back_up(ws)
    tries = list[BackupSet]()

    def fails(_: Workspace, backup: BackupSet, **_more: Any) -> None:
        tries.append(backup)
        raise RestoreStopped("no room")

    monkeypatch.setattr(proving, "drill", fails)
    with pytest.raises(RestoreStopped):
        proving.rehearse_if_due(ws, schedule)
    proving.rehearse_if_due(ws, schedule)
    clock.pass_by(hours=again, minutes=-1)  # an hour after the failure; by cron text, at its next time
    proving.rehearse_if_due(ws, schedule)
    assert len(tries) == 1

    clock.pass_by(minutes=1)
    with pytest.raises(RestoreStopped):
        proving.rehearse_if_due(ws, schedule)
