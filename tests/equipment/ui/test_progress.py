"""Progress names phase, count, rate and what is left, and Cancel ends where nobody can stop it any more."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backup_engine.model import Progress, Watch
from equipment.jobs import Job, Jobs, Pace
from equipment.ui import progress

JOBS = Jobs()


def job(phase: str, done: int, total: int | None, began: float = 100.0) -> Job:
    return Job("k", "Restore x", "ada", progress=Progress(phase, done, total), pace=Pace(phase, 0, began))


@pytest.mark.parametrize(("given", "clock", "words"), [
    (job("Loading", 0, None), 101.0, "Restore x: Loading"),
    (job("Loading", 1_000, 5_000), 100.5, "Restore x: Loading · 1,000 of 5,000"),
    (job("Loading", 1_000, 5_000), 102.0, "Restore x: Loading · 1,000 of 5,000 · 500 a second · about 8 s left"),
    (job("Loading", 1_000, None), 102.0, "Restore x: Loading · 1,000 · 500 a second"),
    (job("Sending", 1, 31), 104.0, "Restore x: Sending · 1 of 31 · 15 a minute · about 2 min left"),
    (job("Sending", 1, 3_601), 110.0, "Restore x: Sending · 1 of 3,601 · 6 a minute · about 10.0 h left"),
    (job("Loading", 6_000, 5_000), 102.0, "Restore x: Loading · 6,000 of 5,000 · 3,000 a second · about 1 s left"),
])
def test_words(given: Job, clock: float, words: str) -> None:
    assert progress.in_words(given, clock) == words


def test_each_phase_has_a_pace_of_its_own() -> None:
    one = Job("k", "Restore", "ada")
    watch = one.watch()
    watch.step("Loading", 10, 100)
    first = one.pace
    watch.step("Loading", 50, 100)
    assert one.pace is first and first.before == 10

    watch.step("Proving", 50, 100)
    assert (one.pace.phase, one.pace.before) == ("Proving", 50)
    watch.step("Proving", 0, 100)
    assert one.pace.before == 0, "the next collection begins anew"


def page() -> None:
    from equipment.ui import progress
    from tests.equipment.ui.test_progress import JOBS

    progress.running(JOBS, "k")


@pytest.mark.parametrize("final", [False, True])
def test_cancel_ends_at_the_point_of_no_return(final: bool) -> None:
    go, there = threading.Event(), threading.Event()

    def work(watch: Watch) -> Any:
        watch.tell(Progress("Putting the new list in place", final=final))
        there.set()
        go.wait(60)

    running = JOBS.start("k", "Restore", "ada", work)
    try:
        assert there.wait(60)
        test = AppTest.from_function(page, default_timeout=60).run()
        assert test.button[0].disabled is final
        assert any("point of no return" in caption.value for caption in test.caption) is final
        if not final:
            test.button[0].click().run()
            assert running.stop.is_set()
    finally:
        go.set()
        assert running.done.wait(60)
