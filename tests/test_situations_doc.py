"""The table of docs/deployment.md is that of the run beside it: every situation works or says what to do, in time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.situation_parts import judging, report
from scripts.situation_parts.everything import SITUATIONS, play
from scripts.situation_parts.ground import Ended, Ground
from scripts.situation_parts.situation import FAILS, NOT_HERE, SAYS, WORKS, NotHere, Outcome, Situation, well
from tests.doc_pages import block, page, rows

HEAD, LINES = report.read()


def test_every_situation_is_as_it_must_be() -> None:
    assert [line for line in LINES if not well(line)] == []
    assert {line["result"] for line in LINES} <= {WORKS, SAYS, NOT_HERE}
    assert sum(line["result"] == NOT_HERE for line in LINES) < len(LINES) / 8


def test_it_says_what_was_run_and_that_this_was_committed() -> None:
    assert len(HEAD["commit"]) == 40
    assert not HEAD["dirty"] and not any(line.get("dirty") for line in LINES)
    assert f"Commit `{HEAD['commit'][:10]}`, {HEAD['date'][:10]}" in block(page("docs/deployment.md"), "situations run")


def test_every_situation_that_there_is_was_tried() -> None:
    wanted = {(situation.kind, situation.name, situation.wanted) for situation in SITUATIONS}

    assert len(wanted) == len(SITUATIONS) > 50
    assert wanted - {(line["kind"], line["situation"], line["wanted"]) for line in LINES} == set()


def test_the_table_has_every_line() -> None:
    table = rows(block(page("docs/deployment.md"), "situations"), "kind")

    assert [cells[1] for cells in table] == [line["situation"] for line in LINES]
    assert [cells[2] for cells in table] == [line["result"] for line in LINES]


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


@pytest.mark.parametrize(("code", "said", "result"), [
    (0, "Backup created successfully: 0 in Equipment", WORKS), (0, "fine\nTraceback (most recent call last):", FAILS),
    (14, "Database connection failed: nobody there. Start MongoDB at h.", SAYS),
    (14, "Database connection failed.", FAILS),
    (1, "Backup error: unexpected fault (ValueError: x)\nRun again with --debug for details.", FAILS),
    (-9, "", FAILS), (1, "  FAIL  Database: it is gone. Set MONGODB_URI.\n  ok  Folder: fine.", SAYS),
])
def test_a_command_is_judged_by_its_code_and_its_words(code: int, said: str, result: str, ground: Ground) -> None:
    assert judging.judged(Ended(code, said, 1.0), ground).result == result


def test_what_is_slow_broken_or_impossible_is_told_and_the_rest_goes_on() -> None:
    def lacks(_: Ground) -> Outcome:
        raise NotHere("no root")

    def breaks(_: Ground) -> Outcome:
        raise ValueError("x" * 1000)

    told: list[dict[str, object]] = []
    play([Situation("k", "slow", SAYS, lambda _: Outcome(SAYS, "Wait.", 11), 10), Situation("k", "lacks", WORKS, lacks),
          Situation("k", "breaks", WORKS, breaks), Situation("k", "well", WORKS, lambda _: Outcome(WORKS, "ok", 1))],
         told.append)

    assert [line["result"] for line in told] == [FAILS, NOT_HERE, FAILS, WORKS]
    assert [well(line) for line in told] == [False, True, False, True]
    assert "took longer than 10 s" in str(told[0]["message"])
    json.dumps(told)


def test_a_later_run_of_some_says_of_which_commit_it_is(tmp_path: Path) -> None:
    head = {"commit": "a" * 40, "date": "2026-01-01T00:00:00+00:00", "dirty": False, "cores": 2, "system": "x",
            "python": "3.11", "mongodb": "6"}
    line = {"kind": "k", "situation": "one", "wanted": WORKS, "result": FAILS, "message": "", "seconds": 1}
    file = tmp_path / "lines"
    file.write_text("\n".join(map(json.dumps, [head, {**line, "situation": "gone"}, line, {"minutes": 5}])))

    report.renew(file, [head | {"commit": "b" * 40}, {**line, "result": WORKS}, {**line, "situation": "new"}, {}],
                 [("k", "new"), ("k", "one")])

    first, lines = report.read(file)
    assert [(line["situation"], line["result"], line["commit"][0]) for line in lines] == [
        ("new", FAILS, "b"), ("one", WORKS, "b")]
    assert report.run(first, lines).endswith("tried again, or for the first time: 2 at `bbbbbbbbbb`.")


def test_a_message_names_no_folder_of_this_machine(ground: Ground) -> None:
    assert judging.short(f"FAIL  Database: {ground.folder}/data and /tmp/equipment-1/m.sock", ground) == (
        "FOLDER/data and /tmp/…")
