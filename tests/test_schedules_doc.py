"""The table of docs/schedules.md is that of the run beside it: two servers, one backup in every minute that is due."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.day_parts import servers_report as report
from tests.doc_pages import block, page, rows

HEAD, LINES = report.read()
WELL: list[dict[str, Any]] = [
    {"minute": f"12:0{number}", "led": {}, "sets": ["scheduled"], "edits": 60, "happened": ""} for number in range(10)]
WELL[5] |= {"sets": [], "happened": "A killed"}


def test_every_due_minute_has_one_backup_and_the_leader_was_killed() -> None:
    assert report.faults(LINES) == []
    assert len(LINES) >= 10
    assert {name for line in LINES for name in line["led"]} == {"A", "B"}
    assert sum(line["edits"] for line in LINES) >= 50 * len(LINES)


def test_it_says_what_was_run_and_the_table_has_every_minute() -> None:
    assert len(HEAD["commit"]) == 40 and not HEAD["dirty"]
    assert f"Commit `{HEAD['commit'][:10]}`" in block(page("docs/schedules.md"), "two servers run")
    table = rows(block(page("docs/schedules.md"), "two servers"), "minute (UTC)")
    assert [(cells[0], cells[2]) for cells in table] == [(line["minute"], str(len(line["sets"]))) for line in LINES]


@pytest.mark.parametrize(("changes", "fault"), [
    ({}, ""), ({2: {"sets": ["scheduled", "scheduled"]}}, "12:02: 2 sets"), ({9: {"sets": []}}, "12:09: no set"),
    ({6: {"sets": []}, 7: {"sets": []}}, "3 minutes without a set"), ({5: {"happened": ""}}, "nobody was killed"),
])
def test_a_run_with_two_sets_or_none_is_no_good_one(changes: dict[int, dict[str, Any]], fault: str) -> None:
    lines = [line | changes.get(number, {}) for number, line in enumerate(WELL)]
    assert fault in "; ".join(report.faults(lines))
    assert bool(report.faults(lines)) == bool(fault)
