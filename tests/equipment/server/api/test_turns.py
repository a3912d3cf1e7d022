"""Bounds of what programs may have: threads, those that wait for one, and turns in a row."""

from __future__ import annotations

import threading

import anyio
import pytest

from equipment.server.api.problems import Problem
from equipment.server.api.turns import Turns


def test_more_than_may_wait_are_told_to_come_back() -> None:
    going, go, answers = threading.Semaphore(0), threading.Event(), list[int]()

    def work() -> int:
        going.release()
        go.wait(10)
        return 200

    async def ask(turns: Turns) -> None:
        try:
            answers.append(await turns.run(work))
        except Problem as problem:
            answers.append(problem.status)
            assert problem.headers == {"Retry-After": "1"}

    async def all_at_once() -> int:
        turns = Turns(threads=2, queue=3)
        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(ask, turns)
            await anyio.to_thread.run_sync(lambda: going.acquire(timeout=10) and going.acquire(timeout=10))
            while len(answers) < 5:
                await anyio.lowlevel.checkpoint()
            at_work = going.acquire(blocking=False)
            go.set()
        return int(at_work)

    assert anyio.run(all_at_once) == 0, "no third thread"
    assert sorted(answers) == [200] * 5 + [503] * 5


def test_a_turn_that_was_refused_is_not_owed() -> None:
    turns = Turns((1, 0.001), (1, 0.001))
    turns.of_token("a")

    waits = []
    for _ in range(3):
        with pytest.raises(Problem) as refused:
            turns.of_token("a")
        waits.append(int(refused.value.headers["Retry-After"]))
    assert refused.value.status == 429 and 990 < min(waits) <= max(waits) <= 1_000
    turns.of_token("b")
    turns.of_address("a")
