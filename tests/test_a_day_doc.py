"""The tables of docs/a-day.md are those of the day beside it, which was as it must be; a piece of it is played."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from scripts.day_parts import day_report as report, judging, playing, script
from tests.doc_pages import block, page, rows

Doc = dict[str, Any]
LINES, END = report.read()


def test_the_day_was_as_it_must_be() -> None:
    assert judging.faults(LINES, END) == []
    assert judging.slowest(LINES, END) <= 60
    assert len(END["edits"]) > 300


def test_everything_that_is_scripted_happened_and_was_told() -> None:
    happened = [words for line in LINES for words in line["happened"]]
    assert [event.words for event in script.events()] == [
        words for words in happened if words in {event.words for event in script.events()}]
    told = {kind for line in LINES for _, _, kind, _ in judging.told(line)}
    assert told >= {"database", "disk", "backup", "verify", "upload", "overdue", "sign_up", "retention"}
    assert sum("A hole in continuous protection" in words for words in happened) >= 4


def test_the_tables_are_of_these_lines() -> None:
    text = page("docs/a-day.md")
    shown = [line for line in LINES if line["happened"] or line["messages"]]
    assert len(rows(block(text, "day hours"), "time")) == len(shown)
    kept = rows(block(text, "day kept"), "kept because it is")
    assert sum(int(cells[1]) for cells in kept) == len(END["kept"])


def _without(words: str) -> Callable[[list[Doc], Doc], None]:
    def change(lines: list[Doc], end: Doc) -> None:
        for line in lines:
            for message in line["messages"]:
                message["says"] = [said for said in message["says"] if not said.startswith(words)]
    return change


def _again(lines: list[Doc], end: Doc) -> None:
    line = next(line for line in lines if any(kind == "disk" for _, _, kind, _ in judging.told(line)))
    lines.insert(lines.index(line) + 1, line)


def _late(lines: list[Doc], end: Doc) -> None:
    first = next(line for line in lines if line["sets"] and line["sets"][0]["trigger"] == "continuous")
    first["at"] = (datetime.fromisoformat(first["at"]) + timedelta(minutes=2)).isoformat()


def _unscheduled(lines: list[Doc], end: Doc) -> None:
    for line in lines:
        if line["at"][11:13] == "04":
            line["sets"] = []


def _twice(lines: list[Doc], end: Doc) -> None:
    for line in lines:
        line["sets"] *= 2


@pytest.mark.parametrize(("change", "fault"), [
    (_without("Over: The database"), "database never ended"), (_without("New: The database"), "was not told"),
    (_again, "disk told twice within six hours"), (_late, "waited for 0:0"), (_twice, "scheduled backups too many"),
    (_unscheduled, "no scheduled backup"), (lambda lines, end: end["kept"][0].update(rules=[]), "kept for no rule"),
    (lambda lines, end: end["wrong"].append("x does not hold the list"), "does not hold the list"),
    (lambda lines, end: end["edits"].append(end["edits"][0]), "waited for 999999999 days"),
])
def test_a_day_that_was_not_is_noticed(change: Callable[[list[Doc], Doc], None], fault: str) -> None:
    lines, end = copy.deepcopy(LINES), copy.deepcopy(END)
    change(lines, end)
    assert fault in "; ".join(judging.faults(lines, end))


def test_half_an_hour_with_the_database_away(database: Database[Doc], tmp_path: Path) -> None:
    lines: list[Doc] = []
    playing.play(database, tmp_path, lines.append, begin=script.at(8, 5), until=script.at(8, 36), before=1)
    *lines, end = lines

    assert judging.faults(lines, end) == []
    assert {(channel, phase, kind) for line in lines for channel, phase, kind, _ in judging.told(line)} == {
        (channel, phase, "database") for channel in ("mail", "chat") for phase in ("New", "Over")}
    assert sum("A hole in continuous protection" in words for line in lines for words in line["happened"]) == 1
    assert judging.slowest(lines, end) <= 60
