"""The loss of the database is said once and its return once, however many threads find out at the same moment."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from equipment.logs.reach import Reach

MANY = 8


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "equipment.logs.reach")
    return caplog


def lose(reach: Reach, problem: str = "no answer") -> None:
    reach.lost(reach.asking(), problem)


def find(reach: Reach, where: str = "") -> None:
    reach.found(reach.asking(), where)


def test_nobody_has_asked_yet_so_nothing_is_said(said: pytest.LogCaptureFixture) -> None:
    lose(Reach())
    assert not said.messages

    reach = Reach()
    find(reach, "mongodb://h/")
    assert not said.messages
    lose(reach)
    assert said.messages == ["the database is lost: no answer"]


def test_once_lost_and_once_found(said: pytest.LogCaptureFixture) -> None:
    reach = Reach(answered=True)
    for _ in range(3):
        lose(reach)
    for _ in range(3):
        find(reach, "mongodb://h/")
    lose(reach, "again")
    find(reach)

    assert [(record.levelname, record.getMessage()) for record in said.records] == [
        ("ERROR", "the database is lost: no answer"), ("WARNING", "the database is found again: mongodb://h/"),
        ("ERROR", "the database is lost: again"), ("WARNING", "the database is found again")]


def test_a_slow_failure_does_not_take_back_the_return(said: pytest.LogCaptureFixture) -> None:
    reach = Reach(answered=True)
    lose(reach)
    slow = reach.asking()
    find(reach)
    reach.lost(slow, "no answer")

    assert said.messages == ["the database is lost: no answer", "the database is found again"]


def test_threads_that_find_out_at_the_same_moment_say_it_once(said: pytest.LogCaptureFixture) -> None:
    reach = Reach(answered=True)
    at_once = threading.Barrier(MANY)

    def ask(_: int) -> None:
        for turn in range(50):
            at_once.wait(10)
            asked = reach.asking()
            reach.lost(asked, turn)
            at_once.wait(10)
            find(reach)

    with ThreadPoolExecutor(MANY) as threads:
        list(threads.map(ask, range(MANY)))

    assert sum("is lost" in line for line in said.messages) == 50
    assert sum("is found" in line for line in said.messages) == 50
