"""One line for each place off the machine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backup_engine.api import Schedule, Standing, parse_cron
from backup_engine.offsite import registry
from backup_engine.remotes.address import parse
from backup_engine.remotes.queue import Line
from equipment.ui.backup import targets
from tests.backup_engine.sets import NOW, make_set

SETS = tuple(make_set(n, NOW - timedelta(minutes=64 - 20 * n)) for n in (1, 2, 3))
SENT = {"set-1": "", "set-2": "", "set-3": ""}
TOKYO = ZoneInfo("Asia/Tokyo")  # 21:00 at NOW


def standing(there: int = 3, url: str = "sftp://me@host/lab", **line: Any) -> Standing:
    return Standing("cloud", registry.Remote("cloud", parse(url)), Line(**line), SETS[there:], SETS[:there])


@pytest.mark.parametrize(("given", "expected"), [
    (standing(sent=SENT, read_back=NOW), "3 of 3 copies good, newest 4 min old, last read back today."),
    (standing(sent=SENT), "3 of 3 copies good, newest 4 min old, last read back never."),
    (standing(1, sent=SENT, read_back=NOW - timedelta(days=1)),
     "1 of 3 copies good, newest 44 min old, last read back yesterday, behind by 2 backups."),
    (standing(sent=SENT, read_back=NOW - timedelta(days=4), damage="broken"),
     "3 of 3 copies there, and one is damaged, newest 4 min old, last read back 4 days ago."),
    (standing(0), "Nothing is there yet."),
    (standing(0, problem="away", failures=1, failed_at=NOW, failing_since=NOW),
     "Never reached, failed 2026-03-31 21:00."),
    (standing(2, sent=SENT, read_back=NOW, problem="away", failures=7, failed_at=NOW,
              failing_since=NOW - timedelta(hours=3)),
     "2 of 3 copies good, newest 24 min old, last read back today, behind by 1 backup, failing since 2026-03-31 18:00, "
     "last 2026-03-31 21:00 after 7 tries."),
    (standing(0, sent={"gone": ""}), "None of the backups of this folder is there, last read back never, behind by 3 "
                                     "backups."),
])
def test_how_it_stands(given: Standing, expected: str) -> None:
    assert targets.in_words(given, NOW, TOKYO) == expected


@pytest.mark.parametrize(("given", "cron", "expected"), [
    (standing(), "", ""),
    (standing(2), "", ""),
    (standing(2, problem="away"), "30 2 * * *", ""),
    (standing(2, last_sent=NOW), "30 2 * * *", "Sent at 02:30 every day (UTC), next 2026-04-01 11:30."),
    (standing(2, url="file:///mnt/disk?hours=20-6"), "", "Sent at the hours 20-6 of this server's day only."),
    (standing(2, url="file:///mnt/disk?hours=6-20"), "", ""),
])
def test_why_nothing_is_sent_although_all_is_well(given: Standing, cron: str, expected: str) -> None:
    schedule = Schedule(cron=parse_cron(cron, "UTC")) if cron else None

    assert targets.waits(given, NOW, schedule, TOKYO) == expected
