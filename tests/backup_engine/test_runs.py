"""What this process's verbs took, and how they ended."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mongomock
import pytest

from backup_engine import runs
from backup_engine.create import create
from backup_engine.drill import drill
from backup_engine.errors import BackupError, Busy, Cancelled, DatabaseUnreachable, KeyNeeded, RestoreRunning
from backup_engine.restore import plan_replace, replace
from backup_engine.runs import BOUNDS, Runs
from backup_engine.verify import verify
from tests.backup_engine.engine import Switched, fill, workspace

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)


def fails(error: Exception) -> Any:
    raise error


def counted(counts: Runs) -> dict[str, dict[str, int]]:
    """Outcomes that occurred, by kind."""
    return {kind: {how: count for how, count in tally.ended.items() if count}
            for kind, tally in counts.tallies().items() if any(tally.ended.values())}


def test_every_kind_is_counted_once_by_the_verb_that_was_called(tmp_path: Path) -> None:
    database = mongomock.MongoClient().db
    fill(database)
    way = Switched(database)
    ws = workspace(tmp_path, way)

    made = create(ws, force=True).set
    assert made is not None
    create(ws)
    verify(ws, made)
    drill(ws)
    replace(ws, plan_replace(ws, made, ["equipment"]))  # which verifies, and makes a safety set
    way.up = False
    with pytest.raises(DatabaseUnreachable):
        create(ws, force=True)

    assert counted(ws.runs) == {"backup": {"done": 1, "nothing": 1, "failed": 1}, "verify": {"done": 1},
                                "drill": {"done": 1}, "restore": {"done": 1}}


@pytest.mark.parametrize(("ends", "outcome"), [
    (lambda: SimpleNamespace(problem="refused", deed=""), "failed"),
    (lambda: SimpleNamespace(problem="", deed=""), "nothing"),
    (lambda: SimpleNamespace(problem="", deed="2 sent"), "done"),
    (lambda: SimpleNamespace(ok=False), "failed"),
    (lambda: SimpleNamespace(ok=True), "done"),
    (lambda: SimpleNamespace(set=None, deed=""), "nothing"),
    (lambda: SimpleNamespace(set=object(), deed=""), "done"),
    (lambda: [object()], "done"),
    (lambda: fails(Busy("x")), "busy"),
    (lambda: fails(RestoreRunning("x")), "busy"),
    (lambda: fails(Cancelled("x")), "cancelled"),
    (lambda: fails(KeyNeeded("x")), "nothing"),
    (lambda: fails(BackupError("x")), "failed"),
    (lambda: fails(ZeroDivisionError()), "failed"),
])
def test_how_it_ended_is_read_off_what_came_of_it(ends: Any, outcome: str) -> None:
    counts = Runs()
    with suppress(BackupError, ZeroDivisionError):
        counts.count("backup.remote.push", lambda: NOW, ends)

    assert counted(counts) == {"upload": {outcome: 1}}
    assert counts.tallies()["upload"].latest == {outcome: NOW}
    assert sum(counts.tallies()["upload"].within) == (outcome in ("done", "failed"))


def test_its_length_is_sorted_by_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, clock = Runs(), iter([0.0, BOUNDS[1], 100.0, 100.0 + BOUNDS[-1] + 1])
    monkeypatch.setattr(runs, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    for _ in range(2):
        counts.count("verify", lambda: NOW, lambda: None)

    tally = counts.tallies()["verify"]
    assert tally.within == [0, 1, *[0] * (len(BOUNDS) - 2), 1]
    assert tally.seconds == BOUNDS[1] + BOUNDS[-1] + 1


def test_what_is_no_such_verb_is_not_counted() -> None:
    counts = Runs()
    assert counts.count("backup.pin", lambda: NOW, lambda: 5) == 5
    assert counted(counts) == {}
