"""Which tests are asked about a file, nearest first: its own, those that import it, its room's, then all screens'."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

__all__ = ["STEPS", "near_to_far"]

STEPS: Final = 5


def near_to_far(path: str, root: Path) -> list[list[str]]:
    """Give the test files in steps; none is in two of them, and a step may be empty."""
    module, tests = Path(path), root / "tests"
    mirror = tests / module.parent
    own = mirror.glob(f"test_{module.stem}*.py")
    dotted = path.removesuffix(".py").replace("/", ".")
    package, _, name = dotted.rpartition(".")
    elsewhere = (test for test in sorted(tests.rglob("test_*.py")) if not test.is_relative_to(tests / "browser"))
    importing = (test for test in elsewhere if _mentions(test, dotted, package, name))
    everywhere = (test for place in ("equipment/ui", "server") for test in (tests / place).rglob("test_*.py"))
    steps = [own, importing, mirror.rglob("test_*.py"), everywhere, (tests / "browser").glob("test_*.py")]
    return _once(steps, root)


def _mentions(test: Path, dotted: str, package: str, name: str) -> bool:
    text = test.read_text("utf-8")
    return dotted in text or any(line.startswith(f"from {package} import ") and name in line.replace(",", " ").split()
                                 for line in text.splitlines())


def _once(steps: Iterable[Iterable[Path]], root: Path) -> list[list[str]]:
    seen, given = set[Path](), list[list[str]]()
    for step in steps:
        new = sorted(set(step) - seen)
        seen.update(new)
        given.append([test.relative_to(root).as_posix() for test in new])
    return given
