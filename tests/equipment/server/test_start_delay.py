"""Starts that fail are tried again less and less often, by all processes over a data folder together."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from backup_engine.errors import DatabaseUnreachable
from equipment import data_disk
from equipment.server.start_delay import FIRST_SECONDS, LONGEST_SECONDS, StartDelay

FAILURE = DatabaseUnreachable("it ended with code 48", hint="Look.")


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    lock = tmp_path / "start.lock"
    lock.touch()
    return lock


def process(lock: Path) -> StartDelay:
    """What another process knows."""
    return StartDelay(lock.parent, lock)


def delay_of(lock: Path) -> float:
    status = lock.stat()
    return status.st_mtime - status.st_atime


def let_pass(lock: Path) -> None:
    """Move the last failure so far back that the next start may be tried now."""
    delay, now = delay_of(lock), time.time()
    os.utime(lock, (now - delay - 1, now - 1))


def words() -> str:
    return ": its own words"


def test_each_failure_doubles_the_wait_up_to_a_minute_whoever_tries(lock: Path) -> None:
    waits = []
    for _ in range(6):
        process(lock).failed(FAILURE)
        waits.append(round(delay_of(lock)))
        let_pass(lock)

    assert waits == [5, 10, 20, 40, 60, 60]


def test_a_process_repeats_its_own_failure_without_another_try(lock: Path) -> None:
    here = process(lock)
    here.repeat()
    here.failed(FAILURE)

    with pytest.raises(DatabaseUnreachable, match=r"it ended with code 48\. Look\. The next try is in [45] s\."):
        here.repeat()


def test_another_process_tells_why_and_when_and_does_not_count_that_as_a_failure(lock: Path) -> None:
    process(lock).failed(FAILURE)
    other = process(lock)

    with pytest.raises(DatabaseUnreachable, match=r"a moment ago: its own words\. .*The next try is in [45] s") as said:
        other.require_turn(words)
    other.failed(said.value)

    assert round(delay_of(lock)) == FIRST_SECONDS
    let_pass(lock)
    other.require_turn(words)


def test_room_that_is_back_ends_the_wait_of_who_lacked_it(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = process(lock)
    monkeypatch.setattr(data_disk, "START_NEEDS", 1 << 60)
    here.failed(FAILURE)
    with pytest.raises(DatabaseUnreachable):
        here.repeat()
    monkeypatch.undo()

    here.repeat()
    here.require_turn(words)


def test_a_start_that_succeeds_forgets_the_failures(lock: Path) -> None:
    here = process(lock)
    here.failed(FAILURE)
    here.succeeded()

    here.repeat()
    process(lock).require_turn(words)
    here.failed(FAILURE)
    assert round(delay_of(lock)) == FIRST_SECONDS


@pytest.mark.parametrize(("accessed", "modified"), [(0, 10_000), (5_000, 0), (-86_400, 86_400)])
def test_times_that_something_else_set_keep_nobody_waiting(lock: Path, accessed: float, modified: float) -> None:
    now = time.time()
    os.utime(lock, (now + accessed, now + modified))

    process(lock).require_turn(words)


def test_a_clock_that_was_set_back_keeps_nobody_longer_than_meant(lock: Path) -> None:
    now = time.time()
    os.utime(lock, (now + 86_400, now + 86_400 + LONGEST_SECONDS))

    with pytest.raises(DatabaseUnreachable, match=r"The next try is in 60 s"):
        process(lock).require_turn(words)


def test_without_a_file_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    here = process(tmp_path / "missing" / "start.lock")
    here.require_turn(words)
    here.failed(FAILURE)

    with pytest.raises(DatabaseUnreachable):
        here.repeat()
