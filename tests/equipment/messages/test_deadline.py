"""A talk that hangs costs its time and nobody else's."""

from __future__ import annotations

import threading

from equipment.messages.deadline import Talks


def test_each_for_itself_and_no_second_one_beside_one_that_hangs() -> None:
    go, begun = threading.Event(), list[str]()

    def hangs() -> str:
        begun.append("hangs")
        go.wait(10)
        return "too late"

    talks = Talks(0.05)
    work = {"slow": hangs, "quick": lambda: "taken"}
    assert talks.all(work, str) == {"slow": "no answer within 0.05 s", "quick": "taken"}
    assert talks.all(work, str) == {"slow": "the last try has not ended yet", "quick": "taken"}
    assert begun == ["hangs"]
    go.set()
    for thread in threading.enumerate():
        if thread.name == "message-slow":
            thread.join(5)
    assert talks.all({"slow": lambda: "taken"}, str) == {"slow": "taken"}


def test_a_fault_in_one_is_not_that_of_the_others() -> None:
    def broken() -> str:
        raise RuntimeError("a fault")

    answers = Talks(5).all({"broken": broken, "fine": lambda: "taken"}, lambda words: f"late: {words}")
    assert answers == {"broken": "late: no answer within 5 s", "fine": "taken"}
