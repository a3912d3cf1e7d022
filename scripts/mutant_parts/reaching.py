"""Which tests come to a place that is to be broken: one that never comes there cannot notice, and is not asked.

A note names the test that ran; one from a program that a test has started (the app of a browser test) names that test's
file only, because the next tests of the file use the same program.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from scripts.mutant_parts import marking, trying

__all__ = ["function", "note", "read"]

SECONDS = 3600


def note(copy: Path, notes: Path, tests: tuple[str, ...]) -> None:
    """Run the tests in a marked copy and write down which of them come where."""
    notes.touch()
    notes.chmod(0o666)  # some tests start programs as somebody else
    trying.run(tests, copy, {marking.NOTES: str(notes)}, SECONDS, "-n", "2")  # some read the sources, and fail


def read(notes: Path) -> dict[str, list[str]]:
    """Give the tests that came to each mutant's place."""
    found = defaultdict[str, set[str]](set)
    for line in notes.read_text("utf-8").splitlines():
        name, _, test = line.partition("\t")
        found[name].add(function(test))
    return {name: sorted(tests) for name, tests in found.items()}


def function(test: str) -> str:
    """Give the test without its parameters, which may hold anything."""
    return test.partition("[")[0]
