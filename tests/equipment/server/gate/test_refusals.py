"""A flood of refusals is a line a minute."""

from __future__ import annotations

import logging

import pytest

from equipment.server.gate.refusals import Refusals


def test_once_a_minute_and_kind_with_how_many_since(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    refusals = Refusals(logging.getLogger("gate"), lambda: now[0])
    for number in range(1_001):
        refusals.tell("a socket from %s", number)
    refusals.tell("an upload")
    now[0] = 61
    refusals.tell("a socket from %s", "x" * 10_000)

    assert caplog.messages[:2] == ["refused a socket from 0", "refused an upload"]
    assert caplog.messages[2] == (
        f"refused a socket from {'x' * 200} (1,000 more like it since the last such line)")
    assert len(caplog.messages) == 3
