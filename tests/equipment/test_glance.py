"""One answer serves all pages, and none of them waits for what hangs."""

from __future__ import annotations

import logging
import threading

import pytest

from equipment.glance import SHARE, Glance


class Clock:
    """A clock that stands until it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_serves_for_some_seconds_and_no_longer() -> None:
    clock, asked = Clock(), list[int]()
    glance = Glance[int](every=5, wait=30, clock=clock)

    def look() -> int:
        asked.append(1)
        return len(asked)

    assert [glance.get("a", look) for _ in range(3)] == [1, 1, 1]
    clock.now += 5
    assert glance.get("a", look) == 2
    assert glance.get("b", look) == 3, "it was the answer about something else"


def test_what_took_long_is_not_found_out_again_soon() -> None:
    clock, asked = Clock(), list[int]()
    glance = Glance[int](every=5, wait=30, clock=clock)

    def slow() -> int:
        asked.append(1)
        clock.now += 2
        return len(asked)

    assert glance.get("a", slow) == 1
    clock.now += 2 * SHARE - 1
    assert glance.get("a", slow) == 1
    clock.now += 1
    assert glance.get("a", slow) == 2


def test_nobody_waits_for_what_hangs_and_it_is_asked_once() -> None:
    go, asked = threading.Event(), list[int]()
    glance = Glance[int](every=0, wait=0)

    def hangs() -> int:
        asked.append(1)
        assert go.wait(30)
        return 1

    assert [glance.get("a", hangs) for _ in range(3)] == [None, None, None]
    assert len(asked) == 1
    looker = glance._looker
    assert looker is not None
    go.set()
    looker.join(30)
    assert glance.get("a", lambda: 2) in (1, 2)


def test_a_look_that_fails_leaves_what_was_known(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    glance = Glance[int](every=5, wait=30, clock=clock)
    assert glance.get("a", lambda: 7) == 7
    clock.now += 5

    def fails() -> int:
        raise RuntimeError("away")

    with caplog.at_level(logging.ERROR):
        assert glance.get("a", fails) == 7
    assert "was not found out" in caplog.text
    assert glance.get("a", lambda: 8) == 7, "what failed is not asked again at every page"
