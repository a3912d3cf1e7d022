"""The tables of docs/performance.md name what the bench measures, and what it promises stands there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
OPTIONAL = ("peers.py",)
"""What is measured only where other programs are installed."""
APART = ("list_index.py", "beside.py")
"""What has a table of another form: what numbers are held to beside them, or the longest wait in the name."""
BESIDE = "a page beside"


def alike(name: str) -> str:
    """A name without its numbers, which the bench may put in."""
    return re.sub(r"\d[\d,]*", "#", name)


def documented() -> set[str]:
    """The first cells of the tables that have a ratio."""
    names, inside = set[str](), False
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] in ("work", "promise"):
            inside = True
        elif inside and not cells[0].startswith(("---", BESIDE)):
            names.add(alike(cells[0]))
    return names


def written(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return alike(str(node.value))
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return alike("".join(str(part.value) if isinstance(part, ast.Constant) else "#" for part in parts))


def measured() -> Iterator[tuple[str, bool]]:
    """Every name of a line of the bench, and whether a ratio is promised for it."""
    for file in (ROOT / "scripts" / "bench_parts").glob("*.py"):
        if file.name in APART:
            continue
        assigned: dict[str, str] = {}
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "work":
                assigned["work"] = written(node.value)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Line":
                first = node.args[0]
                name = assigned[first.id] if isinstance(first, ast.Name) else written(first)
                yield name, len(node.args) > 4 and file.name not in OPTIONAL
    bench = ast.parse((ROOT / "scripts" / "bench").read_text("utf-8"))
    for node in ast.walk(bench):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Line":
            yield written(node.args[0]), False


def test_every_promise_of_the_bench_stands_on_the_page() -> None:
    promised = {name for name, is_promise in measured() if is_promise}
    assert len(promised) > 15
    assert promised - documented() == set()


def test_the_page_names_nothing_that_the_bench_does_not_measure() -> None:
    assert documented() - {name for name, _ in measured()} == set()
