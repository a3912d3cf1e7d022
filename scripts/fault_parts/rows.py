"""The rows that are played: each a fault, a verb, a step and who lags, and what plays it.

In an order in which a run that is cut short has some of everything: the controls, then the first row of every group,
then all groups side by side.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from scripts.fault_parts import controls, report
from tests.nightmares import backups_in_elections, elections, exact_verbs, member_clock
from tests.nightmares.elections import Case
from tests.replica_set import ReplicaSet

Doc = dict[str, Any]
ELECTION, URI, CLOCK, CONTROL = "election", "connection string", "clock", "control"


@dataclass(frozen=True)
class Row:
    """What is played. ``play`` takes a whole replica set and an empty folder and gives answer and verdict."""

    kind: str
    case: Case
    play: Callable[[ReplicaSet, Path], tuple[str, str]]
    own_set: bool = False
    """Whether the set is of no use to others afterwards."""

    @property
    def words(self) -> Doc:
        """Kind, fault, verb, step, lag."""
        return {"kind": self.kind, **asdict(self.case)}


def all_rows(library: Path | None) -> list[Row]:
    """Every row in its order; without ``library``, which puts a clock ahead, those of the clock are missing."""
    rows = [Row(ELECTION, case, _election(case)) for case in (*elections.matrix(), *backups_in_elections.matrix())]
    rows += [Row(URI, Case(options, verb, "", "down" if options == exact_verbs.DOWN else "one"), _uri(options, verb))
             for options in (*exact_verbs.OPTIONS, exact_verbs.DOWN, exact_verbs.DIRECT)
             for verb in exact_verbs.VERBS]
    if library is not None:
        rows += [Row(CLOCK, Case(f"{report.CLOCK}{when}", verb, member_clock.STEPS[verb]
                                 if when == member_clock.DURING else "", "none"), _clock(library, verb, when), True)
                 for verb, when in member_clock.CASES]
    tried = [Row(CONTROL, control.case, control.play, control.own_set) for control in controls.controls(library)]
    return [*tried, *in_turns(rows)]


def in_turns(rows: Iterable[Row]) -> list[Row]:
    """Sort rows so that every group (kind, verb and, of elections, the fault) has a part of any beginning."""
    placed: list[tuple[float, Row]] = []
    for (_, _, fault), its in groupby(sorted(rows, key=_group), _group):
        group = list(its)
        # Steps and lags mixed, the same in every run; each fault begins with others.
        random.Random(fault).shuffle(group)
        haste = 1.0 if group[0].kind == ELECTION else 0.4  # a second each: all of them are played in a run cut short
        placed += [(haste * (number + 0.5) / len(group) if number else 0.0, row) for number, row in enumerate(group)]
    return [row for _, row in sorted(placed, key=lambda place: place[0])]


def _group(row: Row) -> tuple[str, str, str]:
    return row.kind, row.case.verb, row.case.fault if row.kind == ELECTION else ""


def _election(case: Case) -> Callable[[ReplicaSet, Path], tuple[str, str]]:
    def play(members: ReplicaSet, folder: Path) -> tuple[str, str]:
        result = elections.run(members, case, folder, backups_in_elections.stage_of(case))
        return result["answer"], result["verdict"]

    return play


def _uri(options: str, verb: str) -> Callable[[ReplicaSet, Path], tuple[str, str]]:
    return lambda members, folder: exact_verbs.with_options(members, options, verb, folder)


def _clock(library: Path, verb: str, when: str) -> Callable[[ReplicaSet, Path], tuple[str, str]]:
    return lambda members, folder: member_clock.run(members, controls.ahead_of(members, library), verb, when, folder)
