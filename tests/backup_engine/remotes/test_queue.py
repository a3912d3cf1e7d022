"""What waits for a remote: pure rules, and a note anybody may have edited."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from backup_engine.remotes import queue
from backup_engine.remotes.queue import AWAITED_DAYS, LONGEST_PAUSE, Line
from backup_engine.remotes.target import Sending
from backup_engine.repository.notes import Note
from backup_engine.storage import MemoryStorage
from tests.backup_engine.sets import NOW, make_set

FULL = make_set(1, NOW - timedelta(hours=5))
FIRST, SECOND = (make_set(n, NOW - timedelta(hours=5 - n), kind="differential", base="set-1") for n in (2, 3))
NEWER = make_set(4, NOW, kind="full")


def test_the_newest_goes_first_and_a_base_before_what_rests_on_it() -> None:
    assert [each.seq for each in queue.waiting(Line(), [FULL, FIRST, SECOND, NEWER])] == [4, 1, 3, 2]
    assert [each.seq for each in queue.waiting(Line(sent={"set-1": ""}), [FULL, FIRST, SECOND])] == [3, 2]


def test_only_complete_sets_are_sent() -> None:
    sets = [make_set(n, NOW, state=state) for n, state in enumerate(("damaged", "legacy", "orphan", "newer"), 1)]

    assert queue.waiting(Line(), sets) == []


def test_of_what_is_made_continuously_the_newest_is_sent_with_what_it_rests_on() -> None:
    chain = [make_set(1, NOW - timedelta(minutes=9), trigger="continuous"),
             *(make_set(n, NOW - timedelta(minutes=9 - n), trigger="continuous", kind="differential", base="set-1")
               for n in range(2, 9))]
    pinned = make_set(9, NOW, trigger="continuous", kind="differential", base="set-1", pinned=True)
    usual = make_set(10, NOW, kind="differential", base="set-1")

    assert [each.seq for each in queue.waiting(Line(), chain)] == [1, 8]
    assert [each.seq for each in queue.waiting(Line(sent={"set-1": "", "set-7": ""}), chain)] == [8]
    assert [each.seq for each in queue.waiting(Line(sent={"set-1": "", "set-8": ""}), chain)] == []
    assert [each.seq for each in queue.waiting(Line(), [*chain, pinned, usual])] == [1, 10, 9, 8]


def test_pauses_grow_and_end() -> None:
    line, pauses = Line(), []
    for _ in range(15):
        line.failed("away", NOW)
        assert line.next_try is not None
        pauses.append(line.next_try - NOW)

    assert timedelta(seconds=30) <= pauses[0] <= timedelta(minutes=1)
    assert LONGEST_PAUSE / 2 <= pauses[-1] <= LONGEST_PAUSE
    assert len(set(pauses)) == 15
    line.failed("away", NOW + timedelta(hours=1))
    assert (line.failing_since, line.failed_at) == (NOW, NOW + timedelta(hours=1))
    line.went_well()
    assert (line.failures, line.problem, line.next_try, line.failing_since, line.failed_at) == (0, "", None, None, None)


def test_a_line_comes_back_as_it_was() -> None:
    storage = MemoryStorage()
    line = Line({"a": NOW.isoformat()}, {"a": True}, {"b": Sending("r", {"k": "s"})}, 3, "away", NOW, NOW, NOW, "L", "",
                NOW, "halted", {"c": queue.Replaced("L", "locked")}, NOW, {"a": "said"}, NOW, NOW)
    queue.write(storage, "cloud", line)

    assert queue.read(storage, "cloud") == line
    assert queue.read(storage, "disk") == Line()
    queue.forget(storage, "cloud")
    assert queue.read(storage, "cloud") == Line()


def test_a_line_of_an_earlier_version_is_read() -> None:
    storage = MemoryStorage()
    known_since = ("replaced", "cleared", "comments", "failed_at", "failing_since")
    before = {name: value for name, value in asdict(Line(sent={"a": ""}, problem="away")).items()
              if name not in known_since}
    Note("uploads-cloud.json", dict, dict).write(storage, before)

    assert queue.read(storage, "cloud") == Line(sent={"a": ""}, problem="away")


@pytest.mark.parametrize("change", [
    {"sent": []}, {"pins": {"a": 1}}, {"sending": {"a": {}}}, {"failures": "x"}, {"next_try": "soon"}, {"damage": None},
])
def test_an_edited_line_is_an_empty_one_or_still_words(change: dict[str, Any]) -> None:
    storage = MemoryStorage()
    Note("uploads-cloud.json", dict, dict).write(storage, {**asdict(Line(sent={"a": ""})), **change})

    read = queue.read(storage, "cloud")

    assert read == Line() or "damage" in change


def test_retention_waits_a_month_and_no_longer() -> None:
    lines = {"cloud": Line(), "disk": Line(sent={"set-1": ""})}
    old = make_set(2, NOW - timedelta(days=AWAITED_DAYS, minutes=1))

    assert queue.awaited_by(lines, FULL, NOW) == ["cloud"]
    assert queue.awaited_by(lines, old, NOW) == []
    assert queue.awaited_by(lines, make_set(5, NOW, state="damaged"), NOW) == []


def test_what_is_gone_on_both_sides_is_forgotten() -> None:
    line = Line({"a": "", "b": ""}, {"a": True, "b": True}, {"b": Sending()})
    queue.keep_only(line, {"a"})

    assert (list(line.sent), list(line.pins), list(line.sending)) == (["a"], ["a"], [])


def test_trouble_in_words() -> None:
    assert queue.troubles({"a": Line(problem="away"), "b": Line(damage="backup L"), "c": Line()}) == [
        "the remote a is in trouble: away", "the remote b gave back a damaged backup: backup L"]
