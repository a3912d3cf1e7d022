"""What does not answer holds up nothing, and is told as it was heard last."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from backup_engine.errors import DatabaseUnreachable
from equipment.server.metrics import sources
from equipment.server.metrics.samples import Sample
from equipment.server.metrics.sources import Source, gathered
from equipment.settings import Settings

LONG = 60.0
"""Seconds that no test waits for: what is waited for here ends by itself."""


@pytest.fixture
def settings() -> Settings:
    return Settings()


class Folder:
    """Something to read that can hang or fail."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.problem: Exception | None = None
        self.readings = 0

    def __call__(self, _settings: Settings) -> Iterator[Sample]:
        self.readings += 1
        assert self.goes_on.wait(LONG)
        if self.problem is not None:
            raise self.problem
        yield Sample("continuous_holes", self.readings)


@pytest.fixture
def folder() -> Iterator[Folder]:
    made = Folder()
    yield made
    made.goes_on.set()


def values(samples: list[Sample]) -> dict[str, object]:
    return {"/".join((sample.name, *sample.labels)): sample.value for sample in samples
            if sample.name != "source_age_seconds"}


def test_what_hangs_is_told_as_it_was_and_the_others_as_they_are(settings: Settings, folder: Folder) -> None:
    hangs, runs = Source("hangs", folder), Source("runs", lambda _: [Sample("database_up", 1)])
    assert values(gathered((hangs, runs), settings, LONG)) == {
        "source_up/hangs": True, "continuous_holes": 1, "source_up/runs": True, "database_up": 1}

    folder.goes_on.clear()
    runs.ask(settings)
    for _ in range(3):
        told = values([*gathered((hangs,), settings, 0), *runs.told(settings, time.monotonic() + LONG)])
        assert told == {"source_up/hangs": False, "continuous_holes": 1, "source_up/runs": True, "database_up": 1}
    assert folder.readings == 2, "one thread at a time, whatever the number of scrapes"

    folder.goes_on.set()
    assert values(hangs.told(settings, time.monotonic() + LONG))["continuous_holes"] == 2


def test_all_of_them_together_are_waited_for_once(
    settings: Settings, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.goes_on.clear()
    clock, waited = [100.0], list[float]()

    def join(_thread: threading.Thread, seconds: float) -> None:
        waited.append(seconds)
        clock[0] += 1.0

    monkeypatch.setattr(sources, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(threading.Thread, "join", join)
    gathered([Source(name, folder) for name in "abc"], settings, 1.5)

    assert waited == [1.5, 0.5, 0.0]
    monkeypatch.undo()


def test_what_never_answered_is_left_out(settings: Settings, folder: Folder) -> None:
    folder.goes_on.clear()
    assert gathered((Source("hangs", folder),), settings, 0) == [Sample("source_up", False, ("hangs",))]


@pytest.mark.parametrize("problem", [DatabaseUnreachable("gone"), OSError(5, "I/O"), ZeroDivisionError()])
def test_what_fails_is_told_as_it_was_and_said_once(
    settings: Settings, folder: Folder, problem: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source("folder", folder)
    gathered((source,), settings, LONG)
    folder.problem = problem
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            told = gathered((source,), settings, LONG)

    assert values(told) == {"source_up/folder": False, "continuous_holes": 1}
    assert len(caplog.records) == 1
    folder.problem = None
    assert values(gathered((source,), settings, LONG)) == {"source_up/folder": True, "continuous_holes": 5}


def test_what_does_not_answer_is_not_told_to_be_up(settings: Settings, folder: Folder) -> None:
    source = Source("folder", folder, late=[Sample("continuous_holes", 0), Sample("place_up", False, ("x",))])
    assert "place_up/x" not in values(gathered((source,), settings, LONG))

    folder.goes_on.clear()

    assert values(gathered((source,), settings, 0)) == {
        "source_up/folder": False, "continuous_holes": 0, "place_up/x": False}


def test_how_old_it_is_is_told(settings: Settings, folder: Folder) -> None:
    source = Source("folder", folder)
    [_, age, _] = gathered((source,), settings, LONG)

    assert (age.name, age.labels) == ("source_age_seconds", ("folder",))
    assert isinstance(age.value, float) and age.value >= 0


def test_another_installation_is_told_nothing_of_this_one(settings: Settings, folder: Folder) -> None:
    source = Source("folder", folder)
    gathered((source,), settings, LONG)
    folder.problem = DatabaseUnreachable("gone")
    other = settings.model_copy(update={"mongodb_database": "other"})

    assert gathered((source,), other, LONG) == [Sample("source_up", False, ("folder",))]
