"""Tests mirror the code name for name, as docs/architecture.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doc_pages import ROOT

MIRRORS = ("backup_engine", "equipment")
OTHERS = ("nightmares", "server", "browser")
TESTS = sorted(path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py"))


def is_about_something(test: Path, code: Path = ROOT) -> bool:
    """Whether the module or room that a test file is named after exists; ``test`` is its path under ``tests/``."""
    name = test.stem.removeprefix("test_")
    there = {path.stem.strip("_") for path in (code / test.parent).glob("*.py")}
    there |= {path.parent.name for path in (code / test.parent).glob("*/__init__.py")}
    return any(name == module or name.startswith(f"{module}_") for module in there - {"init"})


def test_every_test_is_named_after_a_module_in_its_place() -> None:
    tests = [test for test in TESTS if test.parts[0] in MIRRORS]

    assert len(tests) > 50
    assert [str(test) for test in tests if not is_about_something(test)] == []


def test_there_is_no_other_place_for_tests() -> None:
    assert {test.parts[0] for test in TESTS if len(test.parts) > 1} == {*MIRRORS, *OTHERS}
    assert [str(test) for test in TESTS if test.parts[0] in OTHERS and len(test.parts) > 2] == []


@pytest.mark.parametrize(("test", "there"), [
    ("backup_engine/test_restore.py", True),
    ("backup_engine/test_restore_legacy.py", True),
    ("backup_engine/csv_format/test_writer.py", True),
    ("backup_engine/csv_format/test_pool.py", True),
    ("equipment/test_main.py", True),
    ("backup_engine/test_writer.py", False),
    ("backup_engine/test_restored.py", False),
    ("backup_engine/storage/test_conformance.py", False),
    ("backup_engine/gone/test_writer.py", False),
    ("equipment/test_init.py", False),
])
def test_a_name_without_a_module_is_noticed(test: str, there: bool) -> None:
    assert is_about_something(Path(test)) is there
