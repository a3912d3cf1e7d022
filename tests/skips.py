"""A pytest plugin: what is skipped, and that CI skips nothing.

A test file that imports what only ``requirements-dev.txt`` brings is skipped where that is not installed. In CI a
skipped test fails: what it lacked should have been installed by ``.ci/run``.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest

ALLOWED = (
    "mounting a small tmpfs is not allowed here",  # a right that many containers do not have; nothing to install
    "no nginx here",  # a program to be run in front of the app, not part of it
    "no azurite here",  # needs node, and is one server of several that the same tests run on
    "no promtool here",  # comes with Prometheus; the expressions are read by a program of our own as well
    "no C compiler for Linux here",  # not ours to install; the same calls are answered within Python
)
"""First words of the reasons that count in CI as well."""

DEVELOPMENT = Path(__file__).parent.parent / "requirements-dev.txt"
_MISSING = re.compile(r"ModuleNotFoundError: No module named '(\w+)")

Report = TypeVar("Report", pytest.CollectReport, pytest.TestReport)


# tryfirst: pytest's own wrapper expects the reason as it was, so ours is the outer one.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge a test that was skipped."""
    return _judged((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Skip a file that lacks a package for development, and judge a whole file that was skipped."""
    report = yield
    if report.failed and (missing := _MISSING.search(str(report.longrepr))) and _for_development(missing[1]):
        report.outcome = "skipped"
        reason = f"Skipped: no {missing[1]} here: pip install -r {DEVELOPMENT.name}"
        report.longrepr = (report.nodeid, 1, reason)
    return _judged(report)


def _for_development(package: str) -> bool:
    """Tell whether a package is not installed because requirements-dev.txt was not."""
    lines = DEVELOPMENT.read_text("utf-8").splitlines()
    named = {re.split(r"[<>= ;]", line)[0].replace("-", "_") for line in lines if not line.startswith("-")}
    return package in named and importlib.util.find_spec(package) is None


def _judged(report: Report) -> Report:
    if not os.environ.get("CI") or not report.skipped or hasattr(report, "wasxfail"):
        return report
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if not reason.startswith(ALLOWED):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, and CI skips nothing: {reason}"
    return report
