"""The same line of a library over and over is cut to ten a minute; our own lines never are."""

from __future__ import annotations

import logging

import pytest

from equipment.logs import flood
from equipment.logs.flood import Flood


def record(name: str, line: int = 1) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "there.py", line, "something", None, None)


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def filtered(clock: list[float]) -> Flood:
    return Flood(("streamlit", "uvicorn"), lambda: clock[0])


def test_ten_a_minute_of_each_statement(
    filtered: Flood, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    assert sum(filtered.filter(record("streamlit.web")) for _ in range(1_010)) == 10
    assert filtered.filter(record("streamlit.web", 2)), "another statement"
    clock[0] = 59.9
    assert not filtered.filter(record("streamlit.web"))

    clock[0] = 60.0
    assert filtered.filter(record("streamlit.web"))
    assert caplog.messages == ["1001 more lines like the next one were left out"]
    assert sum(filtered.filter(record("streamlit.web")) for _ in range(50)) == 9, "a new minute"


def test_our_own_lines_and_those_of_others_are_all_written(filtered: Flood) -> None:
    for name in ("equipment.jobs", "pymongo", "streamlited"):
        assert all(filtered.filter(record(name)) for _ in range(50))


def test_what_is_remembered_is_bounded(filtered: Flood, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "KEPT", 5)
    for line in range(100):
        assert filtered.filter(record("uvicorn.error", line))
    assert len(filtered._seen) <= 6
