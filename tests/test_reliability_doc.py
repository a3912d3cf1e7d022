"""The tables of docs/reliability.md are those of the run beside it: no false success, no lost write."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.fault_parts import report
from scripts.fault_parts.rows import all_rows, in_turns
from tests.doc_pages import block, page, rows
from tests.nightmares import member_clock

TABLES = {"changes of primary": "election", "connection strings": "connection string", "clock": "clock"}
HEAD, LINES = report.read()


def test_every_answer_was_true_and_nothing_was_lost() -> None:
    assert len(LINES) > 150
    assert [line for line in LINES if not report.well(line)] == []
    assert sum(map(report.false_success, LINES)) == sum(map(report.lost, LINES)) == 0


def test_it_says_what_was_run_and_that_this_was_committed() -> None:
    assert len(HEAD["commit"]) == 40
    assert not HEAD["dirty"]
    assert HEAD["minutes"] < 30
    assert f"Commit `{HEAD['commit'][:10]}`, {HEAD['date'][:10]}" in block(page("docs/reliability.md"), "run")


@pytest.mark.parametrize(("title", "kind"), TABLES.items())
def test_the_tables_count_every_line(title: str, kind: str) -> None:
    table = block(page("docs/reliability.md"), title)
    counted = rows(table, table.split("|")[1].strip())

    assert sum(int(cells[-5]) for cells in counted) == sum(line["kind"] == kind for line in LINES)
    assert {tuple(cells[-2:]) for cells in counted} == {("0", "0")}
    others = [int(word.split(": ")[1]) for cells in counted for word in cells[-3].split(", ") if word]
    assert sum(int(cells[-4]) for cells in counted) + sum(others) == sum(line["kind"] == kind for line in LINES)


def test_every_verb_met_every_fault_every_option_and_the_clock() -> None:
    wanted = {_met(row.words) for row in all_rows(member_clock.SOURCE)}  # any path does: nothing is played

    assert len(wanted) > 100
    assert wanted - {_met(line) for line in LINES} == set()


def _met(line: dict[str, Any]) -> tuple[str, str, str]:
    return line["kind"], line["fault"], line["verb"]


def test_a_false_success_and_a_lost_write_would_be_counted() -> None:
    line = {"kind": "election", "fault": "kill", "verb": "merge", "step": "M3", "lag": "one", "answer": "0 Merged"}
    bad = [{**line, "verdict": "false success, after recovery"}, {**line, "verdict": "2 acknowledged writes lost: [3]"},
           {**line, "answer": "14 Database connection failed", "verdict": "ok"}]

    assert report.changes_of_primary(bad).splitlines()[-1] == "| merge | killed | M3 | 3 | 2 | 14: 1 | 1 | 1 |"
    assert [report.well(each) for each in bad] == [False, False, True]


def test_the_beginning_of_a_run_has_some_of_everything() -> None:
    everything = all_rows(member_clock.SOURCE)
    controls = [row for row in everything if row.kind == "control"]

    assert everything[:len(controls)] == controls
    first = everything[len(controls):len(controls) + 31]
    assert {(row.kind, row.case.verb) for row in first} == {
        (row.kind, row.case.verb) for row in everything[len(controls):]}
    assert sorted(map(repr, in_turns(everything))) == sorted(map(repr, everything))
