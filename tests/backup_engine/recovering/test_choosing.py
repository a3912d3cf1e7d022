"""Which pair is chosen, and what is odd about a line of backups: pure rules over sets made of nothing but facts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from backup_engine.model import BackupSet
from backup_engine.recovering.choosing import MOST_MISSING, Pair, line_warnings
from tests.backup_engine.sets import NOW, hourly, make_set

HERE = timezone(timedelta(hours=2))


def of_database(seq: int, hours: float, number: int | None = None, **facts: Any) -> BackupSet:
    """A set with a number that its database gave it."""
    source = {"database": "lab", "database_id": "abc", "number": number}
    return make_set(seq, NOW - timedelta(hours=hours), metadata={"source": source}, **facts)


def said(*newest_first: BackupSet, now: datetime = NOW) -> str:
    return "; ".join(line_warnings([Pair(backup) for backup in newest_first], now))


def test_a_line_without_gaps_is_nothing_to_speak_of() -> None:
    assert said(*reversed(hourly(6))) == ""
    assert said(of_database(90, 0, 12), of_database(50, 1, 11), of_database(7, 2, 10)) == "", "others wrote in between"
    assert said(of_database(3, 0, 3)) == ""


@pytest.mark.parametrize(("line", "words"), [
    ([of_database(9, 0, 9), of_database(8, 1, 8), of_database(4, 2, 4)], "3 are missing"),
    ([of_database(9, 0, 9), of_database(7, 1, 7)], "1 is missing"),
    ([of_database(9, 0, None), of_database(6, 1, None)], "2 are missing"),
    ([of_database(9, 0, 8), of_database(8, 1, 8)], "do not follow each other"),
    ([of_database(9, 0, 5), of_database(8, 1, 8)], "made by a copy of the database, or after it was rolled back"),
    ([of_database(9, 3, 9), of_database(8, 1, 8)], "the clock there was turned back"),
    ([of_database(9, -24, 9), of_database(8, 1, 8)], "is dated 24.0 hours ahead of this machine's clock"),
    ([of_database(9, 0, 9, parts={}), of_database(8, 1, 8)], "holds 0 records, and the one before it 470"),
])
def test_what_is_odd_is_said(line: list[BackupSet], words: str) -> None:
    assert words in said(*line)


def test_beyond_the_three_before_nobody_looks() -> None:
    assert said(*(of_database(n, 10 - n, n) for n in (9, 8, 7, 6, 1))) == ""


def test_a_resealed_set_takes_the_place_of_its_old_one() -> None:
    resealed = of_database(12, 0, 12)
    resealed = make_set(12, NOW, metadata={**resealed.metadata, "reseals": {"backup_id": "set-9", "seq": 9}})

    assert said(resealed, of_database(8, 1, 8)) == ""


def test_no_waiting_for_a_remote_explains_more_than_that() -> None:
    from backup_engine.policy.due import MIN_HOURS
    from backup_engine.remotes.queue import AWAITED_DAYS

    assert round(AWAITED_DAYS * 24 / MIN_HOURS) == MOST_MISSING
