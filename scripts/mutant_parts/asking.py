"""The tests of many mutants in one process: a plugin for pytest that breaks a place, asks its tests and mends it.

A test that fails is run again with nothing broken. Only if it passes then has it noticed something; so neither a test
that fails in any case nor what an earlier one left behind counts.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import pytest
from _pytest.runner import runtestprotocol

from scripts.mutant_parts.marking import BROKEN
from scripts.mutant_parts.reaching import function

PLAN, LINES = "MUTANT_PLAN", "MUTANT_LINES"
_EVERY: Final = "call", "setup"


def pytest_runtestloop(session: pytest.Session) -> bool:
    """Go through the plan; a line for each mutant as soon as it is known."""
    items = defaultdict[str, list[pytest.Item]](list)
    for item in session.items:
        items[function(item.nodeid)].append(item)
        items[item.nodeid.partition("::")[0]].append(item)
    with Path(os.environ[LINES]).open("a", encoding="utf-8") as lines:
        for mutant in json.loads(Path(os.environ[PLAN]).read_text("utf-8")):
            line = _asked(mutant["name"], [items[test] for test in mutant["tests"]])
            print(json.dumps(line, ensure_ascii=False), file=lines, flush=True)
    return True


def _asked(name: str, tests: list[list[pytest.Item]]) -> dict[str, Any]:
    began, asked = time.monotonic(), 0
    for item in (item for test in tests for item in test):
        asked += 1
        if _fails(item, name) and not _fails(item, ""):
            return {"mutant": name, "caught_by": item.nodeid, "asked": asked, "seconds": _since(began)}
    return {"mutant": name, "caught_by": None, "asked": asked, "seconds": _since(began)}


def _fails(item: pytest.Item, name: str) -> bool:
    os.environ[BROKEN] = name
    try:
        # The session as the next item: all that belongs to a module is torn down, the shared database server stays.
        reports = runtestprotocol(item, log=False, nextitem=item.session)  # type: ignore[arg-type]
    finally:
        os.environ[BROKEN] = ""
    return any(report.failed for report in reports if report.when in _EVERY)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 1)
