"""A copy of the checkout with all mutants in it: each place asks whether it is the one that is to be broken now.

So a place is broken by a word in the environment, which the programs that a test starts inherit, and everything is
imported only once. A place that is come to also leaves a note of the test that runs, when somebody collects them.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scripts.mutant_parts.finding import Mutant

__all__ = ["BROKEN", "NOTES", "copy_of", "mark"]

BROKEN: Final = "MUTANT"
NOTES: Final = "MUTANT_NOTES"
_LEFT_OUT: Final = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", "restore_data_to_db")
_ASKED: Final = '''

def _broken(name):
    import os, sys
    if notes := os.environ.get("MUTANT_NOTES"):
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        if "pytest" not in sys.modules:
            test = test.partition("::")[0]
        seen = _broken.__dict__.setdefault("seen", set())
        if test and (name, test) not in seen:
            seen.add((name, test))
            with open(notes, "a", encoding="utf-8") as file:
                file.write(name + "\\t" + test + "\\n")
    return os.environ.get("MUTANT") == name
'''


def copy_of(root: Path, place: Path) -> Path:
    """Copy the checkout, so that nobody who works in it meets a mutant."""
    shutil.copytree(root, place, ignore=_LEFT_OUT)
    (place / "restore_data_to_db").mkdir()
    return place


def mark(copy: Path, mutants: Sequence[Mutant]) -> None:
    """Put all mutants into the copy; none is on."""
    files = defaultdict[str, list[Mutant]](list)
    for mutant in mutants:
        files[mutant.path].append(mutant)
    for path, its in files.items():
        source = (copy / path).read_bytes()
        marks = [mark for mutant in its for mark in _marks(mutant, source)]
        for at, text in sorted(marks, reverse=True):
            source = source[:at] + text.encode() + source[at:]
        (copy / path).write_bytes(source + _ASKED.encode())


def _marks(mutant: Mutant, source: bytes) -> list[tuple[int, str]]:
    """Texts to put in; one place may lie within another."""
    asked, (start, end) = f"_broken({json.dumps(mutant.name)})", mutant.place
    if mutant.kind == "screen":
        indent = start - source.rfind(b"\n", 0, start) - 1
        return [(start, f"if {asked}: return\n{' ' * indent}")]
    if mutant.kind == "guard":
        return [(start, f'("{mutant.weak}" if {asked} else '), (end, ")")]
    return [(start, f"({asked} != bool("), (end, "))")]
