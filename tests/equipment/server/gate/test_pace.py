"""So many turns at once, then so many a second."""

from __future__ import annotations

import pytest

from equipment.server.gate import pace
from equipment.server.gate.pace import Pace, Paces


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_ones_at_once_and_then_in_turn() -> None:
    clock = Clock()
    paced = Pace(3, 2, clock)

    assert [paced.wait() for _ in range(5)] == [0, 0, 0, 0.5, 1.0]
    clock.now += 1.5  # three turns more
    assert paced.wait() == 0
    clock.now += 60  # never deeper than at the start
    assert [paced.wait() for _ in range(4)] == [0, 0, 0, 0.5]


def test_each_name_has_its_own() -> None:
    paces = Paces(1, 1, Clock())

    assert [paces.wait("a"), paces.wait("a"), paces.wait("b")] == [0, 1, 0]


def test_names_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "KEPT", 3)
    clock = Clock()
    paces = Paces(1, 1, clock)
    for name in "abcd":
        paces.wait(name)
    assert paces.wait("d") == 1, "the newest is remembered"
    assert paces.wait("a") == 0, "the oldest is not"

    clock.now += 60
    for name in "efg":
        paces.wait(name)
    assert paces.wait("e") == 1 and len(paces._paces) <= 3


def test_who_is_refused_owes_nothing() -> None:
    now = [0.0]
    paces = Paces(2, 0.5, lambda: now[0])

    assert [paces.ask("a") for _ in range(4)] == [0, 0, 2, 2]
    assert paces.ask("b") == 0
    now[0] = 2.0
    assert [paces.ask("a"), paces.ask("a")] == [0, 2]
